import type { Clock } from '../platform/clock.ts'
import type { RandomBytes } from '../platform/random.ts'
import { UserError } from '../platform/user-error.ts'
import type { KeyAlgorithm } from './algorithms.ts'
import { contextOf, createCandidate } from './candidate.ts'
import type { MasterKey } from './master-key.ts'
import { canUse, openKey } from './open-key.ts'
import { recorded } from './record.ts'
import { planManualRotation, planRevocation, planRollback, type RotationPolicy, whichCount } from './schedule.ts'
import type { KeyRows, KeyStore, KeyWrites, StoredKey } from './store.ts'

/** What an administrator's commands on keys need. Running servers see what they do within a second. */
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
  const candidate = await createCandidate(algorithm, masterKey)
  return store.updateKeys(({ found }) => {
    const keys = whichCount(found, (key) => canUse(key, openKey(key, masterKey)))
    return recorded(planManualRotation(keys, clock.now(), policy, candidate, atOnce), operations)
  })
}

/** Goes one key back. @throws UserError where there is none to go back to */
export function rollBackKeys(operations: KeyOperations, algorithm: KeyAlgorithm): Promise<KeyWrites> {
  const { store, masterKey, policy, clock } = operations
  return store.updateKeys(({ found }) => {
    // What is to sign again must be able to.
    const keys = found.filter((key) => key.state !== 'retiring' || canUse(key, openKey(key, masterKey)))
    const writes = planRollback(keys, algorithm, clock.now(), policy)
    if (writes.put.length === 0) throw new UserError(`there is no ${algorithm} key to go back to`)
    return recorded(writes, operations)
  })
}

/** Ends a key at once, with all that it has signed. @throws UserError where there is no such key */
export async function revokeKey(operations: KeyOperations, kid: string): Promise<KeyWrites> {
  const { store, masterKey, policy, clock } = operations
  const key = findKey(await store.listKeys(), kid)
  const candidate = key === undefined ? undefined : await createCandidate(key.algorithm, masterKey)
  return store.updateKeys((rows) => {
    const { found, unreadable } = rows
    if (findKey(rows, kid) === undefined) {
      const discard = unreadable.filter(({ id }) => id === kid).map(({ id }) => id)
      return recorded({ add: [], put: [], discard }, operations)
    }
    const keys = whichCount(found, (other) => other.kid === kid || canUse(other, openKey(other, masterKey)))
    return recorded(planRevocation(keys, kid, clock.now(), policy, candidate), operations)
  })
}

/** The key to be revoked; undefined where its record can't be read. @throws UserError where there is none */
function findKey({ found, unreadable }: KeyRows, kid: string): StoredKey | undefined {
  const key = found.find((candidate) => candidate.kid === kid && candidate.state !== 'revoked')
  if (key !== undefined || unreadable.some(({ id }) => id === kid)) return key
  throw new UserError(`there is no key ${kid}`)
}

/**
 * Encrypts every key under the current master key, one at a time: what a kill interrupts, the next call completes.
 * @param onRewrapped told of each key
 * @returns what is wrong with those that could not be decrypted, which stay as they are
 */
export async function rewrapKeys(
  { store, masterKey }: Pick<KeyOperations, 'store' | 'masterKey'>,
  onRewrapped: (kid: string) => void,
): Promise<readonly string[]> {
  const problems: string[] = []
  const { found } = await store.listKeys()
  for (const key of found.filter(({ masterKeyId }) => masterKeyId !== masterKey.id)) {
    const before = { ciphertext: key.encryptedPrivateKey, masterKeyId: key.masterKeyId }
    const plaintext = masterKey.decrypt(before, contextOf(key))
    if (!Buffer.isBuffer(plaintext)) problems.push(`key ${key.kid} ${plaintext.problem}`)
    else if (await store.replaceEncrypted(key.kid, before, masterKey.encrypt(plaintext, contextOf(key))))
      onRewrapped(key.kid)
  }
  return problems
}
