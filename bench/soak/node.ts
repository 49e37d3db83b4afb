import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../test/harness/port.ts'
import { issuer } from '../fleet.ts'
import { type Child, cores, type Workspace } from '../workspace.ts'
import { LIFETIME } from './fleet.ts'
import { KEYS_KEPT_MS } from './requests.ts'
import type { Backend } from './traffic-order.ts'
import type { Unexpected } from './verdict.ts'

const fileOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
/** The arguments of Node that run `tessera`, with its times of retention shortened. */
export const tessera = ['--import', fileOf('./days-are-minutes.ts'), fileOf('../../src/cli/main.ts')] as const
/** The level of errors in the log (pino). */
const ERROR = 50

/** The start of the lines with which the command itself speaks. */
const SAID = 'tessera: '

/** The settings that both servers share. */
export interface Shared {
  readonly storage: string
  readonly masterKeyFile: string
  readonly previousMasterKeyFile: string
  /** For how long audit events and usage are kept. */
  readonly minutesKept: number
}

/** A server as `tessera serve` runs it, which can be reloaded and restarted. */
export class SoakNode implements Backend {
  readonly name: string
  readonly origin: string
  readonly admin: string
  readonly configFile: string
  readonly #workspace: Workspace
  readonly #shared: Shared
  readonly #errors = new Map<string, number>()
  #process: Child | undefined
  #lives = 0
  #reloads = 0

  static async start(name: string, workspace: Workspace, shared: Shared): Promise<SoakNode> {
    const node = new SoakNode(name, workspace, shared, { port: await freePort(), adminPort: await freePort() })
    await node.#start()
    return node
  }

  private constructor(
    name: string,
    workspace: Workspace,
    shared: Shared,
    ports: { readonly port: number; readonly adminPort: number },
  ) {
    this.name = name
    this.#workspace = workspace
    this.#shared = shared
    this.origin = `http://127.0.0.1:${ports.port}`
    this.admin = `http://127.0.0.1:${ports.adminPort}`
    this.configFile = join(workspace.folder, `${name}.yaml`)
    this.#configure()
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  /** The number of processes so far. */
  get lives(): number {
    return this.#lives
  }

  /** Lines of the log with errors, by their messages. */
  get unexpected(): readonly Unexpected[] {
    return Array.from(this.#errors, ([message, count]) => ({
      what: `error in the log of ${this.name}: ${message}`,
      count,
    }))
  }

  /** Changes the configuration, and sends SIGHUP. */
  reload(): void {
    this.#reloads += 1
    this.#configure()
    if (this.pid !== undefined) process.kill(this.pid, 'SIGHUP')
  }

  /** Stops the process as a load balancer expects it, and starts another. */
  async restart(): Promise<void> {
    const stopping = this.#process
    this.#process = undefined
    await stopping?.stop()
    await this.#start()
  }

  async #start(): Promise<void> {
    const args = [...tessera, 'serve', '--config', this.configFile]
    const started = this.#workspace.start({ args, usesAllCores: true }, cores.server)
    this.#follow(started)
    await started.says(/health is on/)
    this.#process = started
    this.#lives += 1
  }

  /** Notes the errors in its log. */
  async #follow({ stderr }: Child): Promise<void> {
    for await (const line of createInterface({ input: stderr })) {
      if (line.startsWith(SAID)) continue
      const { level, msg, err } = line.startsWith('{') ? JSON.parse(line) : { level: ERROR, msg: line }
      if (level < ERROR) continue
      const message = err === undefined ? msg : `${msg}: ${err.message}`
      this.#errors.set(message, (this.#errors.get(message) ?? 0) + 1)
    }
  }

  /** Writes the configuration, which differs in reloadable options after each reload. */
  #configure(): void {
    const { storage, masterKeyFile, previousMasterKeyFile, minutesKept } = this.#shared
    const host = '127.0.0.1'
    const isOdd = this.#reloads % 2 === 1
    const config = {
      issuer,
      storage,
      // For PostgreSQL only. A machine that is busy with other work must not fail a request by itself.
      storage_request_timeout: 20_000,
      master_key_file: masterKeyFile,
      previous_master_key_file: previousMasterKeyFile,
      runtime: {
        host,
        port: Number(new URL(this.origin).port),
        tls: 'off',
        trusted_proxies: isOdd ? ['127.0.0.1', '::1'] : ['127.0.0.1'],
        certificate_header: 'client-cert',
      },
      admin: { host, port: Number(new URL(this.admin).port), metrics: 'open' },
      token: { lifetime: isOdd ? LIFETIME - 1 : LIFETIME },
      keys: { rotate_every: 180, publish_before: 15, cache_max_age: KEYS_KEPT_MS / 1000 },
      audit: { retention_days: minutesKept },
      usage: { minutes_kept: Math.min(168, 24 * minutesKept), hours_kept: minutesKept, days_kept: minutesKept },
      log: { level: isOdd ? 'warn' : 'info' },
      shutdown: { delay: 4, timeout: 20 },
    }
    writeFileSync(this.configFile, JSON.stringify(config), { mode: 0o600 })
  }
}
