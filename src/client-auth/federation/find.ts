import { show } from '../../conditions/claims.ts'
import type { FederatedTrust } from '../../model/credentials/federated-trust.ts'
import { OAuthError } from '../../oauth/error.ts'
import { cut } from '../../platform/text.ts'
import { type Check, explainMatch, type OutsideToken, presentedIssuers, type Verdict } from './match.ts'

/** Of a client's credentials, those that came closest; of each, the checks that failed first. */
const MOST_EXPLAINED = 5

/** A credential as the administrator knows it. */
interface Labelled extends FederatedTrust {
  readonly label?: string | undefined
}

/**
 * The credential that a token is, among those of a client with whose keys its signature was verified.
 * @param now milliseconds since the epoch
 * @throws OAuthError `federated_issuer_unknown`, `federated_expired` (where age is all that is wrong) or `federated_no_match`
 */
export function findMatch<Credential extends Labelled>(
  credentials: readonly Credential[],
  token: OutsideToken,
  { now }: { readonly now: number },
): Credential {
  const failures: { readonly credential: Credential; readonly failed: readonly Check[] }[] = []
  for (const credential of credentials) {
    const verdict: Verdict = explainMatch(credential, token, { now })
    if (verdict.matched) return credential
    failures.push({ credential, failed: verdict.checks.filter(({ passed }) => !passed) })
  }
  const ofIssuer = failures.filter(({ failed }) => failed.every(({ check }) => check !== 'issuer'))
  if (ofIssuer.length === 0) {
    const issuers = [...new Set(credentials.map(({ issuer }) => cut(issuer)))]
    const detail = { issuers: presentedIssuers(token.claims).map(show), expected: issuers.slice(0, MOST_EXPLAINED) }
    throw new OAuthError('federated_issuer_unknown', { detail })
  }
  const closest = ofIssuer.toSorted((one, other) => one.failed.length - other.failed.length).slice(0, MOST_EXPLAINED)
  const isOld = closest.some(({ failed }) => failed.every(({ check }) => check === 'expiry' || check === 'max_age'))
  throw new OAuthError(isOld ? 'federated_expired' : 'federated_no_match', {
    detail: {
      credentials: closest.map(({ credential: { label, issuer }, failed }) => ({
        ...(label !== undefined && { label }),
        issuer: cut(issuer),
        failed: failed.slice(0, MOST_EXPLAINED),
      })),
    },
  })
}
