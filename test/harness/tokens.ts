/** Keys, and tokens that another library signs with them. */

import { CompactSign, exportJWK, generateKeyPair, type JWK } from 'jose'
import { type AsymmetricAlgorithm, asymmetricAlgorithms } from '../../src/crypto/jws/algorithms.ts'
import { type PublicKey, parsePublicJwk } from '../../src/crypto/jws/public-key.ts'

const PRIVATE = new Set(['d', 'p', 'q', 'dp', 'dq', 'qi'])

/** A JWK without its private members. */
export const publicHalf = (jwk: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(jwk).filter(([name]) => !PRIVATE.has(name)))

/** A key pair. */
export interface Signer {
  readonly alg: AsymmetricAlgorithm
  readonly privateKey: Parameters<CompactSign['sign']>[0]
  readonly privateJwk: JWK
  readonly publicJwk: JWK
  readonly key: PublicKey
}

/** A new key for an algorithm. RSA keys have 2048 bits. */
export async function makeSigner(alg: AsymmetricAlgorithm, members: object = {}): Promise<Signer> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const publicJwk = { ...(await exportJWK(publicKey)), ...members }
  return { alg, privateKey, privateJwk: await exportJWK(privateKey), publicJwk, key: parsePublicJwk(publicJwk) }
}

/** One key for each algorithm. */
export const makeSigners = (): Promise<readonly Signer[]> =>
  Promise.all(asymmetricAlgorithms.map((alg) => makeSigner(alg)))

/** A token in compact form. */
export const signWith = (
  { alg, privateKey }: { readonly alg: string; readonly privateKey: Signer['privateKey'] },
  claims: object,
  header: object = {},
): Promise<string> =>
  new CompactSign(Buffer.from(JSON.stringify(claims))).setProtectedHeader({ alg, ...header }).sign(privateKey)

/** A token with any header and claims, and any signature. */
export const unsigned = (header: unknown, claims: unknown, signature = 'AAAA'): string =>
  `${encode(JSON.stringify(header))}.${encode(JSON.stringify(claims))}.${signature}`

export const encode = (text: string | Buffer): string => Buffer.from(text).toString('base64url')
