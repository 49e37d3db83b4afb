/** DPoP proofs, and the context of their verification. */

import { asymmetricAlgorithms } from '../../src/crypto/jws/algorithms.ts'
import type { ProofContext, ReplayMarks } from '../../src/sender-constraint/context.ts'
import { DpopNonces } from '../../src/sender-constraint/nonce.ts'
import { ProofKeys } from '../../src/sender-constraint/proof-keys.ts'
import { clockAt } from '../harness/clock.ts'
import { makeSigner, type Signer, signWith } from '../harness/tokens.ts'

/** Seconds. */
export const NOW = 1_800_000_000
export const TOKEN_ENDPOINT = 'https://as.example.com/as/token.oauth2'
const clock = clockAt(NOW * 1000 + 999)

/** Marks as a database keeps them, with the longest time of each. */
export class MemoryMarks implements ReplayMarks {
  readonly seen = new Map<string, number>()

  async first(context: string, id: string, expiresAt: number): Promise<boolean> {
    const mark = `${context} ${id}`
    if (this.seen.has(mark)) return false
    this.seen.set(mark, expiresAt)
    return true
  }
}

export const nonces = new DpopNonces(() => [Buffer.alloc(32, 1)], clock)
export const signer = await makeSigner('ES256')

/** A POST to the token endpoint, with its own marks. */
export const context = (changes: Partial<ProofContext> = {}): ProofContext => ({
  method: 'POST',
  uris: [TOKEN_ENDPOINT],
  now: clock.now(),
  marks: new MemoryMarks(),
  keys: new ProofKeys(),
  nonces,
  isNonceRequired: false,
  algorithms: asymmetricAlgorithms,
  ...changes,
})

/** The claims of a good proof. */
export const CLAIMS = { jti: 'a-proof', htm: 'POST', htu: TOKEN_ENDPOINT, iat: NOW }

/** A good proof, with `changes` applied. */
export const makeProof = (claims: object = {}, header: object = {}, by: Signer = signer): Promise<string> =>
  signWith(by, { ...CLAIMS, ...claims }, { typ: 'dpop+jwt', jwk: by.publicJwk, ...header })
