import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { issuer, tokenPath } from './fleet.ts'
import type { SignedValue } from './load/order.ts'
import { signedValue } from './load/signed-value.ts'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

/** The key that clients sign assertions and proofs with in this run; ES256. */
export const clientKey = {
  publicJwk: publicKey.export({ format: 'jwk' }),
  privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
} as const

/** Lifetime of an assertion, in seconds. */
const LIFETIME = 60

/** A client assertion (RFC 7523 §3). Each has its own `jti`. */
export const assertionOf = (clientId: string): SignedValue => ({
  privateKey: clientKey.privateKey,
  header: { alg: 'ES256' },
  claims: { iss: clientId, sub: clientId, aud: issuer },
  lifetime: LIFETIME,
})

/** A DPoP proof for the token endpoint (RFC 9449 §4.2). Each has its own `jti`. */
export const proof: SignedValue = {
  privateKey: clientKey.privateKey,
  header: { alg: 'ES256', typ: 'dpop+jwt', jwk: clientKey.publicJwk },
  claims: { htm: 'POST', htu: issuer + tokenPath },
  lifetime: undefined,
}

/** Signs a single JWT. */
export const sign = (value: SignedValue): string => signedValue(value)(randomUUID(), Math.floor(Date.now() / 1000))
