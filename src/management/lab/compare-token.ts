import { type Check, explainMatch } from '../../client-auth/federation/match.ts'
import { type IssuersKeys, isSignedByIssuer } from '../../client-auth/issuer-keys.ts'
import { OutsideToken } from '../../conditions/claims.ts'
import type { Conditions } from '../../conditions/conditions.ts'
import type { CompactJws } from '../../crypto/jws/compact.ts'
import type { Tries } from '../../crypto/jws/verify.ts'
import { type FederatedCredential, isValid } from '../../model/credentials/credential.ts'
import { Refusal } from '../../oauth/refusal.ts'

/** The result of comparing a token with a federated credential. */
export interface Comparison {
  /** Its label; its id if it has none. */
  readonly credential: string
  readonly issuer: string
  /** The reason why the credential accepts no token any more; undefined while it is valid. */
  readonly ended: 'revoked' | 'expired' | undefined
  readonly matched: boolean
  /** Undefined if the token has another issuer, whose keys this credential does not trust. */
  readonly signature: string | undefined
  readonly checks: readonly Check[]
}

interface ComparingContext {
  readonly keys: IssuersKeys
  readonly conditions: Conditions
  /** Milliseconds. */
  readonly now: number
  /** All tries with this token, for any credential. */
  readonly tries: Tries
  /** Ends the wait for keys; without it, each fetch has its own limit. */
  readonly patience?: Promise<void>
}

/**
 * Compares a token with a credential, claim by claim. Keys are fetched for the credentials of the issuer that the token names alone, as
 * at the token endpoint.
 */
export async function compareToken(
  { id, label, trust, ...life }: FederatedCredential,
  jws: CompactJws,
  context: ComparingContext,
): Promise<Comparison> {
  const { conditions, now } = context
  const { matched, checks } = explainMatch(trust, new OutsideToken(jws.claims), { now, conditions })
  const isIssuer = checks.some(({ check, passed }) => check === 'issuer' && passed)
  const signature = isIssuer ? await signatureOf(trust, jws, context) : undefined
  const ended = endOf({ id, label, ...life }, now)
  const isMatch = matched && signature === 'good' && ended === undefined
  return { credential: label || id, issuer: trust.issuer, ended, matched: isMatch, signature, checks }
}

function endOf(life: Parameters<typeof isValid>[0], now: number): Comparison['ended'] {
  if (life.revokedAt !== undefined) return 'revoked'
  return isValid(life, now) ? undefined : 'expired'
}

async function signatureOf(
  trust: FederatedCredential['trust'],
  jws: CompactJws,
  { keys, tries, patience }: ComparingContext,
): Promise<string> {
  const { alg } = jws.header
  if (trust.algorithms !== undefined && !trust.algorithms.includes(alg)) return `alg ${alg} is not allowed`
  try {
    return (await isSignedByIssuer(jws, trust, keys, tries, patience)) ? 'good' : 'no key of the issuer verifies it'
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return `the keys of the issuer could not be fetched: ${String(error.detail['message'] ?? error.reason)}`
  }
}
