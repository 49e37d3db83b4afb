import type { Clock } from '../platform/clock.ts'
import type { KeyAlgorithm } from './algorithms.ts'
import { createCandidate } from './candidate.ts'
import type { Keyring } from './keyring.ts'
import type { MasterKey } from './master-key.ts'
import { nextKeyActiveAt, planRotation, type RotationPolicy } from './schedule.ts'
import type { KeyStore, KeyWrites, StoredKey } from './store.ts'

interface RotationOptions {
  readonly store: KeyStore
  readonly keyring: Keyring
  readonly masterKey: MasterKey
  readonly clock: Clock
  /** The algorithms for which there must be keys. */
  readonly algorithms: () => readonly KeyAlgorithm[]
  readonly policy: () => Promise<RotationPolicy>
  /** Told of each change of a key. */
  readonly onChange: (key: StoredKey) => void
}

/** Does what the schedule of the keys says is due. Any number of processes may: the store lets one do each thing. */
export class KeyRotation {
  readonly #options: RotationOptions

  constructor(options: RotationOptions) {
    this.#options = options
  }

  /** Looks at every algorithm in use. Rejects when the database fails; then the keys stay as they are. */
  async run(): Promise<void> {
    const { keyring, algorithms } = this.#options
    const policy = await this.#options.policy()
    const used = keyring.stored.filter(({ state }) => state !== 'revoked').map(({ algorithm }) => algorithm)
    for (const algorithm of new Set([...algorithms(), ...used])) await this.#rotate(algorithm, policy)
  }

  async #rotate(algorithm: KeyAlgorithm, policy: RotationPolicy): Promise<void> {
    const { store, keyring, masterKey, clock, onChange } = this.#options
    const isDue = ({ add, put }: KeyWrites) => add.length > 0 || put.length > 0
    // From memory first: mostly nothing is due, and the database is not asked.
    const wantsKey = nextKeyActiveAt(keyring.stored, algorithm, clock.now(), policy) !== undefined
    if (!wantsKey && !isDue(planRotation(keyring.stored, algorithm, clock.now(), policy, undefined))) return
    const candidate = wantsKey ? await createCandidate(algorithm, masterKey) : undefined
    const written = await store.updateKeys((keys) => planRotation(keys, algorithm, clock.now(), policy, candidate))
    for (const key of [...written.add, ...written.put]) onChange(key)
    // Also where nothing was written: another process has been faster.
    await keyring.reset()
  }
}

/** What is recorded of a key's change. */
export const keyDetail = ({ kid, algorithm, state, activeAt, goneAt }: StoredKey) => ({
  kid,
  algorithm,
  state,
  active_at: new Date(activeAt).toISOString(),
  ...(goneAt !== undefined && { gone_at: new Date(goneAt).toISOString() }),
})
