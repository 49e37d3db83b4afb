import { hash } from 'node:crypto'
import { calculateJwkThumbprint } from 'jose'
import { KeyId } from '../oauth/ids.ts'
import { UserError } from '../platform/user-error.ts'
import { generateKey, type KeyAlgorithm } from './algorithms.ts'
import type { MasterKey } from './master-key.ts'
import type { Candidate } from './schedule.ts'
import type { StoredKey } from './store.ts'

/** What a private key is encrypted as: its row can't be passed off as that of another key. */
const context = ({ kid, algorithm }: Pick<StoredKey, 'kid' | 'algorithm'>): string => `key ${kid} for ${algorithm}`

/**
 * A new key, encrypted, ready to be added. Its `kid` is the RFC 7638 thumbprint, or for a secret key a hash; it does not begin
 * with a hyphen, as one in 64 would, which commands took for an option.
 */
export async function createCandidate(algorithm: KeyAlgorithm, masterKey: MasterKey): Promise<Candidate> {
  const { privateKey, publicKey } = await generateKey(algorithm)
  const plaintext = publicKey === undefined ? privateKey.export() : privateKey.export({ type: 'pkcs8', format: 'der' })
  const kid = KeyId(
    publicKey === undefined
      ? hash('sha256', Buffer.concat([Buffer.from('tessera sealing key id'), plaintext]), 'base64url')
      : await calculateJwkThumbprint(publicKey.export({ format: 'jwk' })),
  )
  if (kid.startsWith('-')) return createCandidate(algorithm, masterKey)
  const { ciphertext, masterKeyId } = masterKey.encrypt(plaintext, context({ kid, algorithm }))
  return {
    kid,
    algorithm,
    publicKey: publicKey?.export({ type: 'spki', format: 'der' }),
    encryptedPrivateKey: ciphertext,
    masterKeyId,
  }
}

/** The private or secret part of a key. @throws UserError where it was encrypted under another master key */
export function decryptKey(key: StoredKey, masterKey: MasterKey): Buffer {
  const { encryptedPrivateKey: ciphertext, masterKeyId } = key
  const opened = masterKey.decrypt({ ciphertext, masterKeyId }, context(key))
  if (Buffer.isBuffer(opened)) return opened
  throw new UserError(`the ${context(key)} ${opened.problem}`)
}

/** The same key, encrypted under the current master key. */
export function rewrapKey(key: StoredKey, masterKey: MasterKey): StoredKey {
  const { ciphertext, masterKeyId } = masterKey.encrypt(decryptKey(key, masterKey), context(key))
  return { ...key, encryptedPrivateKey: ciphertext, masterKeyId }
}
