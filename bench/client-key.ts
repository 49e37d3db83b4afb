import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { issuer, tokenPath } from './fleet.ts'
import type { SignedValue } from './load/order.ts'
import { signedValue } from './load/signed-value.ts'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

/** With what a client signs assertions and proofs, in this run; ES256. */
export const clientKey = {
  publicJwk: publicKey.export({ format: 'jwk' }),
  privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
} as const

/** Seconds that an assertion lives. */
const LIFETIME = 60

/** A client assertion (RFC 7523 §3), each with a `jti` of its own. */
export const assertionOf = (clientId: string): SignedValue => ({
  privateKey: clientKey.privateKey,
  header: { alg: 'ES256' },
  claims: { iss: clientId, sub: clientId, aud: issuer },
  lifetime: LIFETIME,
})

/** A DPoP proof for the token endpoint (RFC 9449 §4.2), likewise. */
export const proof: SignedValue = {
  privateKey: clientKey.privateKey,
  header: { alg: 'ES256', typ: 'dpop+jwt', jwk: clientKey.publicJwk },
  claims: { htm: 'POST', htu: issuer + tokenPath },
  lifetime: undefined,
}

/** One of them. */
export const sign = (value: SignedValue): string => signedValue(value)(randomUUID(), Math.floor(Date.now() / 1000))
