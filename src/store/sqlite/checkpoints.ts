import { statSync } from 'node:fs'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { excessOf, type Pages } from './free-pages.ts'

const LOOK_EVERY_MS = 1_000
/** As SQLite itself sets it: a thousand pages (https://sqlite.org/pragma.html#pragma_wal_autocheckpoint). Bytes. */
const DUE_FROM = 4 * 1024 * 1024
/** From then on writers wait for a moment, or under a load that never pauses the log would never begin anew. Bytes. */
const WRITERS_WAIT_FROM = 16 * 1024 * 1024

/** What the thread is told to do. */
export interface Task {
  /** `PASSIVE` lets others write during the checkpoint. `RESTART` makes them wait for its end. */
  readonly mode: 'PASSIVE' | 'RESTART'
  /** Whether free pages are given back to the disk before the checkpoint. */
  readonly releases: boolean
}

/**
 * Has what stands in the write-ahead log moved into the database file, by a thread of its own: that waits for the disk,
 * several times, and whoever commits does it where nobody else has. The same thread gives back to the disk what clean-up has
 * left free. It is made when there is something to do.
 */
export class Checkpoints {
  readonly #path: string
  readonly #pages: () => Promise<Pages | undefined>
  readonly #timer: NodeJS.Timeout
  #thread: Worker | undefined
  #isUnderWay = false
  #isClosed = false

  /** @param pages counts the pages of the file; undefined where it can't give any back without being written anew */
  constructor(path: string, pages: () => Promise<Pages | undefined>) {
    this.#path = path
    this.#pages = pages
    this.#timer = setInterval(() => this.#lookQuietly(), LOOK_EVERY_MS).unref()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    await this.#thread?.terminate()
  }

  /** A failure is not reported here: every other user of the database meets it, too. */
  #lookQuietly(): void {
    this.#look().catch(() => {})
  }

  async #look(): Promise<void> {
    if (this.#isUnderWay) return
    const task = await this.#due()
    // Another look may have begun meanwhile, or the end.
    if (task === undefined || this.#isUnderWay || this.#isClosed) return
    this.#isUnderWay = true
    this.#thread ??= this.#start()
    this.#thread.postMessage(task)
  }

  async #due(): Promise<Task | undefined> {
    const size = statSync(`${this.#path}-wal`, { throwIfNoEntry: false })?.size ?? 0
    const pages = await this.#pages()
    const releases = pages !== undefined && excessOf(pages) > 0
    if (size < DUE_FROM && !releases) return undefined
    return { mode: size < WRITERS_WAIT_FROM ? 'PASSIVE' : 'RESTART', releases }
  }

  /** What fails is tried again: until then the log grows, and in the end who commits sees why. */
  #start(): Worker {
    const file = new URL(`./checkpoint-thread${extname(import.meta.filename)}`, import.meta.url)
    const thread = new Worker(file, { workerData: this.#path })
    thread.unref()
    thread.on('message', () => {
      this.#isUnderWay = false
    })
    thread.on('error', () => {
      this.#isUnderWay = false
      this.#thread = undefined
    })
    return thread
  }
}
