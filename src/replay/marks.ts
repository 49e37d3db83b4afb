import { hash } from 'node:crypto'
import { BelievedTime } from '../platform/believed-time.ts'
import { cleanUp } from '../platform/clean-up.ts'
import type { Clock } from '../platform/clock.ts'
import type { ReplayMark, ReplayStore } from './store.ts'

/**
 * A mark outlives what it is of by so much: a clock that is set back by up to an hour makes nothing usable again whose mark
 * is gone. Milliseconds.
 */
const KEPT_MS = 65 * 60_000
/** Marks in one statement. */
const MOST_AT_ONCE = 250

interface Waiting {
  readonly mark: ReplayMark
  readonly resolve: (isFirst: boolean) => void
  readonly reject: (error: unknown) => void
}

/** Marks what is used, in the database: of all processes on it, and through restarts, one is the first. */
export class ReplayMarks {
  readonly #store: ReplayStore
  readonly #time: BelievedTime
  #waiting: Waiting[] = []
  #isWriting = false
  #written = 0
  #refused = 0

  constructor(store: ReplayStore, clock: Clock) {
    this.#store = store
    this.#time = new BelievedTime(clock)
  }

  /** Of uses: the first ones, which were written, and those after, which were refused. */
  get counts(): { readonly written: number; readonly refused: number } {
    return { written: this.#written, refused: this.#refused }
  }

  /**
   * Whether this is the first use of `id`; kept for good before it resolves.
   * @param context whose id it is: one id in two contexts is two
   * @param expiresAt milliseconds; from then on it is refused for its age
   * @throws StorageUnavailable where nobody can know
   */
  first(context: string, id: string, expiresAt: number): Promise<boolean> {
    const mark = { id: markOf(context, id), expiresAt: expiresAt + KEPT_MS }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ mark, resolve, reject })
      // What comes in this turn, and while a write is under way, goes in together.
      if (this.#waiting.length === 1 && !this.#isWriting) setImmediate(() => this.#writeAll())
    })
  }

  /** Removes the marks of proofs and assertions that are too old to be replayed. */
  async prune(): Promise<void> {
    const now = this.#time.now()
    await cleanUp((most) => this.#store.pruneMarks(now, most))
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MOST_AT_ONCE)
      await this.#write(batch).catch((error: unknown) => {
        for (const { reject } of batch) reject(error)
      })
    }
    this.#isWriting = false
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    // Of two in one batch the database would take either for the first.
    const unique = new Map(batch.map(({ mark }) => [mark.id.toString('latin1'), mark]))
    const added = new Set((await this.#store.addMarks([...unique.values()])).map((id) => id.toString('latin1')))
    this.#written += added.size
    this.#refused += batch.length - added.size
    for (const { mark, resolve } of batch) resolve(added.delete(mark.id.toString('latin1')))
  }
}

/** 128 bits: nobody finds a second id to one that was used, however long either is. */
const markOf = (context: string, id: string): Buffer =>
  hash('sha256', `${context.length}:${context}${id}`, 'buffer').subarray(0, 16)
