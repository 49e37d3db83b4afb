import { expectedRefusal } from '../../http/respond.ts'
import type { Api } from '../../model/api.ts'
import type { Client } from '../../model/client.ts'
import type { ClientId, KeyId } from '../../oauth/ids.ts'
import type { Refusal } from '../../oauth/refusal.ts'
import { AccessDecisions } from '../../policy/entitlement.ts'
import { presetWarnings } from '../../tokens/presets.ts'
import { TokenProfiles } from '../../tokens/profile.ts'
import { loadApis, showApi } from '../apis/show.ts'
import { showClient } from '../clients/show.ts'
import type { ManagementContext } from '../context.ts'
import { spanInWords } from '../explanations/advice/case.ts'
import { tokenOf, type UnsignedToken } from '../manifest/tests/request.ts'
import { requireReadable } from './readable.ts'

/** A token as it would be issued now. */
interface SampleToken {
  /** The token without its signature; undefined if the request would be refused. */
  readonly token: UnsignedToken | undefined
  /** The `kid` of the key that would sign; undefined if there is none, or for a sealed token. */
  readonly kid: KeyId | undefined
  readonly refusal: Refusal | undefined
  readonly warnings: readonly string[]
}

interface SampleContext extends ManagementContext {
  readonly issuer: string
  /** Seconds. */
  readonly defaultLifetime: number
}

interface Asked {
  readonly audience: string
  readonly client: ClientId
  /** Undefined if the request names none. */
  readonly scope: readonly string[] | undefined
}

/** Seconds. APIs that verify tokens themselves learn of no revocation, so a stolen token is good until it expires. */
const LONG_LIFE = 24 * 3600

/**
 * Shows the token that a client would get for an API, as the token endpoint would decide now. A proof of possession that the client or
 * the API requires is taken as given.
 * @throws NotAllowed; NotFound if there is no such API or client; Conflict if a record can't be read
 */
export async function sampleToken(
  context: SampleContext,
  { audience, client: id, scope }: Asked,
): Promise<SampleToken> {
  const api = requireReadable<Api>(await showApi(context, audience))
  const client = requireReadable<Client>(await showClient(context, id))
  const rules = {
    accessDecisions: new AccessDecisions(),
    issuer: { url: context.issuer, defaultLifetime: context.defaultLifetime, profiles: new TokenProfiles() },
    now: context.clock.now(),
  }
  const required = [client.require, api.require]
  // A certificate satisfies `sender_constrained` as well.
  const certificate = required.includes('certificate_bound')
  const dpop = required.includes('dpop') || (required.includes('sender_constrained') && !certificate)
  const proofs = { dpop, certificate }
  try {
    const token = tokenOf(rules, client, { scope, targets: [api.audience] }, await loadApis(context), proofs)
    const kid = await signerOf(context, token)
    return { token, kid, refusal: undefined, warnings: warningsOf(token, api.token.preset, kid) }
  } catch (error) {
    const refusal = expectedRefusal(error)
    if (refusal === undefined) throw error
    return { token: undefined, kid: undefined, refusal, warnings: [] }
  }
}

async function signerOf({ store }: SampleContext, { profile }: UnsignedToken): Promise<KeyId | undefined> {
  if (profile.format === 'sealed') return undefined
  const { found } = await store.keys.listKeys()
  return found.find(({ state, algorithm }) => state === 'active' && algorithm === profile.algorithm)?.kid
}

function warningsOf(
  { profile, lifetime, binding }: UnsignedToken,
  preset: string | undefined,
  kid: KeyId | undefined,
): readonly string[] {
  const { format, algorithm } = profile
  return [
    ...presetWarnings(preset, profile),
    ...(format === 'sealed' ? ['the token is sealed: the API must introspect it, and no JWT library can read it'] : []),
    ...(format === 'jwt' && kid === undefined
      ? [`no ${algorithm} key signs yet: requests are refused until one is published and active`]
      : []),
    ...(lifetime > LONG_LIFE && binding === undefined
      ? [
          `it lives ${spanInWords(lifetime)} and is bound to no key: an API that verifies it itself accepts a stolen one until then`,
        ]
      : []),
  ]
}
