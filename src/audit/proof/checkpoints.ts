import type { MasterKey } from '../../crypto/master-key.ts'
import { BelievedTime } from '../../platform/believed-time.ts'
import { cleanUp } from '../../platform/clean-up.ts'
import type { Clock } from '../../platform/clock.ts'
import type { RandomBytes } from '../../platform/random.ts'
import { systemEvent } from '../system-event.ts'
import type { Checkpoint, CheckpointContent } from './checkpoint.ts'
import { makeAuditKey, openSeal, type Seal } from './keys.ts'
import { checkpointText } from './statements.ts'
import type { CheckpointDraft, ProofStore } from './store.ts'

/** The longest time that events wait for a checkpoint. Milliseconds. */
const EVERY_MS = 60_000
/** A checkpoint is due as soon as this process has written so many events. */
const EVERY_EVENTS = 10_000
const LOOK_MS = 1_000

interface CheckpointsOptions {
  readonly store: ProofStore
  readonly masterKey: MasterKey
  readonly clock: Clock
  readonly random: RandomBytes
  /** Milliseconds for which checkpoints are kept. */
  readonly retention: number
  /** The number of events that this process has written. */
  readonly written: () => number
  /** Called for each checkpoint, so that a copy of it exists outside of the database. */
  readonly onCheckpoint: (checkpoint: Checkpoint) => void
  readonly onError: (error: unknown) => void
}

/** Signs the ends of the chains: each minute, after many events, and when the process stops. */
export class Checkpoints {
  readonly #options: CheckpointsOptions
  readonly #time: BelievedTime
  readonly #ending = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #last: number
  #written = 0
  #working: Promise<void> | undefined
  #seal: Seal | undefined
  readonly #counts = { signed: 0, failed: 0 }

  constructor(options: CheckpointsOptions) {
    this.#options = options
    this.#time = new BelievedTime(options.clock)
    this.#last = options.clock.monotonic()
  }

  get counts(): { readonly signed: number; readonly failed: number } {
    return this.#counts
  }

  /** Makes the first key if there is none, and begins to sign. @throws MasterKeyMismatch if another master key is in use */
  async start(): Promise<void> {
    const { store, masterKey, clock } = this.#options
    await store.addKey((keys, inUse) => {
      if (keys.length > 0) return undefined
      const key = makeAuditKey({ masterKey, inUse, now: clock.now() })
      return { key, event: systemEvent('audit_key.change', { kid: key.kid }, this.#options) }
    })
    await this.#open().catch(this.#options.onError)
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref()
  }

  /** Signs all that is not signed yet. Rejects if that fails. */
  async sign(): Promise<void> {
    await this.#working
    await this.#sign()
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#ending.abort()
    await this.sign().catch(this.#options.onError)
  }

  #look(): void {
    const { clock, written, onError } = this.#options
    const isDue = clock.monotonic() - this.#last >= EVERY_MS || written() - this.#written >= EVERY_EVENTS
    if (!isDue || this.#working !== undefined) return
    this.#working = this.#signAndRemove()
      .catch(onError)
      .finally(() => {
        this.#working = undefined
      })
  }

  async #signAndRemove(): Promise<void> {
    await this.#sign()
    const oldest = this.#time.now() - this.#options.retention
    await cleanUp((most) => this.#options.store.removeCheckpointsBefore(oldest, most), this.#ending.signal)
  }

  async #sign(): Promise<void> {
    const { store, clock, written, onCheckpoint } = this.#options
    this.#last = clock.monotonic()
    this.#written = written()
    try {
      const seal = await this.#open()
      const checkpoint = await store.addCheckpoint((draft) => signCheckpoint(draft, seal, clock.now()))
      if (checkpoint === undefined) return
      this.#counts.signed += 1
      onCheckpoint(checkpoint)
    } catch (error) {
      this.#counts.failed += 1
      throw error
    }
  }

  /** Opens the key in use, which may have changed. */
  async #open(): Promise<Seal> {
    const { store, masterKey } = this.#options
    const keys = await store.listKeys()
    const seal = openSeal(keys, masterKey)
    // A key that was opened stays usable, even if it is encrypted under another master key later.
    if ('problem' in seal && this.#seal !== undefined && this.#seal.kid === keys.at(-1)?.kid) return this.#seal
    if ('problem' in seal) {
      store.signWith(undefined)
      throw new Error(seal.problem)
    }
    store.signWith(seal)
    this.#seal = seal
    return seal
  }
}

/** Signs a draft. @param now milliseconds */
function signCheckpoint({ number, ...draft }: CheckpointDraft, seal: Seal, now: number): Checkpoint {
  const at = Math.floor(now)
  const content: CheckpointContent = { number, at: new Date(at).toISOString(), kid: seal.kid, ...draft }
  const statement = JSON.stringify(content)
  return { number, at, statement, signature: seal.sign(checkpointText(statement)) }
}
