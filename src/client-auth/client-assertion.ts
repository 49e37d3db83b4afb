import type { CompactJws } from '../crypto/jws/compact.ts'
import { received } from '../crypto/jws/received.ts'
import type { Client } from '../model/client.ts'
import type { ClientId } from '../oauth/ids.ts'
import { type AssertionClaims, checkAssertion } from './assertions/claims.ts'
import type { Authenticator } from './method.ts'
import { refusal } from './refusals.ts'

/**
 * Checks what an assertion of a client's own says (RFC 7523 §3), before its signature.
 * @param client undefined where there is none
 * @param decoy the work of checking a signature: what is accepted depends on the client, and time must not tell that
 * @throws Refusal `assertion_…`
 */
export function checkClaims(
  { assertions: { issuer, tokenEndpoint, maxLifetime, audienceForm }, clock }: Authenticator,
  client: Client | undefined,
  jws: CompactJws,
  decoy: () => void,
): AssertionClaims {
  const isCompatible = client?.authentication.assertion_audience === 'compatible'
  try {
    return checkAssertion(jws, { issuer, tokenEndpoint, isCompatible, audienceForm, maxLifetime, now: clock.now() })
  } catch (error) {
    decoy()
    throw error
  }
}

/**
 * Uses an assertion up (RFC 7523 §3, item 7): of all who present it, one is the first.
 * @throws Refusal `assertion_replayed`; `storage_unavailable` where nobody can know
 */
export async function useUp(
  { marks }: Authenticator,
  clientId: ClientId,
  { jti, expiresAt }: AssertionClaims,
): Promise<void> {
  if (await marks.first(`assertion ${clientId}`, jti, expiresAt)) return
  throw refusal('assertion_replayed', { detail: { jti: received(jti) } })
}
