import {
  candidatesAmong,
  chooseCandidate,
  possibleClients,
  unknownIssuer,
} from '../../../client-auth/federated-claims.ts'
import { presentedIssuers } from '../../../client-auth/federation/match.ts'
import { refuseDisabled, refuseUnfit } from '../../../client-auth/fit.ts'
import type { OutsideClaims } from '../../../conditions/claims.ts'
import type { Conditions } from '../../../conditions/conditions.ts'
import { clientCredentials } from '../../../grants/client-credentials.ts'
import { requirePermitted } from '../../../grants/permitted.ts'
import { expectedRefusal } from '../../../http/respond.ts'
import type { Client } from '../../../model/client.ts'
import type { FederatedCredential } from '../../../model/credentials/credential.ts'
import { ClientId, Jti } from '../../../oauth/ids.ts'
import type { Refusal } from '../../../oauth/refusal.ts'
import { toSeconds } from '../../../platform/clock.ts'
import type { AccessDecisions } from '../../../policy/entitlement.ts'
import type { Binding, Confirmation } from '../../../sender-constraint/verify-proof.ts'
import { type AccessTokenClaims, buildClaims } from '../../../tokens/claims.ts'
import { type DecidedToken, decideToken } from '../../../tokens/decide.ts'
import { lengthOf, refuseLong } from '../../../tokens/length.ts'
import type { TokenProfiles } from '../../../tokens/profile.ts'
import type { ManifestTest } from '../reading/test-schema.ts'
import type { TestedState } from './state.ts'

/** The rules of the server besides its APIs and clients. */
export interface ServerRules {
  readonly accessDecisions: AccessDecisions
  readonly conditions: Conditions
  readonly issuer: {
    /** The `iss` of its tokens. */
    readonly url: string
    /** Seconds. */
    readonly defaultLifetime: number
    readonly profiles: TokenProfiles
  }
  /** The time of every request. Milliseconds. */
  readonly now: number
}

/** A token that was decided on, with its claims. */
export interface UnsignedToken extends DecidedToken {
  readonly claims: AccessTokenClaims
}

/** The answer that the request of a test would get. */
export interface Answer {
  /** The client and the credential that the token of an outside issuer proves; undefined without such a token. */
  readonly matched?: Match | undefined
  readonly token?: UnsignedToken
  readonly refusal?: Refusal
}

interface Match {
  readonly client: Client
  readonly credential: FederatedCredential
}

/**
 * Answers the request of a test as the token endpoint would. The credentials of the request are taken as proven: the signature of an
 * outside token, a proof of possession, and the secret or key of the client.
 */
export async function answerTest(test: ManifestTest, state: TestedState, rules: ServerRules): Promise<Answer> {
  let matched: Match | undefined
  try {
    matched = test.token && (await authenticate(test.token, test.client, state, rules))
    const client =
      matched?.client ?? (test.client === undefined ? undefined : await state.clients.client(ClientId(test.client)))
    if (client === undefined) throw new Error('the names of the test were not checked')
    if (matched === undefined) refuseDisabled(client)
    requirePermitted(client, clientCredentials)
    const requested = { scope: test.scope, targets: test.resource }
    return { matched, token: tokenOf(rules, client, requested, state.apis, test) }
  } catch (error) {
    const refusal = expectedRefusal(error)
    if (refusal === undefined) throw error
    return { matched, refusal }
  }
}

/**
 * The token that a client would get now. Its id, and the key that it is bound to, are placeholders.
 * @throws Refusal; RecordUnreadable
 */
export function tokenOf(
  rules: Pick<ServerRules, 'accessDecisions' | 'issuer' | 'now'>,
  ...[client, requested, apis, proofs]: Parameters<typeof decideToken> extends [unknown, ...infer Rest] ? Rest : never
): UnsignedToken {
  const decided = decideToken(rules, client, requested, apis, proofs)
  const issuance = { iss: rules.issuer.url, iat: toSeconds(rules.now), jti: TEST, cnf: confirmationOf(decided.binding) }
  const claims = buildClaims(decided.entitlement, decided.profile, decided.lifetime, issuance)
  refuseLong(lengthOf(decided.profile, claims))
  return { ...decided, claims }
}

/** @throws Refusal if the token authenticates nobody; RecordUnreadable */
async function authenticate(
  token: OutsideClaims,
  client: string | undefined,
  { clients: directory }: TestedState,
  { conditions, now }: ServerRules,
): Promise<Match> {
  const claims = currentClaims(token, now)
  const issuers = presentedIssuers(claims)
  const { clients, unreadable } = await possibleClients(
    directory,
    client === undefined ? undefined : ClientId(client),
    issuers,
  )
  try {
    const candidates = candidatesAmong(clients, issuers)
    if (candidates.length === 0) throw unknownIssuer(clients, issuers)
    const match = chooseCandidate(candidates, claims, { conditions, now })
    refuseUnfit(match, 'federated_jwt', { takesSample: false }, now)
    return match
  } catch (error) {
    throw unreadable ?? error
  }
}

/** Seconds for which the token of a test is valid, unless the test says when it expires. */
const TOKEN_LIFE = 300

/** The claims of an outside token that was issued just now. A date in a file would soon be over. */
export const currentClaims = (token: OutsideClaims, now: number): OutsideClaims => ({
  iat: toSeconds(now),
  exp: toSeconds(now) + TOKEN_LIFE,
  ...token,
})

const TEST = Jti('00000000-0000-7000-8000-000000000000')
/** As long as a thumbprint. */
const THUMBPRINT = 'A'.repeat(43)

const confirmationOf = (binding: Binding | undefined): Confirmation | undefined => {
  if (binding === undefined) return undefined
  return binding === 'dpop' ? { jkt: THUMBPRINT } : { 'x5t#S256': THUMBPRINT }
}
