import { LRUCache } from 'lru-cache'
import { KeyError } from '../crypto/jws/key-error.ts'
import { type PublicKey, parsePublicJwk } from '../crypto/jws/public-key.ts'
import { refusal } from './refusals.ts'

const MOST_KEYS = 2_000
/** The most characters of the JSON of a key that is remembered. */
const LONGEST_KEPT = 1_024

/** Remembers the keys of proofs. A client keeps its key, and parsing one takes as long as signing a token. */
export class ProofKeys {
  /** Parsed keys, by the JSON of the `jwk` in the header. */
  readonly #parsed = new LRUCache<string, PublicKey>({ max: MOST_KEYS })

  get size(): number {
    return this.#parsed.size
  }

  /** @throws Refusal `dpop_proof_key` */
  parse(jwk: unknown): PublicKey {
    const json = JSON.stringify(jwk) ?? ''
    return this.#parsed.get(json) ?? this.#parse(jwk, json)
  }

  #parse(jwk: unknown, json: string): PublicKey {
    try {
      const key = parsePublicJwk(jwk)
      if (json.length <= LONGEST_KEPT) this.#parsed.set(json, key)
      return key
    } catch (error) {
      if (!(error instanceof KeyError)) throw error
      throw refusal('dpop_proof_key', { detail: { fault: error.fault, message: error.message } })
    }
  }
}
