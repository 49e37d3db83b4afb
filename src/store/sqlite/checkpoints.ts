import { statSync } from 'node:fs'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { excessOf, type Pages } from './free-pages.ts'

/** How often upkeep looks whether there is something to do. Milliseconds. */
export const LOOK_EVERY_MS = 1_000
/** A checkpoint is due from this size of the log on: a thousand pages, SQLite's own default. Bytes. */
const DUE_FROM = 4 * 1024 * 1024
/** Writers wait for the checkpoint from this size on. Under constant load the log would otherwise never begin anew. Bytes. */
const WRITERS_WAIT_FROM = 16 * 1024 * 1024

/** A task for the thread. */
export interface Task {
  /** `PASSIVE` lets others write during the checkpoint. `RESTART` makes them wait for its end. */
  readonly mode: 'PASSIVE' | 'RESTART'
  /** Whether to give free pages back to the disk before the checkpoint. */
  readonly releases: boolean
}

/**
 * Checkpoints the write-ahead log on a worker thread. A checkpoint waits for the disk several times, and SQLite would otherwise run
 * it inside some request's commit (https://sqlite.org/pragma.html#pragma_wal_autocheckpoint). The thread also gives pages that
 * clean-up has freed back to the disk. It is started when there is work to do.
 */
export class Checkpoints {
  readonly #path: string
  readonly #pages: () => Promise<Pages | undefined>
  readonly #timer: NodeJS.Timeout
  #thread: Worker | undefined
  #isUnderWay = false
  #isClosed = false

  /** @param pages counts the pages of the file; undefined if the file can't give any back without being rewritten */
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

  /** Failures are not reported here, since every other user of the database meets them, too. */
  #lookQuietly(): void {
    this.#look().catch(() => {})
  }

  async #look(): Promise<void> {
    if (this.#isUnderWay) return
    const task = await this.#due()
    // Another task may have begun meanwhile, or this object may have been closed.
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

  /** Starts the thread. After a failure a new one tries again. If all fail, a commit runs the checkpoint and reports why. */
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
