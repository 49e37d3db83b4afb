import type { KeyObject } from 'node:crypto'
import type { MasterKey } from '../crypto/master-key.ts'
import type { Change } from '../model/changes/change.ts'
import type { SigningAlgorithm } from '../oauth/algorithms.ts'
import type { KeyId } from '../oauth/ids.ts'
import { type OnUnreadable, UnreadableWatch } from '../platform/unreadable.ts'
import { type KeyAlgorithm, SEALING } from './algorithms.ts'
import type { Signer } from './batch-signer.ts'
import { KeyUnusable, NoSigningKey } from './errors.ts'
import { type KeyTable, type PublishedKeys, type SealingKey, tabulate } from './key-table.ts'
import { canUse, openKey, type VerificationKey } from './open-key.ts'
import type { KeyStore, StoredKey, UnreadableKey } from './store.ts'

/** Milliseconds that a request waits for the first key of its algorithm. All processes publish that key before it is used. */
const FIRST_KEY_WAIT_MS = 3_000

/** The keys in use, in memory. It follows the rows of the store, which are authoritative. */
export class Keyring {
  readonly #store: Pick<KeyStore, 'listKeys'>
  readonly #masterKey: MasterKey
  readonly #problems: UnreadableWatch
  #opened: ReadonlyMap<KeyId, KeyObject> = new Map()
  #table: KeyTable = tabulate({ found: [], unreadable: [], masterKeyId: undefined }, () => {
    throw new TypeError('there is no key to open')
  })
  #waiting: (() => void)[] = []
  #reads = 0
  #latestRead = 0

  /** Loads the keys. @param onUnreadable called once for each key that can't be used */
  static async open(
    store: Pick<KeyStore, 'listKeys'>,
    masterKey: MasterKey,
    onUnreadable: OnUnreadable = () => {},
  ): Promise<Keyring> {
    const keyring = new Keyring(store, masterKey, onUnreadable)
    await keyring.reset()
    return keyring
  }

  private constructor(store: Pick<KeyStore, 'listKeys'>, masterKey: MasterKey, onUnreadable: OnUnreadable) {
    this.#store = store
    this.#masterKey = masterKey
    this.#problems = new UnreadableWatch(onUnreadable)
  }

  /** All keys except those that are gone and those whose rows can't be read. */
  get stored(): readonly StoredKey[] {
    return this.#table.rows.found
  }

  /** The id of the master key in use; undefined if nothing was encrypted yet. */
  get masterKeyId(): string | undefined {
    return this.#table.rows.masterKeyId
  }

  get published(): PublishedKeys {
    return this.#table.published
  }

  /** The active keys that this process can't use, by algorithm. It can't issue tokens with these algorithms. */
  get idle(): ReadonlyMap<KeyAlgorithm, UnreadableKey> {
    return this.#table.idle
  }

  /** Every key with an unusable part that this process needs now or later. */
  get problems(): readonly UnreadableKey[] {
    return this.#table.problems
  }

  /**
   * The signer of new tokens with this algorithm.
   * @throws NoSigningKey if there is none within seconds, KeyUnusable if the active key can't sign
   */
  signer(algorithm: SigningAlgorithm): Signer | Promise<Signer> {
    return this.#signer(algorithm) ?? this.#wait(() => this.#signer(algorithm))
  }

  /** The key that seals new tokens. @throws NoSigningKey or KeyUnusable, as `signer` does */
  sealingKey(): SealingKey | Promise<SealingKey> {
    return this.#sealing() ?? this.#wait(() => this.#sealing())
  }

  /**
   * The key that verifies signatures of `kid`; undefined if it was revoked, is gone, or never was ours.
   * @throws KeyUnusable if the key is ours but this process can't verify with it
   */
  verificationKey(kid: string): VerificationKey | undefined {
    return this.#table.verifiers.get(kid) ?? this.#refuseUnverifiable(kid)
  }

  /** Whether tokens of this key are valid. @throws KeyUnusable if its state can't be read */
  isLive(kid: KeyId): boolean {
    if (this.#table.live.has(kid)) return true
    this.#refuseUnverifiable(kid)
    return false
  }

  /** The key that a sealed token names. @throws KeyUnusable as `verificationKey` does */
  sealingKeyOf(reference: Buffer): SealingKey | undefined {
    const name = reference.toString('hex')
    return this.#table.sealers.get(name) ?? this.#refuseUnverifiable(name)
  }

  /** Whether this process could sign or seal with a key if it were active. */
  canUse(key: StoredKey): boolean {
    return canUse(key, this.#open(key))
  }

  async apply(changes: readonly Change[]): Promise<void> {
    if (changes.some((change) => change.kind === 'key')) await this.reset()
  }

  async reset(): Promise<void> {
    this.#reads += 1
    const read = this.#reads
    const rows = await this.#store.listKeys()
    // Two reads may overlap. The later one is at least as new, so the result of an older one is dropped.
    if (read < this.#latestRead) return
    this.#latestRead = read
    const opened = new Map<KeyId, KeyObject>()
    this.#table = tabulate(rows, (key) => {
      const open = this.#open(key)
      if (!('problem' in open)) opened.set(key.kid, open)
      return open
    })
    this.#opened = opened
    this.#problems.see(this.#table.problems)
    const waiting = this.#waiting
    this.#waiting = []
    for (const wake of waiting) wake()
  }

  /** Opens a key once. It stays usable for this process, even if its row is encrypted under another master key later. */
  #open(key: StoredKey): KeyObject | UnreadableKey {
    return this.#opened.get(key.kid) ?? openKey(key, this.#masterKey)
  }

  #signer(algorithm: SigningAlgorithm): Signer | undefined {
    return this.#table.signers.get(algorithm) ?? refuse(this.#table.idle.get(algorithm))
  }

  #sealing(): SealingKey | undefined {
    return this.#table.sealing ?? refuse(this.#table.idle.get(SEALING))
  }

  #refuseUnverifiable(name: string): undefined {
    return refuse(this.#table.unverifiable.get(name))
  }

  async #wait<Key>(find: () => Key | undefined): Promise<Key> {
    const late = AbortSignal.timeout(FIRST_KEY_WAIT_MS)
    while (!late.aborted) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve)
        late.addEventListener('abort', () => resolve(), { once: true })
      })
      const found = find()
      if (found !== undefined) return found
    }
    throw new NoSigningKey()
  }
}

/** @throws KeyUnusable if there is a problem */
function refuse(problem: UnreadableKey | undefined): undefined {
  if (problem === undefined) return undefined
  throw new KeyUnusable(problem)
}
