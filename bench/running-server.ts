import { spawnSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BenchClient } from './fleet.ts'
import type { LoadOrder, LoadResult, Requests } from './load/order.ts'
import type { LoadProcess } from './load/process.ts'
import type { BenchServer, PreparedServer } from './servers/server.ts'
import type { Task, Work } from './tasks/task.ts'
import { residentBytes, watchProcessor } from './usage.ts'
import { type Child, cores, type Workspace } from './workspace.ts'

/** What came of some seconds of load on a server. */
export interface Round extends LoadResult {
  /** The part of the time for which the server had its core; undefined where the system doesn't tell. */
  readonly serverBusy: number | undefined
}

/** What a server does off the path of its requests is over by then, and is not left to whoever is measured next. */
const SETTLE_MS = 500

/** A server that is up and does its task. Every call rejects where it does anything else. */
export class RunningServer {
  readonly server: BenchServer
  readonly #prepared: PreparedServer
  readonly #process: Child
  readonly #work: Work
  #answered = 0

  static async start(
    server: BenchServer,
    task: Task,
    workspace: Workspace,
    clients: readonly [BenchClient, ...BenchClient[]],
  ): Promise<RunningServer> {
    const folder = mkdtempSync(join(workspace.folder, `${server.name}-`))
    const prepared = await server.prepare(workspace, folder, clients)
    // What is left to be written of that would hold up whatever waits for the disk later.
    spawnSync('sync')
    const process = workspace.start(prepared, cores.server)
    const [origin] = await process.says(/http:\/\/127\.0\.0\.1:\d+/)
    return new RunningServer(server, prepared, process, await task.prepare(server, origin, clients))
  }

  private constructor(server: BenchServer, prepared: PreparedServer, process: Child, work: Work) {
    this.server = server
    this.#prepared = prepared
    this.#process = process
    this.#work = work
  }

  /** The number of its requests that differ. */
  get distinctRequests(): number {
    return this.#work.requests.values.length
  }

  /** Whether it has cores that the load uses, too. */
  get usesAllCores(): boolean {
    return this.#prepared.usesAllCores === true
  }

  /** Memory that it has in RAM, in bytes; undefined where the system doesn't tell. */
  get rssBytes(): number | undefined {
    return residentBytes(this.#process.pid)
  }

  /** Puts it under load. */
  async load(load: LoadProcess, order: Omit<LoadOrder, keyof Requests | 'from'>): Promise<Round> {
    const used = watchProcessor(this.#process.pid)
    const result = await load
      .run({ ...this.#work.requests, ...order, from: this.#answered })
      .catch((cause: unknown) => {
        const why = cause instanceof Error ? cause.message : cause
        throw new Error(`${why}\nIt said last:\n${this.#process.tail}`, { cause })
      })
    const milliseconds = used()
    const serverBusy = milliseconds === undefined ? undefined : milliseconds / result.elapsed_ms
    this.#answered += result.answered
    await sleep(SETTLE_MS)
    return { ...result, serverBusy }
  }

  /** Stops it, and looks whether it did all that it should have. */
  async finish(): Promise<void> {
    const { issued, issuedByEach } = this.#work
    await this.#process.stop()
    await this.#prepared.inspect?.(issued + this.#answered * issuedByEach)
  }
}
