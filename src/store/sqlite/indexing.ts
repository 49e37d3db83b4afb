import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { LOOK_EVERY_MS } from './checkpoints.ts'

/** Indexes events on a worker thread, so that no request waits for it. The thread is started when there is a segment to index. */
export class Indexing {
  readonly #path: string
  readonly #isDue: () => Promise<boolean>
  readonly #timer: NodeJS.Timeout
  #thread: Worker | undefined
  #isUnderWay = false
  #isClosed = false

  constructor(path: string, isDue: () => Promise<boolean>) {
    this.#path = path
    this.#isDue = isDue
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
    if (this.#isUnderWay || !(await this.#isDue())) return
    // Another look may have begun meanwhile, or this object may have been closed.
    if (this.#isUnderWay || this.#isClosed) return
    this.#isUnderWay = true
    this.#thread ??= this.#start()
    this.#thread.postMessage('index')
  }

  #start(): Worker {
    const file = new URL(`./index-thread${extname(import.meta.filename)}`, import.meta.url)
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
