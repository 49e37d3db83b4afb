import { hash, type KeyObject } from 'node:crypto'
import { jwkThumbprint } from '../crypto/jws/thumbprint.ts'
import type { MasterKey } from '../crypto/master-key.ts'
import { KeyId } from '../oauth/ids.ts'
import { generateKey, type KeyAlgorithm } from './algorithms.ts'
import type { Candidate } from './schedule.ts'
import type { StoredKey } from './store.ts'

/** The context under which a private key is encrypted. It binds the ciphertext to one key, so that rows can't be swapped. */
export const contextOf = ({ kid, algorithm }: Pick<StoredKey, 'kid' | 'algorithm'>): string =>
  `key ${kid} for ${algorithm}`

/** The `kid` of a key that signs: its thumbprint (RFC 7638 §3). */
export const kidOf = (publicKey: KeyObject): KeyId => KeyId(jwkThumbprint({ ...publicKey.export({ format: 'jwk' }) }))

/** A new key in plain form, ready to be encrypted and stored. */
export interface NewKey extends Pick<StoredKey, 'kid' | 'algorithm'> {
  readonly publicKey: KeyObject | undefined
  /** PKCS #8, DER, or the bytes of a secret key. */
  readonly plaintext: Buffer
}

/**
 * Makes a new key. Its `kid` is the RFC 7638 thumbprint, or a hash for a secret key. No `kid` begins with a hyphen, since commands
 * would take it for an option.
 */
export async function createKey(algorithm: KeyAlgorithm): Promise<NewKey> {
  const { privateKey, publicKey } = await generateKey(algorithm)
  const plaintext = publicKey === undefined ? privateKey.export() : privateKey.export({ type: 'pkcs8', format: 'der' })
  const kid =
    publicKey === undefined
      ? KeyId(hash('sha256', Buffer.concat([Buffer.from('tessera sealing key id'), plaintext]), 'base64url'))
      : kidOf(publicKey)
  return kid.startsWith('-') ? createKey(algorithm) : { kid, algorithm, publicKey, plaintext }
}

/** Encrypts a new key for storage. @param inUse the id of the master key in use @throws MasterKeyMismatch */
export function encryptKey(key: NewKey, masterKey: MasterKey, inUse: string | undefined): Candidate {
  const { kid, algorithm, publicKey, plaintext } = key
  const { ciphertext, masterKeyId } = masterKey.encrypt(plaintext, contextOf(key), inUse)
  return {
    kid,
    algorithm,
    publicKey: publicKey?.export({ type: 'spki', format: 'der' }),
    encryptedPrivateKey: ciphertext,
    masterKeyId,
  }
}
