import { VALIDATE_BEARER } from '../oauth/grant-types.ts'
import { toSeconds } from '../platform/clock.ts'
import { scopeOf } from '../tokens/claims.ts'
import type { Grant } from './grant.ts'
import { refusal } from './refusals.ts'

/** PingFederate's validation grant: an API asks the token endpoint whether a token is valid, and gets its claims. */
export const validateBearer: Grant<{ readonly token: string }> = {
  grantType: VALIDATE_BEARER,
  permission: 'introspects',
  parse(form) {
    const token = form.get('token')
    if (token === undefined) throw refusal('token_missing')
    return { token }
  },
  targets: () => [],
  async authorize({ client }, { token }, { introspector, at }) {
    const verified = await introspector.introspect(client, token)
    if (verified === undefined) throw refusal('token_not_valid')
    const { claims } = verified
    const body = {
      access_token: claims,
      token_type: 'urn:pingidentity.com:oauth2:validated_token',
      expires_in: claims.exp - toSeconds(at),
      scope: scopeOf(claims),
      client_id: claims.client_id,
    }
    return { kind: 'answer', body }
  },
}
