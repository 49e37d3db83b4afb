import { isSymmetric } from '../../crypto/jws/algorithms.ts'
import { type CompactJws, JwsError, parseCompact } from '../../crypto/jws/compact.ts'
import { refusal } from './refusals.ts'

/** What an assertion claims to be, before anything of it is checked: enough to find the credentials it is held against. */
export interface AssertionDescription {
  /**
   * `symmetric`: a MAC under the client's secret. `own`: signed with a key of the client's, which speaks of itself.
   * `foreign`: an outside issuer's word about somebody.
   */
  readonly kind: 'symmetric' | 'own' | 'foreign'
  readonly iss: string | undefined
  readonly sub: string | undefined
}

/**
 * Reads a `client_assertion`, without checking its signature.
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

/** Who an assertion says it comes from: nobody has checked that yet. */
export function describeAssertion({ header, claims }: CompactJws): AssertionDescription {
  const iss = asText(claims['iss'])
  const sub = asText(claims['sub'])
  if (isSymmetric(header.alg)) return { kind: 'symmetric', iss, sub }
  return { kind: iss !== undefined && iss === sub ? 'own' : 'foreign', iss, sub }
}

const asText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
