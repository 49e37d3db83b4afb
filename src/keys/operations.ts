import type { Clock } from '../platform/clock.ts'
import { UserError } from '../platform/user-error.ts'
import type { KeyAlgorithm } from './algorithms.ts'
import { createCandidate, rewrapKey } from './candidate.ts'
import type { MasterKey } from './master-key.ts'
import { planManualRotation, planRevocation, planRollback, type RotationPolicy } from './schedule.ts'
import type { KeyStore, KeyWrites } from './store.ts'

/** What an administrator's commands on keys need. Running servers see what they do within a second. */
export interface KeyOperations {
  readonly store: KeyStore
  readonly masterKey: MasterKey
  readonly policy: RotationPolicy
  readonly clock: Clock
}

/** Rotates now rather than by schedule. @param atOnce whether not to wait until verifiers can have the next key */
export async function rotateKeys(
  { store, masterKey, policy, clock }: KeyOperations,
  algorithm: KeyAlgorithm,
  atOnce: boolean,
): Promise<KeyWrites> {
  const candidate = await createCandidate(algorithm, masterKey)
  return store.updateKeys((keys) => planManualRotation(keys, clock.now(), policy, candidate, atOnce))
}

/** Goes one key back. @throws UserError where there is none to go back to */
export async function rollBackKeys(
  { store, policy, clock }: Omit<KeyOperations, 'masterKey'>,
  algorithm: KeyAlgorithm,
): Promise<KeyWrites> {
  const writes = await store.updateKeys((keys) => planRollback(keys, algorithm, clock.now(), policy))
  if (writes.put.length === 0) throw new UserError(`there is no ${algorithm} key to go back to`)
  return writes
}

/** Ends a key at once, with all that it has signed. @throws UserError where there is no such key */
export async function revokeKey({ store, masterKey, policy, clock }: KeyOperations, kid: string): Promise<KeyWrites> {
  const key = (await store.listKeys()).find((candidate) => candidate.kid === kid && candidate.state !== 'revoked')
  if (key === undefined) throw new UserError(`there is no key ${kid}`)
  const candidate = await createCandidate(key.algorithm, masterKey)
  return store.updateKeys((keys) => planRevocation(keys, kid, clock.now(), policy, candidate))
}

/**
 * Encrypts every key under the current master key, one at a time: what a kill interrupts, the next call completes.
 * @param onRewrapped told of each key
 * @throws UserError where a key is under a master key that was not given
 */
export async function rewrapKeys(
  { store, masterKey }: Pick<KeyOperations, 'store' | 'masterKey'>,
  onRewrapped: (kid: string) => void,
): Promise<void> {
  for (const { kid } of await store.listKeys()) {
    const { put } = await store.updateKeys((keys) => {
      const key = keys.find((candidate) => candidate.kid === kid && candidate.masterKeyId !== masterKey.id)
      return { add: [], put: key === undefined ? [] : [rewrapKey(key, masterKey)] }
    })
    if (put.length > 0) onRewrapped(kid)
  }
}
