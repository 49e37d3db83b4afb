import { type OutsideClaims, OutsideToken } from '../conditions/claims.ts'
import type { Client } from '../model/client.ts'
import { type FederatedCredential, isValid } from '../model/credentials/credential.ts'
import type { Directory } from '../model/directory/directory.ts'
import { RecordUnreadable } from '../model/directory/record-unreadable.ts'
import type { ClientId } from '../oauth/ids.ts'
import type { Refusal } from '../oauth/refusal.ts'
import { findMatch } from './federation/find.ts'
import { explainMatch, type MatchContext } from './federation/match.ts'
import { refusal as federationRefusal } from './federation/refusals.ts'
import { refusal } from './refusals.ts'

/** A credential for the issuer of the token, and the client that has it. */
export interface Candidate {
  readonly client: Client
  readonly credential: FederatedCredential
}

/**
 * The client that the request names; without a name, all clients that trust the issuer of the token. If one of them
 * can't be read, `unreadable` is the error for it.
 */
export async function possibleClients(
  directory: Pick<Directory, 'client' | 'clientsTrusting'>,
  clientId: ClientId | undefined,
  issuers: readonly string[],
): Promise<{ readonly clients: readonly Client[]; readonly unreadable: RecordUnreadable | undefined }> {
  const ids =
    clientId === undefined
      ? (await Promise.all(issuers.map((issuer) => directory.clientsTrusting(issuer)))).flat()
      : [clientId]
  let unreadable: RecordUnreadable | undefined
  const load = async (id: ClientId): Promise<Client | undefined> => {
    try {
      return await directory.client(id)
    } catch (error) {
      if (!(error instanceof RecordUnreadable)) throw error
      unreadable = error
      return undefined
    }
  }
  const clients = (await Promise.all(ids.map(load))).filter((client) => client !== undefined)
  if (unreadable !== undefined && clientId !== undefined) throw unreadable
  return { clients, unreadable }
}

/** The credentials of these clients that are for one of these issuers. */
export const candidatesAmong = (clients: readonly Client[], issuers: readonly string[]): readonly Candidate[] =>
  clients.flatMap((client) =>
    client.credentials.federated
      .filter(({ trust }) => issuers.includes(trust.issuer))
      .map((credential) => ({ client, credential })),
  )

/** The refusal of a token whose issuer none of these clients trusts. */
export function unknownIssuer(clients: readonly Client[], issuers: readonly string[]): Refusal {
  const expected = clients.flatMap(({ credentials }) => credentials.federated.map(({ trust }) => trust.issuer))
  const detail = { issuers: issuers.map((issuer) => issuer.slice(0, 256)), expected: expected.slice(0, 5) }
  return federationRefusal('federated_issuer_unknown', { detail })
}

/**
 * The candidate whose conditions the token meets; a usable one, if there is one.
 * @throws Refusal if none matches; `federated_ambiguous` if those of several clients do
 */
export function chooseCandidate(
  candidates: readonly Candidate[],
  claims: OutsideClaims,
  context: MatchContext,
): Candidate {
  const token = new OutsideToken(claims)
  const isUsable = ({ client, credential }: Candidate) => client.enabled && isValid(credential, context.now)
  const inOrder = candidates.toSorted((one, other) => Number(isUsable(other)) - Number(isUsable(one)))
  const labelled = inOrder.map((candidate) => ({
    ...candidate.credential.trust,
    label: candidate.credential.label || candidate.credential.id,
    candidate,
  }))
  const { candidate } = findMatch(labelled, token, context)
  const others = labelled.filter((other) => other.candidate.client.id !== candidate.client.id)
  const rival = others.find((other) => isUsable(other.candidate) && explainMatch(other, token, context).matched)
  if (rival === undefined) return candidate
  const clients = [candidate.client.id, rival.candidate.client.id]
  throw refusal('federated_ambiguous', { detail: { clients } })
}
