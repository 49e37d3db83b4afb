import { createPrivateKey, createPublicKey, createSecretKey, type KeyObject } from 'node:crypto'
import type { MasterKey } from '../crypto/master-key.ts'
import type { SigningAlgorithm } from '../oauth/algorithms.ts'
import type { KeyId } from '../oauth/ids.ts'
import { SEALING } from './algorithms.ts'
import { contextOf, kidOf } from './candidate.ts'
import type { StoredKey, UnreadableKey } from './store.ts'

/** The public part of a signing key, with which its tokens are verified. */
export interface VerificationKey {
  readonly kid: KeyId
  readonly algorithm: SigningAlgorithm
  readonly publicKey: KeyObject
}

const unusable = ({ kid, state }: StoredKey, problem: string): UnreadableKey => ({
  kind: 'key',
  id: kid,
  state,
  problem,
})

/** Reads the public part of a signing key, or says why it can't. Its thumbprint must be the `kid` (RFC 7638). */
export function readPublicKey(key: StoredKey): VerificationKey | UnreadableKey {
  const { kid, algorithm, publicKey } = key
  const damaged = unusable(key, 'its public key is not the one that its kid names')
  if (algorithm === SEALING || publicKey === undefined) return damaged
  try {
    const parsed = createPublicKey({ key: publicKey, type: 'spki', format: 'der' })
    return kidOf(parsed) === kid ? { kid, algorithm, publicKey: parsed } : damaged
  } catch {
    return damaged
  }
}

/** Whether a process could sign or seal with a key if it were active. @param opened the result of `openKey` */
export const canUse = (key: StoredKey, opened: KeyObject | UnreadableKey): boolean =>
  !('problem' in opened) && (key.algorithm === SEALING || !('problem' in readPublicKey(key)))

/** Decrypts the private or secret part of a key, or says why it can't. */
export function openKey(key: StoredKey, masterKey: MasterKey): KeyObject | UnreadableKey {
  const { algorithm, encryptedPrivateKey: ciphertext, masterKeyId } = key
  const opened = masterKey.decrypt({ ciphertext, masterKeyId }, contextOf(key))
  if (!Buffer.isBuffer(opened)) return unusable(key, `its private part ${opened.problem}`)
  try {
    return algorithm === SEALING
      ? createSecretKey(opened)
      : createPrivateKey({ key: opened, type: 'pkcs8', format: 'der' })
  } catch {
    return unusable(key, 'its private part is not a key')
  }
}
