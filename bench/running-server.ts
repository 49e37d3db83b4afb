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

/** The outcome of one measured load on a server. */
export interface Round extends LoadResult {
  /** The part of the time in which the server used its core, or undefined if the system doesn't tell. */
  readonly serverBusy: number | undefined
}

/** Milliseconds for a server's background work to end, so that it doesn't disturb the next measurement. */
const SETTLE_MS = 500

/** A running server that has passed its task's checks. Every call rejects if it misbehaves. */
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
    // Write pending data to disk now, so that it doesn't delay later measurements.
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

  /** The number of distinct requests. */
  get distinctRequests(): number {
    return this.#work.requests.values.length
  }

  /** Whether it also uses the load's core. */
  get usesAllCores(): boolean {
    return this.#prepared.usesAllCores === true
  }

  /** Resident memory in bytes, or undefined if the system doesn't tell. */
  get rssBytes(): number | undefined {
    return residentBytes(this.#process.pid)
  }

  /** Puts the server under load. */
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

  /** Stops the server, and checks that it did its work. */
  async finish(): Promise<void> {
    const { issued, issuedByEach } = this.#work
    await this.#process.stop()
    await this.#prepared.inspect?.(issued + this.#answered * issuedByEach)
  }
}
