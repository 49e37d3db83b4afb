import { setTimeout as sleep } from 'node:timers/promises'
import { describeAssertion, parseAssertion } from '../../client-auth/assertions/parse.ts'
import type { ClientAuthContext } from '../../client-auth/context.ts'
import { candidatesAmong, unknownIssuer } from '../../client-auth/federated-claims.ts'
import { verifyFederatedJwt } from '../../client-auth/federated-jwt.ts'
import { presentedIssuers } from '../../client-auth/federation/match.ts'
import { refuseUnfit } from '../../client-auth/fit.ts'
import type { CompactJws } from '../../crypto/jws/compact.ts'
import { Tries } from '../../crypto/jws/verify.ts'
import { expectedRefusal } from '../../http/respond.ts'
import type { Client } from '../../model/client.ts'
import { MOST_TRUSTING } from '../../model/directory/directory.ts'
import type { ClientId } from '../../oauth/ids.ts'
import { Refusal } from '../../oauth/refusal.ts'
import { FieldError } from '../../platform/user-error.ts'
import { requireEverywhere } from '../authority/authority.ts'
import { showClient } from '../clients/show.ts'
import type { ManagementContext } from '../context.ts'
import { type Comparison, compareToken } from './compare-token.ts'
import { requireReadable } from './readable.ts'

/** The credentials that are compared with a token, those of one client or of all that trust its issuer. */
const MOST_COMPARED = 100

/** Fetching the keys of all issuers ends by then. Milliseconds. */
const LONGEST_TRIAL_MS = 10_000

/** The result of a token of an outside issuer, as the token endpoint would decide. */
interface MatchedToken {
  readonly jws: Pick<CompactJws, 'header' | 'claims'>
  /** The client and the credential that the token proves; undefined if it proves none. */
  readonly match: { readonly client: ClientId; readonly credential: string } | undefined
  readonly refusal: Refusal | undefined
  /** The credentials and how the token differs from each, the closest first. */
  readonly comparisons: readonly (Comparison & { readonly client: ClientId })[]
  /** Whether there are more credentials than those compared. */
  readonly isMore: boolean
}

interface MatchingContext extends ManagementContext {
  readonly clientAuth: ClientAuthContext
}

/**
 * Tries a token of an outside issuer out: it authenticates nobody, and nothing is recorded. Only the keys are fetched that the token
 * endpoint would fetch for the same token.
 * @param client the client that the request would name; undefined takes the permission over all clients
 * @throws NotAllowed; NotFound; FieldError if the text is no JWT
 */
export async function matchToken(
  context: MatchingContext,
  { client: named, token }: { readonly client: ClientId | undefined; readonly token: string },
): Promise<MatchedToken> {
  const { clientAuth, clock } = context
  if (named === undefined) requireEverywhere(context.authority, 'clients:read')
  const jws = parse(token)
  const clients =
    named === undefined ? await trusting(context, jws) : [requireReadable<Client>(await showClient(context, named))]
  const credentials = clients.flatMap((client) =>
    client.credentials.federated.map((credential) => ({ client: client.id, credential })),
  )
  const now = clock.now()
  const { issuerKeys: published, registeredKeys: registered, conditions } = clientAuth
  const limit = new AbortController()
  const patience = sleep(LONGEST_TRIAL_MS, undefined, { signal: limit.signal }).catch(() => {})
  let isOver = false
  void patience.then(() => {
    isOver = true
  })
  const comparing = { keys: { published, registered }, conditions, now, tries: new Tries(), patience }
  const comparisons: (Comparison & { readonly client: ClientId })[] = []
  try {
    // The decision comes first, since it must not suffer from the comparisons.
    const decided = await decide(clientAuth, named, clients, jws, { at: now, patience })
    for (const { client, credential } of credentials.slice(0, MOST_COMPARED)) {
      if (isOver) break
      comparisons.push({ client, ...(await compareToken(credential, jws, comparing)) })
    }
    return {
      jws,
      ...decided,
      comparisons: comparisons.toSorted((one, other) => distanceOf(one) - distanceOf(other)),
      isMore: credentials.length > comparisons.length,
    }
  } finally {
    limit.abort()
  }
}

/** Another issuer is further away than any number of wrong claims. */
const distanceOf = ({ checks, signature, ended, matched }: Comparison): number =>
  matched
    ? -1
    : checks.filter(({ passed }) => !passed).length +
      (signature === undefined ? 1_000 : signature === 'good' ? 0 : 1) +
      (ended === undefined ? 0 : 1)

/** Decides as the token endpoint does. */
async function decide(
  clientAuth: ClientAuthContext,
  clientId: ClientId | undefined,
  clients: readonly Client[],
  jws: CompactJws,
  { at, patience }: { readonly at: number; readonly patience: Promise<void> },
): Promise<Pick<MatchedToken, 'match' | 'refusal'>> {
  try {
    const issuers = presentedIssuers(jws.claims)
    // The author may see the named client alone, so no other is looked at.
    if (clientId !== undefined && candidatesAmong(clients, issuers).length === 0) throw unknownIssuer(clients, issuers)
    const presented = { kind: 'federated', method: 'federated_jwt', clientId, jws } as const
    const verified = await verifyFederatedJwt(clientAuth, presented, { remoteAddress: '', at, patience })
    refuseUnfit(verified, 'federated_jwt', clientAuth, at)
    const { client, credential } = verified
    return { match: { client: client.id, credential: credential.label || credential.id }, refusal: undefined }
  } catch (error) {
    const refusal = expectedRefusal(error)
    if (refusal === undefined) throw error
    return { match: undefined, refusal }
  }
}

/** The clients that trust an issuer of the token. A client whose record can't be read is left to the decision. */
async function trusting({ store }: MatchingContext, { claims }: CompactJws): Promise<readonly Client[]> {
  const ids = new Set<ClientId>()
  for (const issuer of presentedIssuers(claims))
    for (const id of await store.directory.clientsTrusting(issuer, MOST_TRUSTING)) ids.add(id)
  const clients = await Promise.all([...ids].map((id) => store.directory.loadClient(id)))
  return clients.filter((client): client is Client => client !== undefined && !('problem' in client))
}

/** @throws FieldError that says why the text is no token of an outside issuer */
function parse(token: string): CompactJws {
  try {
    const jws = parseAssertion(token)
    if (describeAssertion(jws).kind === 'foreign') return jws
    throw new FieldError(['token'], 'is an assertion that a client signs itself: try it with POST /lab/token-requests')
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    throw new FieldError(['token'], `is no signed JWT: ${JSON.stringify(error.detail)}`)
  }
}
