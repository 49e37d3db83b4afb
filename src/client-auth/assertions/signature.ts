import type { CompactJws } from '../../crypto/jws/compact.ts'
import type { PublicKey } from '../../crypto/jws/public-key.ts'
import { received } from '../../crypto/jws/received.ts'
import { findSigner, type NoSigner, type Tries, whyNoSigner } from '../../crypto/jws/verify.ts'
import { type assertionRefusals, refusal } from './refusals.ts'

interface SignatureRules {
  /** The only algorithm that the client may use, if it has registered one. */
  readonly pinned?: string | undefined
  readonly tries?: Tries | undefined
}

const REASONS = {
  algorithm: 'assertion_algorithm',
  kid: 'assertion_key',
  signature: 'assertion_signature',
} as const satisfies Record<NoSigner, keyof typeof assertionRefusals>

/**
 * Returns the client's key that signed the assertion.
 * @throws Refusal `assertion_algorithm`, `assertion_key`, `assertion_signature`
 */
export function requireSigner(jws: CompactJws, keys: readonly PublicKey[], rules: SignatureRules = {}): PublicKey {
  const signer = findSigner(jws, keys, rules)
  if (signer !== undefined) return signer
  const { alg, kid } = jws.header
  const detail = {
    received: { alg: received(alg), ...(kid !== undefined && { kid: received(kid) }) },
    expected: { ...pinnedAlg(rules), keys: keys.slice(0, 10).map(describeKey) },
  }
  throw refusal(REASONS[whyNoSigner(jws, keys, rules)], { detail })
}

const pinnedAlg = ({ pinned }: SignatureRules) => (pinned === undefined ? {} : { alg: pinned })

/** Describes a key so that an administrator recognises it. */
const describeKey = ({ kid, kty, crv, alg, thumbprint }: PublicKey) => ({
  kid: kid === undefined ? `(none; thumbprint ${thumbprint})` : received(kid),
  kty: crv ?? kty,
  ...(alg !== undefined && { alg }),
})
