import { systemEvent } from '../audit/system-event.ts'
import type { MasterKey } from '../crypto/master-key.ts'
import type { Clock } from '../platform/clock.ts'
import type { RandomBytes } from '../platform/random.ts'
import type { KeyAlgorithm } from './algorithms.ts'
import { createKey, encryptKey } from './candidate.ts'
import type { Keyring } from './keyring.ts'
import { recorded } from './record.ts'
import { nextKeyActiveAt, planRotation, type RotationPolicy, whichCount } from './schedule.ts'
import type { KeyStore, KeyWrites, StoredKey } from './store.ts'

interface RotationOptions {
  readonly store: KeyStore
  readonly keyring: Keyring
  readonly masterKey: MasterKey
  readonly clock: Clock
  readonly random: RandomBytes
  /** The algorithms for which there must be keys. */
  readonly algorithms: () => readonly KeyAlgorithm[]
  readonly policy: () => Promise<RotationPolicy>
}

/** Does what the schedule of the keys says is due. Any number of processes may: the store lets one do each thing. */
export class KeyRotation {
  readonly #options: RotationOptions

  constructor(options: RotationOptions) {
    this.#options = options
  }

  /**
   * Looks at every algorithm in use. Rejects when the database fails, and when a new key is due but the master key is not the one in
   * use. In both cases the keys stay as they are.
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
    const isDue = ({ add, put }: KeyWrites) => add.length > 0 || put.length > 0
    // From memory first: mostly nothing is due, and the database is not asked.
    const known = counting(keyring.stored)
    const wantsKey = nextKeyActiveAt(known, algorithm, clock.now(), policy) !== undefined
    if (!wantsKey && !isDue(planRotation(known, algorithm, clock.now(), policy, undefined))) return
    // This is checked before a key is generated, which takes long for RSA.
    if (wantsKey) masterKey.requireFitting(keyring.masterKeyId)
    const key = wantsKey ? await createKey(algorithm) : undefined
    await store.updateKeys((rows) => {
      const candidate = key && encryptKey(key, masterKey, rows.masterKeyId)
      const writes = planRotation(counting(rows.found), algorithm, clock.now(), policy, candidate)
      return recorded(rows, writes, ({ detail, change }) => systemEvent('key.change', detail, this.#options, [change]))
    })
    // Also where nothing was written: another process has been faster.
    await keyring.reset()
  }
}
