import { isSymmetric } from '../../crypto/jws/algorithms.ts'
import { type CompactJws, JwsError, parseCompact } from '../../crypto/jws/compact.ts'
import { refusal } from './refusals.ts'

/** The unverified claims of an assertion that are needed to find the credentials for its verification. */
export interface AssertionDescription {
  /**
   * `symmetric`: a MAC with the client's secret. `own`: signed by the client with its own key, so `iss` equals `sub`.
   * `foreign`: signed by an outside issuer.
   */
  readonly kind: 'symmetric' | 'own' | 'foreign'
  readonly iss: string | undefined
  readonly sub: string | undefined
}

/**
 * Parses a `client_assertion`. It does not check the signature.
 * @throws Refusal `assertion_malformed`
 */
export function parseAssertion(assertion: string): CompactJws {
  try {
    return parseCompact(assertion)
  } catch (error) {
    if (!(error instanceof JwsError)) throw error
    const { fault, detail } = error
    throw refusal('assertion_malformed', {
      detail: { fault, ...(detail !== undefined && { received: detail }) },
    })
  }
}

/** Describes the origin that an assertion claims. Nothing of it is verified yet. */
export function describeAssertion({ header, claims }: CompactJws): AssertionDescription {
  const iss = asText(claims['iss'])
  const sub = asText(claims['sub'])
  if (isSymmetric(header.alg)) return { kind: 'symmetric', iss, sub }
  return { kind: iss !== undefined && iss === sub ? 'own' : 'foreign', iss, sub }
}

const asText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
