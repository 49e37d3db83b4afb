import * as openid from 'openid-client'
import { ADMIN_AUDIENCE } from '../management/authority/admin-api.ts'
import { withoutUndefined } from '../management/schemas/values.ts'
import { systemClock } from '../platform/clock.ts'
import { connect, prepareAddress } from './connect.ts'
import type { ClientOptions, KeptToken } from './remote/profile.ts'
import { explainTokenFailure } from './token-failure.ts'

/** Seconds for which a token without `expires_in` is used (RFC 6749 §5.1 only recommends the member). */
const UNSAID_LIFETIME = 60

/** Gets a token for the admin API, with a client's credentials. @throws UserError, NotAllowed if the server refuses */
export async function clientToken(options: ClientOptions): Promise<KeptToken> {
  try {
    const { config } = await connect(prepareAddress(options), withoutUndefined(options))
    const { access_token: value, expires_in: seconds = UNSAID_LIFETIME } = await openid.clientCredentialsGrant(config, {
      resource: ADMIN_AUDIENCE,
    })
    return { value, expires: new Date(systemClock.now() + seconds * 1000).toISOString() }
  } catch (error) {
    throw await explainTokenFailure(error, options.issuer)
  }
}
