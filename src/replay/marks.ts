import { hash } from 'node:crypto'
import { BelievedTime } from '../platform/believed-time.ts'
import { cleanUp } from '../platform/clean-up.ts'
import type { Clock } from '../platform/clock.ts'
import type { ReplayMark, ReplayStore } from './store.ts'

/**
 * A mark is kept for this long after its JWT has expired. If the clock is set back by up to an hour, the JWT is valid again. Its
 * mark then still prevents a replay. Milliseconds.
 */
const KEPT_MS = 65 * 60_000
/** The most marks in one statement. */
const MOST_AT_ONCE = 250

interface Waiting {
  readonly mark: ReplayMark
  readonly resolve: (isFirst: boolean) => void
  readonly reject: (error: unknown) => void
}

/** Marks JWT ids as used, in the database. So an id counts as unused only once, across all processes and restarts. */
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

  /** Counts of first uses, which were written, and of repeated uses, which were refused. */
  get counts(): { readonly written: number; readonly refused: number } {
    return { written: this.#written, refused: this.#refused }
  }

  /**
   * Marks `id` as used. Resolves, once the mark is stored, with whether this was the first use.
   * @param context the owner of the id: the same id in two contexts counts as two ids
   * @param expiresAt the time from which on the JWT is refused as expired, in milliseconds
   * @throws StorageUnavailable if the database does not answer
   */
  first(context: string, id: string, expiresAt: number): Promise<boolean> {
    const mark = { id: markOf(context, id), expiresAt: expiresAt + KEPT_MS }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ mark, resolve, reject })
      // Ids of one turn, and ids that arrive during a write, are written together.
      if (this.#waiting.length === 1 && !this.#isWriting) setImmediate(() => this.#writeAll())
    })
  }

  /** Removes the marks of proofs and assertions that are too old to be replayed. */
  async prune(ending?: AbortSignal): Promise<void> {
    const now = this.#time.now()
    await cleanUp((most) => this.#store.pruneMarks(now, most), ending)
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
    // If one id occurs twice in a batch, only the first may count as the first use. The database could not tell them apart.
    const unique = new Map(batch.map(({ mark }) => [mark.id.toString('latin1'), mark]))
    const added = new Set((await this.#store.addMarks([...unique.values()])).map((id) => id.toString('latin1')))
    this.#written += added.size
    this.#refused += batch.length - added.size
    for (const { mark, resolve } of batch) resolve(added.delete(mark.id.toString('latin1')))
  }
}

/** The stored form of an id: 128 bits of a hash. Nobody can find a second id with the same hash, and long ids take no more room. */
const markOf = (context: string, id: string): Buffer =>
  hash('sha256', `${context.length}:${context}${id}`, 'buffer').subarray(0, 16)
