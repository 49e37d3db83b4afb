import type { CompactJws } from '../crypto/jws/compact.ts'
import { decoyVerify, Tries } from '../crypto/jws/verify.ts'
import { expectedRefusal } from '../http/respond.ts'
import type { Client } from '../model/client.ts'
import { ClientId, LONGEST_CLIENT_ID } from '../oauth/ids.ts'
import { checkClaims } from './client-assertion.ts'
import type { Attempt, ClientAuthContext, VerifiedCredential } from './context.ts'
import { type Candidate, candidatesAmong, chooseCandidate, possibleClients, unknownIssuer } from './federated-claims.ts'
import { presentedIssuers } from './federation/match.ts'
import { isSignedByIssuer } from './issuer-keys.ts'
import type { PresentedFederatedToken } from './presented.ts'
import { refusal } from './refusals.ts'

/**
 * Verifies a token of an outside issuer that the client trusts, such as a CI system or a cluster (RFC 7523 §3, but the
 * issuer is not the client). Clients reuse such tokens until they expire, so the token is not marked as used.
 * @throws Refusal if it proves nothing
 */
export async function verifyFederatedJwt(
  context: ClientAuthContext,
  { clientId, jws }: PresentedFederatedToken,
  attempt: Attempt,
): Promise<VerifiedCredential> {
  const issuers = presentedIssuers(jws.claims)
  const { clients, unreadable } = await possibleClients(context.directory, clientId, issuers)
  try {
    return await verifyAmong(context, { ...attempt, clients, clientId, jws, issuers })
  } catch (error) {
    // The token may belong to the unreadable client, so no other refusal would be right.
    throw unreadable ?? error
  }
}

interface FederatedAttempt extends Attempt {
  readonly clients: readonly Client[]
  readonly clientId: ClientId | undefined
  readonly jws: CompactJws
  readonly issuers: readonly string[]
}

async function verifyAmong(
  context: ClientAuthContext,
  { clients, clientId, jws, issuers, patience, at }: FederatedAttempt,
): Promise<VerifiedCredential> {
  const candidates = candidatesAmong(clients, issuers)
  if (candidates.length === 0) {
    decoyVerify(jws)
    if (clientId !== undefined && clients.length === 0) throw refusal('unknown_client')
    await refuseOwn(context, clientId, jws, at)
    throw unknownIssuer(clients, issuers)
  }
  try {
    const verified = await verifiedBy(context, candidates, jws, patience)
    return chooseCandidate(verified, jws.claims, { conditions: context.conditions, now: at })
  } catch (error) {
    // If only one client could have sent the token, the audit event names it, so that a search by client finds the
    // event.
    const [one, ...others] = new Set(candidates.map(({ client }) => client.id))
    throw (others.length === 0 ? expectedRefusal(error)?.with({ client_id: one }) : undefined) ?? error
  }
}

/**
 * Refuses an assertion that a client signed itself. Unless `iss` and `sub` both name the client, it looks like a token
 * of an outside issuer. The refusal should name its real fault, not an unknown issuer.
 * @throws Refusal `assertion_…` if the request or the token names a client that has keys and trusts no issuer
 */
async function refuseOwn(
  context: ClientAuthContext,
  clientId: ClientId | undefined,
  jws: CompactJws,
  now: number,
): Promise<void> {
  for (const id of [clientId, jws.claims['iss'], jws.claims['sub']]) {
    if (typeof id !== 'string' || id.length > LONGEST_CLIENT_ID) continue
    const client = await context.directory.client(ClientId(id))
    if (client === undefined || client.credentials.keys.length === 0 || client.credentials.federated.length > 0)
      continue
    try {
      checkClaims(context, client, jws, () => {}, now)
    } catch (error) {
      throw expectedRefusal(error)?.with({ client_id: client.id }) ?? error
    }
  }
}

/**
 * The candidates whose keys signed the token. If the keys of one can't be fetched, the others are still checked, since
 * one client's registration must not affect another client.
 * @throws Refusal if no keys signed it
 */
async function verifiedBy(
  { issuerKeys: published, registeredKeys: registered }: ClientAuthContext,
  candidates: readonly Candidate[],
  jws: CompactJws,
  patience: Promise<void>,
): Promise<readonly Candidate[]> {
  const tries = new Tries()
  const outcomes = new Map<string, Promise<boolean>>()
  const verified: Candidate[] = []
  let unavailable: unknown
  for (const candidate of candidates) {
    const { id, trust } = candidate.credential
    if (trust.algorithms !== undefined && !trust.algorithms.includes(jws.header.alg)) continue
    const source = trust.jwks === undefined ? `${trust.issuer} ${trust.jwksUri ?? ''}` : id
    const outcome = outcomes.get(source) ?? isSignedByIssuer(jws, trust, { published, registered }, tries, patience)
    outcomes.set(source, outcome)
    try {
      if (await outcome) verified.push(candidate)
    } catch (error) {
      unavailable ??= error
    }
  }
  if (verified.length > 0) return verified
  if (unavailable !== undefined) throw unavailable
  const { alg, kid } = jws.header
  throw refusal('federated_signature', { detail: { alg, kid: kid?.slice(0, 256) } })
}
