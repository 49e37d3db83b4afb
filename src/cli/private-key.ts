import { createPrivateKey, createPublicKey, KeyObject } from 'node:crypto'
import { z } from 'zod'
import { decodePemInput } from '../input/text-file.ts'
import { UsageError, UserError } from '../platform/user-error.ts'
import { readTextInput } from './read-input.ts'

/** Bytes of a key file. An RSA key of 16,384 bits takes 13 KB. */
const LONGEST_KEY = 64 * 1024

/** A private key that signs with one algorithm. */
export interface SigningKey {
  readonly key: CryptoKey
  readonly alg: string
  readonly kid: string | undefined
}

type ImportParameters = Parameters<KeyObject['toCryptoKey']>[0]

/** The parameters of the Web Crypto API for each algorithm (RFC 7518 §3.1, RFC 8037 §3.1). */
const parameters: Readonly<Record<string, ImportParameters>> = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  ES384: { name: 'ECDSA', namedCurve: 'P-384' },
  ES512: { name: 'ECDSA', namedCurve: 'P-521' },
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  RS384: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-384' },
  RS512: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-512' },
  PS256: { name: 'RSA-PSS', hash: 'SHA-256' },
  PS384: { name: 'RSA-PSS', hash: 'SHA-384' },
  PS512: { name: 'RSA-PSS', hash: 'SHA-512' },
  EdDSA: { name: 'Ed25519' },
  Ed25519: { name: 'Ed25519' },
}

/** The usual algorithm of each kind of key. */
const USUAL: Readonly<Record<string, string>> = {
  rsa: 'RS256',
  ed25519: 'EdDSA',
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
}

const jwkSchema = z.looseObject({ kid: z.string().exactOptional(), alg: z.string().exactOptional() })

/**
 * Reads a private key, PEM or JWK.
 * @param option the option that named the file @param alg the algorithm; by default, that of the JWK or the usual one of the key
 * @throws UserError
 */
export async function readSigningKey(
  option: string,
  file: string,
  { alg, kid }: { readonly alg?: string | undefined; readonly kid?: string | undefined } = {},
): Promise<SigningKey> {
  const name = `${option}: ${file}`
  const text = (await readTextInput(file, LONGEST_KEY, decodePemInput)).trim()
  const jwk = text.startsWith('{') ? parseJwk(name, text) : undefined
  const key = toKeyObject(name, jwk ?? text)
  const chosen = alg ?? jwk?.alg ?? usualAlgorithm(key)
  return { key: toCryptoKey(name, key, chosen, ['sign']), alg: chosen, kid: kid ?? jwk?.kid }
}

/** The key pair of DPoP proofs. */
interface KeyPair {
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
}

/** Reads the key pair of DPoP proofs. @throws UserError */
export async function readKeyPair(option: string, file: string, alg: string | undefined): Promise<KeyPair> {
  const { key: privateKey, alg: chosen } = await readSigningKey(option, file, { alg })
  const publicKey = createPublicKey(KeyObject.from(privateKey))
  return { privateKey, publicKey: toCryptoKey(`${option}: ${file}`, publicKey, chosen, ['verify']) }
}

function parseJwk(name: string, text: string) {
  try {
    return jwkSchema.parse(JSON.parse(text))
  } catch {
    throw new UserError(`${name} is not a JWK`)
  }
}

function toKeyObject(name: string, key: string | z.output<typeof jwkSchema>): KeyObject {
  try {
    return typeof key === 'string' ? createPrivateKey(key) : createPrivateKey({ key, format: 'jwk' })
  } catch {
    throw new UserError(`${name} has no private key in PEM or as a JWK, or the key is encrypted`)
  }
}

const usualAlgorithm = ({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string =>
  USUAL[asymmetricKeyDetails?.namedCurve ?? asymmetricKeyType ?? ''] ?? ''

function toCryptoKey(name: string, key: KeyObject, alg: string, usages: ('sign' | 'verify')[]): CryptoKey {
  const imported = Object.hasOwn(parameters, alg) ? parameters[alg] : undefined
  if (imported === undefined) throw new UsageError(`--alg must be one of ${Object.keys(parameters).join(', ')}`)
  try {
    return key.toCryptoKey(imported, true, usages)
  } catch {
    throw new UserError(`${name}: the key can't sign with ${alg}`)
  }
}
