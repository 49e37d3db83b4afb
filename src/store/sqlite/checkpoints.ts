import { statSync } from 'node:fs'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'

const LOOK_EVERY_MS = 1_000
/** As SQLite itself sets it: a thousand pages (https://sqlite.org/pragma.html#pragma_wal_autocheckpoint). Bytes. */
const DUE_FROM = 4 * 1024 * 1024
/** From then on writers wait for a moment, or under a load that never pauses the log would never begin anew. Bytes. */
const WRITERS_WAIT_FROM = 16 * 1024 * 1024

/** What the thread is told to do. */
export type CheckpointMode = 'PASSIVE' | 'RESTART'

/**
 * Has what stands in the write-ahead log moved into the database file, by a thread of its own: that waits for the disk,
 * several times, and whoever commits does it where nobody else has. The thread is made when there is something to do.
 */
export class Checkpoints {
  readonly #path: string
  readonly #timer: NodeJS.Timeout
  #thread: Worker | undefined
  #isUnderWay = false

  constructor(path: string) {
    this.#path = path
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS).unref()
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#thread?.terminate()
  }

  #look(): void {
    const size = statSync(`${this.#path}-wal`, { throwIfNoEntry: false })?.size ?? 0
    if (size < DUE_FROM || this.#isUnderWay) return
    this.#isUnderWay = true
    this.#thread ??= this.#start()
    this.#thread.postMessage((size < WRITERS_WAIT_FROM ? 'PASSIVE' : 'RESTART') satisfies CheckpointMode)
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
