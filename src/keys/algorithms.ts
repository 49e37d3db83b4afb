import { constants, createSecretKey, generateKeyPair, type KeyObject, randomBytes, sign, verify } from 'node:crypto'
import { promisify } from 'node:util'
import { type SigningAlgorithm, signingAlgorithms } from '../oauth/algorithms.ts'

const generate = promisify(generateKeyPair)

/** A new key. A secret key has no public part. */
export interface GeneratedKey {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject | undefined
}

interface SignatureAlgorithm {
  generate(): Promise<GeneratedKey>
  /** Makes a JWS signature (RFC 7518 §3) over the signing input, which is ASCII. */
  sign(input: string, privateKey: KeyObject): Buffer
  verify(input: string, publicKey: KeyObject, signature: Buffer): boolean
}

const bytes = (input: string): Buffer => Buffer.from(input, 'latin1')
const es256 = (key: KeyObject) => ({ key, dsaEncoding: 'ieee-p1363' }) as const
const ps256 = (key: KeyObject) =>
  ({ key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }) as const
const generateRsa = () => generate('rsa', { modulusLength: 2048 })

/** Every algorithm that can sign tokens, by its `alg`. */
export const signatureAlgorithms = {
  ES256: {
    generate: () => generate('ec', { namedCurve: 'P-256' }),
    sign: (input, key) => sign('sha256', bytes(input), es256(key)),
    verify: (input, key, signature) => verify('sha256', bytes(input), es256(key), signature),
  },
  RS256: {
    generate: generateRsa,
    sign: (input, key) => sign('sha256', bytes(input), key),
    verify: (input, key, signature) => verify('sha256', bytes(input), key, signature),
  },
  PS256: {
    generate: generateRsa,
    sign: (input, key) => sign('sha256', bytes(input), ps256(key)),
    verify: (input, key, signature) => verify('sha256', bytes(input), ps256(key), signature),
  },
  EdDSA: {
    generate: () => generate('ed25519'),
    sign: (input, key) => sign(null, bytes(input), key),
    verify: (input, key, signature) => verify(null, bytes(input), key, signature),
  },
} as const satisfies Record<SigningAlgorithm, SignatureAlgorithm>

/** The algorithm that encrypts sealed tokens: AES-256-GCM (RFC 7518 §5.3). Its keys rotate like signing keys. */
export const SEALING = 'A256GCM'

/** Every algorithm that a key can have. */
export const keyAlgorithms = [...signingAlgorithms, SEALING] as const

export type KeyAlgorithm = (typeof keyAlgorithms)[number]

const isSigningAlgorithm = (value: string): value is SigningAlgorithm =>
  signingAlgorithms.some((algorithm) => algorithm === value)

export const isKeyAlgorithm = (value: string): value is KeyAlgorithm => value === SEALING || isSigningAlgorithm(value)

/** Generates a key for an algorithm. RSA keys have 2048 bits (RFC 7518 §3.3). */
export const generateKey = async (algorithm: KeyAlgorithm): Promise<GeneratedKey> =>
  algorithm === SEALING
    ? { privateKey: createSecretKey(randomBytes(32)), publicKey: undefined }
    : signatureAlgorithms[algorithm].generate()
