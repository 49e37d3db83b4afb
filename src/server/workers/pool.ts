import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import type { AuditSink } from '../../audit/sink.ts'
import type { Guesses } from '../../client-auth/throttle/guesses.ts'
import { type PlainConfig, toPlainConfig } from '../../config/plain.ts'
import type { Config } from '../../config/resolve.ts'
import type { Logger } from '../../observability/log.ts'
import { UserError } from '../../platform/user-error.ts'
import type { Channel, FromPrimary, FromWorker } from './channel.ts'
import { WorkerMetrics } from './metrics.ts'
import { serveWorker } from './serve-worker.ts'

/** The pause before a crashed worker is replaced. It doubles with each quick crash, up to `most`. Milliseconds. */
const REPLACE_AFTER = { first: 100, most: 5_000 }
/** After this lifetime a crash is not a failed start, and the pause begins anew. Milliseconds. */
const LIVED_WELL_MS = 10_000
/** How often it is checked whether workers are alive, in milliseconds, and the most checks in a row that a worker may be silent. */
const LIFE = { checkedEvery: 1_000, silentChecks: 20 }
/** The time after `stopTimeout` at which a worker is killed. Milliseconds. */
const KILL_AFTER_MS = 5_000

interface PoolOptions {
  /** The configuration that workers start with. */
  readonly config: Config
  readonly workers: number
  readonly audit: AuditSink
  readonly guesses: Guesses
  readonly log: Logger
  /** The time that a worker may take to stop. Milliseconds. */
  readonly stopTimeout: number
}

/** Keeps a number of workers running. Each is this same program, started with the same arguments. */
export class WorkerPool {
  readonly #options: PoolOptions
  readonly #running = new Set<Worker>()
  /** The workers that listen, with the number of checks since the last message of each. */
  readonly #ready = new Map<Worker, number>()
  readonly #problems = new Map<Worker, readonly string[]>()
  readonly metrics = new WorkerMetrics()
  #ended = 0
  /** The workers that have received the configuration. */
  readonly #told = new Set<Worker>()
  #config: PlainConfig
  #pause = REPLACE_AFTER.first
  #isStopping = false
  #checks: NodeJS.Timeout | undefined

  constructor(options: PoolOptions) {
    this.#options = options
    this.#config = toPlainConfig(options.config)
  }

  /** The number of workers that listen. */
  get ready(): number {
    return this.#ready.size
  }

  /** The reasons why workers can't answer as they should, each line once. */
  get problems(): readonly string[] {
    return [...new Set([...this.#problems.values()].flat())]
  }

  /** The number of workers that ended by themselves. */
  get ended(): number {
    return this.#ended
  }

  /** The configured number of workers. */
  get configured(): number {
    return this.#options.workers
  }

  /** Starts the workers. Resolves once all listen. @throws UserError if one can't start */
  async start(): Promise<void> {
    this.#checks = setInterval(() => this.#killSilent(), LIFE.checkedEvery).unref()
    await Promise.all(Array.from({ length: this.#options.workers }, () => this.#fork()))
  }

  /** Makes the workers finish their requests. Resolves when all have ended. */
  async stop(): Promise<void> {
    this.#isStopping = true
    clearInterval(this.#checks)
    await Promise.all([...this.#running].map((worker) => this.#end(worker)))
  }

  /** Puts another configuration in force at present and later workers. Resolves when all have answered. Failures are logged. */
  async reload(config: Config): Promise<void> {
    this.#config = toPlainConfig(config)
    await Promise.all([...this.#told].map((worker) => this.#reload(worker)))
  }

  #reload(worker: Worker): Promise<void> {
    return new Promise((resolve) => {
      const take = (message: FromWorker): void => {
        if (message.kind !== 'reloaded') return
        const { problem } = message
        if (problem !== undefined) {
          this.#options.log.error({ worker: worker.process.pid, problem }, 'a worker could not reload')
        }
        end()
      }
      // A worker lives for many reloads, so both listeners go with each.
      const end = (): void => {
        worker.off('message', take)
        worker.off('exit', end)
        resolve()
      }
      worker.on('message', take)
      worker.once('exit', end)
      channelOf(worker).send({ kind: 'config', config: this.#config })
    })
  }

  #tell(worker: Worker): void {
    this.#told.add(worker)
    channelOf(worker).send({ kind: 'config', config: this.#config })
  }

  async #end(worker: Worker): Promise<void> {
    const gone = once(worker.process, 'exit')
    worker.process.kill('SIGTERM')
    const late = setTimeout(() => worker.process.kill('SIGKILL'), this.#options.stopTimeout + KILL_AFTER_MS)
    await gone
    clearTimeout(late)
  }

  /**
   * Kills workers that hang, since the system still hands them connections. It counts checks, not seconds: after a pause of the machine,
   * or of this process, the messages of the workers come after the first check.
   */
  #killSilent(): void {
    for (const [worker, checks] of this.#ready) {
      this.#ready.set(worker, checks + 1)
      if (checks !== LIFE.silentChecks) continue
      this.#options.log.error({ worker: worker.process.pid }, 'a worker does not answer, and is killed')
      worker.process.kill('SIGKILL')
    }
  }

  /** Resolves once the worker listens. */
  #fork(): Promise<void> {
    const worker = cluster.fork()
    const startedAt = performance.now()
    this.#running.add(worker)
    const channel = channelOf(worker)
    serveWorker(channel, this.#options)
    const forget = this.metrics.add(channel)
    return new Promise((resolve, reject) => {
      worker.on('message', (message: FromWorker) => {
        if (this.#ready.has(worker)) this.#ready.set(worker, 0)
        if (message.kind === 'starting') this.#tell(worker)
        if (message.kind === 'failed') reject(new UserError(message.message))
        if (message.kind === 'condition') this.#problems.set(worker, message.problems)
        if (message.kind !== 'ready') return
        this.#ready.set(worker, 0)
        resolve()
      })
      worker.once('exit', (code, signal) => {
        this.#running.delete(worker)
        this.#ready.delete(worker)
        this.#problems.delete(worker)
        this.#told.delete(worker)
        forget()
        reject(new Error(`a worker ended before it listened (${signal ?? `exit code ${code}`})`))
        if (!this.#isStopping) this.#replace(worker, performance.now() - startedAt, signal ?? `exit code ${code}`)
      })
    })
  }

  #replace(worker: Worker, lived: number, how: string): void {
    this.#ended += 1
    this.#pause = lived > LIVED_WELL_MS ? REPLACE_AFTER.first : Math.min(REPLACE_AFTER.most, this.#pause * 2)
    this.#options.log.error({ worker: worker.process.pid, ended: how }, 'a worker ended; another takes its place')
    setTimeout(() => {
      if (this.#isStopping) return
      this.#fork().catch((error: unknown) => this.#options.log.error({ err: error }, 'a worker could not start'))
    }, this.#pause).unref()
  }
}

const channelOf = (worker: Worker): Channel<FromPrimary, FromWorker> => ({
  send: (message) => {
    // A worker that has just ended needs no message.
    if (worker.isConnected()) worker.send(message)
  },
  onMessage: (take) => worker.on('message', take),
})
