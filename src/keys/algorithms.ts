/**
 * The keys that sign tokens: generated, kept encrypted, published, signed with. May import `oauth`, `platform`,
 * `changes`.
 */

import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

interface SigningAlgorithm {
  generate(): { readonly privateKey: KeyObject; readonly publicKey: KeyObject }
  /** A JWS signature (RFC 7518 §3) over the signing input. */
  sign(input: string, privateKey: KeyObject): Buffer
}

/** Every algorithm that a token can be signed with, by its `alg` (RFC 7518 §3.1). */
export const algorithms = {
  ES256: {
    generate: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    sign: (input, privateKey) =>
      sign('sha256', Buffer.from(input, 'latin1'), { key: privateKey, dsaEncoding: 'ieee-p1363' }),
  },
} as const satisfies Record<string, SigningAlgorithm>

export type Algorithm = keyof typeof algorithms

export const isAlgorithm = (value: string): value is Algorithm => Object.hasOwn(algorithms, value)
