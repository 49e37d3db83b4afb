import { type OutsideToken, show } from '../../conditions/claims.ts'
import type { FederatedTrust } from '../../model/credentials/federated-trust.ts'
import { cut } from '../../platform/text.ts'
import { type Check, explainMatch, type MatchContext, presentedIssuers, type Verdict } from './match.ts'
import { refusal } from './refusals.ts'

/** The most credentials in an explanation, the closest first, and the most failed checks of each. */
const MOST_EXPLAINED = 5

/** A credential with its label, by which the administrator knows it. */
interface Labelled extends FederatedTrust {
  readonly label?: string | undefined
}

/**
 * Finds the credential that a token matches, among those of a client whose keys verified its signature.
 * @throws Refusal `federated_issuer_unknown`, `federated_expired` (if only the age is wrong) or `federated_no_match`
 */
export function findMatch<Credential extends Labelled>(
  credentials: readonly Credential[],
  token: OutsideToken,
  context: MatchContext,
): Credential {
  const failures: { readonly credential: Credential; readonly failed: readonly Check[] }[] = []
  for (const credential of credentials) {
    const verdict: Verdict = explainMatch(credential, token, context)
    if (verdict.matched) return credential
    failures.push({ credential, failed: verdict.checks.filter(({ passed }) => !passed) })
  }
  const ofIssuer = failures.filter(({ failed }) => failed.every(({ check }) => check !== 'issuer'))
  if (ofIssuer.length === 0) {
    const issuers = [...new Set(credentials.map(({ issuer }) => cut(issuer)))]
    const detail = { issuers: presentedIssuers(token.claims).map(show), expected: issuers.slice(0, MOST_EXPLAINED) }
    throw refusal('federated_issuer_unknown', { detail })
  }
  const closest = ofIssuer.toSorted((one, other) => one.failed.length - other.failed.length).slice(0, MOST_EXPLAINED)
  const isOld = closest.some(({ failed }) => failed.every(({ check }) => check === 'expiry' || check === 'max_age'))
  throw refusal(isOld ? 'federated_expired' : 'federated_no_match', {
    detail: {
      credentials: closest.map(({ credential: { label, issuer }, failed }) => ({
        ...(label !== undefined && { label }),
        issuer: cut(issuer),
        failed: failed.slice(0, MOST_EXPLAINED),
      })),
    },
  })
}
