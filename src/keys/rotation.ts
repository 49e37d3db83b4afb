import { systemEvent } from '../audit/system-event.ts'
import type { MasterKey } from '../crypto/master-key.ts'
import type { Clock } from '../platform/clock.ts'
import type { RandomBytes } from '../platform/random.ts'
import type { KeyAlgorithm } from './algorithms.ts'
import { createKey, encryptKey } from './candidate.ts'
import type { Keyring } from './keyring.ts'
import { recorded } from './record.ts'
import { nextKeyActiveAt, planRotation, type RotationPolicy, whichCount } from './schedule.ts'
import type { KeyStore, StoredKey } from './store.ts'

interface RotationOptions {
  readonly store: KeyStore
  readonly keyring: Keyring
  readonly masterKey: MasterKey
  readonly clock: Clock
  readonly random: RandomBytes
  /** The algorithms that need keys. */
  readonly algorithms: () => readonly KeyAlgorithm[]
  readonly policy: () => Promise<RotationPolicy>
}

/** Carries out the due steps of the key schedule. Any number of processes may run it: the store lets only one do each step. */
export class KeyRotation {
  readonly #options: RotationOptions

  constructor(options: RotationOptions) {
    this.#options = options
  }

  /**
   * Rotates the keys of every algorithm in use. Rejects when the database fails, or when a new key is due but the master key is not
   * the one in use. In both cases the keys stay as they are.
   */
  async run(): Promise<void> {
    const { keyring, algorithms } = this.#options
    const policy = await this.#options.policy()
    const used = keyring.stored.filter(({ state }) => state !== 'revoked').map(({ algorithm }) => algorithm)
    for (const algorithm of new Set([...algorithms(), ...used])) await this.#rotate(algorithm, policy)
  }

  async #rotate(algorithm: KeyAlgorithm, policy: RotationPolicy): Promise<void> {
    const { store, keyring, masterKey, clock } = this.#options
    const counting = (keys: readonly StoredKey[]) => whichCount(keys, (key) => keyring.canUse(key))
    // Check the keys in memory first. Mostly nothing is due, and then the database is not asked.
    const known = counting(keyring.stored)
    const wantsKey = nextKeyActiveAt(known, algorithm, clock.now(), policy) !== undefined
    if (!wantsKey && planRotation(known, algorithm, clock.now(), policy, undefined).put.length === 0) return
    // Check the master key before generating a key, which takes long for RSA.
    if (wantsKey) masterKey.requireFitting(keyring.masterKeyId)
    const key = wantsKey ? await createKey(algorithm) : undefined
    await store.updateKeys((rows) => {
      const candidate = key && encryptKey(key, masterKey, rows.masterKeyId)
      const writes = planRotation(counting(rows.found), algorithm, clock.now(), policy, candidate)
      return recorded(rows, writes, ({ detail, change }) => systemEvent('key.change', detail, this.#options, [change]))
    })
    // Reload even if nothing was written: another process may have done the step first.
    await keyring.reset()
  }
}
