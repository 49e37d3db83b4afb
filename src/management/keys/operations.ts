import { systemEvent } from '../../audit/system-event.ts'
import type { MasterKey } from '../../crypto/master-key.ts'
import type { KeyAlgorithm } from '../../keys/algorithms.ts'
import { contextOf, createKey, encryptKey } from '../../keys/candidate.ts'
import { canUse, openKey } from '../../keys/open-key.ts'
import { recorded } from '../../keys/record.ts'
import {
  planManualRotation,
  planRevocation,
  planRollback,
  type RotationPolicy,
  whichCount,
} from '../../keys/schedule.ts'
import type { KeyRows, KeyStore, KeyWrites, StoredKey } from '../../keys/store.ts'
import type { Clock } from '../../platform/clock.ts'
import type { RandomBytes } from '../../platform/random.ts'
import { UserError } from '../../platform/user-error.ts'

/**
 * The dependencies of the commands on keys. Running servers see the result within a second. If the master key is not the one in use,
 * each command throws a MasterKeyMismatch and writes nothing.
 */
export interface KeyOperations {
  readonly store: KeyStore
  readonly masterKey: MasterKey
  readonly policy: RotationPolicy
  readonly clock: Clock
  readonly random: RandomBytes
}

/** Rotates now rather than by schedule. @param atOnce whether not to wait until verifiers can have the next key */
export async function rotateKeys(
  operations: KeyOperations,
  algorithm: KeyAlgorithm,
  atOnce: boolean,
): Promise<KeyWrites> {
  const { store, masterKey, policy, clock } = operations
  const key = await createKey(algorithm)
  return store.updateKeys(({ found, masterKeyId }) => {
    const candidate = encryptKey(key, masterKey, masterKeyId)
    const keys = whichCount(found, (other) => canUse(other, openKey(other, masterKey)))
    return recorded(planManualRotation(keys, clock.now(), policy, candidate, atOnce), operations)
  })
}

/** Goes one key back. @throws UserError where there is none to go back to */
export function rollBackKeys(operations: KeyOperations, algorithm: KeyAlgorithm): Promise<KeyWrites> {
  const { store, masterKey, policy, clock } = operations
  return store.updateKeys(({ found, masterKeyId }) => {
    masterKey.requireFitting(masterKeyId)
    // A key that can't be opened must not sign again.
    const keys = found.filter((key) => key.state !== 'retiring' || canUse(key, openKey(key, masterKey)))
    const writes = planRollback(keys, algorithm, clock.now(), policy)
    if (writes.put.length === 0) throw new UserError(`there is no ${algorithm} key to go back to`)
    return recorded(writes, operations)
  })
}

/** Ends a key at once, with all that it has signed. @throws UserError where there is no such key */
export async function revokeKey(operations: KeyOperations, kid: string): Promise<KeyWrites> {
  const { store, masterKey, policy, clock } = operations
  const known = findKey(await store.listKeys(), kid)
  const next = known && (await createKey(known.algorithm))
  return store.updateKeys((rows) => {
    const { found, unreadable, masterKeyId } = rows
    masterKey.requireFitting(masterKeyId)
    if (findKey(rows, kid) === undefined) {
      const discard = unreadable.filter(({ id }) => id === kid).map(({ id }) => id)
      return recorded({ add: [], put: [], discard }, operations)
    }
    const candidate = next && encryptKey(next, masterKey, masterKeyId)
    const keys = whichCount(found, (other) => other.kid === kid || canUse(other, openKey(other, masterKey)))
    return recorded(planRevocation(keys, kid, clock.now(), policy, candidate), operations)
  })
}

/** The key to be revoked; undefined if its row can't be read. @throws UserError if there is no such key */
function findKey({ found, unreadable }: KeyRows, kid: string): StoredKey | undefined {
  const key = found.find((candidate) => candidate.kid === kid && candidate.state !== 'revoked')
  if (key !== undefined || unreadable.some(({ id }) => id === kid)) return key
  throw new UserError(`there is no key ${kid}`)
}

/**
 * Puts the current master key in use, then encrypts every key under it, one at a time. If it is interrupted, the next call completes it.
 * As soon as it has begun, all processes encrypt new rows under the current master key.
 * @param onRewrapped called for each key
 * @returns one line for each key that can't be decrypted; those stay as they are
 */
export async function rewrapKeys(
  { store, masterKey, clock, random }: Omit<KeyOperations, 'policy'>,
  onRewrapped: (kid: string) => void,
): Promise<readonly string[]> {
  const { found, masterKeyId: before } = await store.listKeys()
  masterKey.requireFitting(before)
  if (before !== undefined && before !== masterKey.id) {
    const event = systemEvent('master_key.change', { from: before, to: masterKey.id }, { clock, random })
    if (!(await store.replaceMasterKey(before, masterKey.id, event)))
      throw new UserError('another command is changing the master key: see which one is in use, and try again')
  }
  const problems: string[] = []
  for (const key of found.filter(({ masterKeyId }) => masterKeyId !== masterKey.id)) {
    const encrypted = { ciphertext: key.encryptedPrivateKey, masterKeyId: key.masterKeyId }
    const plaintext = masterKey.decrypt(encrypted, contextOf(key))
    if (!Buffer.isBuffer(plaintext)) {
      problems.push(`key ${key.kid} ${plaintext.problem}`)
      continue
    }
    const after = masterKey.encrypt(plaintext, contextOf(key), masterKey.id)
    if (await store.replaceEncrypted(key.kid, encrypted, after)) onRewrapped(key.kid)
  }
  return problems
}
