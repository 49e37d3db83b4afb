import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type BenchClient, basic, tokenPath } from '../fleet.ts'
import { cores, type Workspace } from '../workspace.ts'
import { administrator, passingManifest, rotating } from './fleet.ts'
import { type SoakNode, tessera } from './node.ts'
import type { Traffic } from './traffic.ts'
import type { Unexpected } from './verdict.ts'

/** Seconds between two disturbances of a kind. */
interface Pace {
  readonly apply: number
  readonly read: number
  readonly reload: number
  readonly rotateSecret: number
  readonly rotateKey: number
  readonly rotateMasterKey: number
  readonly rotateAuditKey: number
  readonly restart: number
}

const PACE: Pace = {
  apply: 15,
  read: 2,
  reload: 30,
  rotateSecret: 60,
  rotateKey: 100,
  rotateMasterKey: 420,
  rotateAuditKey: 600,
  restart: 240,
}
/** Milliseconds in which every server knows of a change. It is a second; a busy machine gets more. */
const KNOWN_MS = 5_000
/** Seconds for which a rotated secret is valid beside the new one. */
const OVERLAP = 30
const PASS_FORM = 'grant_type=client_credentials&scope=edit'
const READS = [
  '/clients?limit=50',
  '/clients?search=passing&limit=20',
  '/apis',
  '/keys',
  '/credentials?limit=50',
  '/revocations?limit=50',
  '/usage/top',
  '/audit/events?limit=50',
  '/audit/events?client=client-00007&limit=20',
  '/clients/client-00007/usage',
  '/clients/rotating/credentials',
  '/nodes',
]

interface Means {
  readonly workspace: Workspace
  /** The server that lives for the whole run. */
  readonly lasting: SoakNode
  /** The server that is restarted again and again. */
  readonly restarted: SoakNode
  readonly traffic: Traffic
  /** The environment of commands, under the one master key and under the other. */
  readonly commands: readonly [Record<string, string>, Record<string, string>]
}

/** Rotates, applies, reads, reloads and restarts until it is told to end. */
export class Disturbances {
  readonly counts: Record<string, number> = {}
  readonly #means: Means
  readonly #unexpected = new Map<string, number>()
  readonly #working: Promise<void>[] = []
  #generation = 0
  #masterKey = 0
  #reads = 0
  #isOver = false

  constructor(means: Means) {
    this.#means = means
  }

  get unexpected(): readonly Unexpected[] {
    return Array.from(this.#unexpected, ([what, count]) => ({ what, count }))
  }

  start(): void {
    this.#repeat('apply', PACE.apply, () => this.#apply())
    this.#repeat('read of the admin API', PACE.read, () => this.#read())
    this.#repeat('reload', PACE.reload, async () => {
      for (const node of [this.#means.lasting, this.#means.restarted]) node.reload()
    })
    this.#repeat('rotation of a secret', PACE.rotateSecret, () => this.#rotateSecret())
    this.#repeat('rotation of a key', PACE.rotateKey, () => this.#rotateKey())
    this.#repeat('change of the master key', PACE.rotateMasterKey, () => this.#rotateMasterKey())
    this.#repeat('rotation of the key of the audit log', PACE.rotateAuditKey, () =>
      this.#run('audit', 'rotate-key', '--reason', 'soak'),
    )
    this.#repeat('restart', PACE.restart, () => this.#means.restarted.restart())
  }

  /** Ends once what is under way is done. */
  async end(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#working)
  }

  /** Verifies the audit log. */
  async verify(): Promise<void> {
    await this.#note('verification of the audit log', () => this.#run('audit', 'verify'))
  }

  #repeat(name: string, seconds: number, work: () => Promise<void>): void {
    const working = async () => {
      // Disturbances of a short run come sooner.
      for (let next = performance.now() + (seconds * 1000) / 4; !this.#isOver; ) {
        if (performance.now() < next) {
          await sleep(100)
          continue
        }
        await this.#note(name, work)
        next = performance.now() + seconds * 1000
      }
    }
    this.#working.push(working())
  }

  async #note(name: string, work: () => Promise<void>): Promise<void> {
    this.counts[name] = (this.counts[name] ?? 0) + 1
    await work().catch((error: unknown) => {
      const what = `${name}: ${error instanceof Error ? error.message : error}`.slice(0, 600)
      process.stderr.write(`${new Date().toISOString()} ${what}\n`)
      this.#unexpected.set(what, (this.#unexpected.get(what) ?? 0) + 1)
    })
  }

  async #apply(): Promise<void> {
    const { newest, gone, manifest } = passingManifest(this.#generation)
    this.#generation += 1
    const file = join(this.#means.workspace.folder, 'passing.json')
    writeFileSync(file, JSON.stringify(manifest))
    await this.#run('apply', '-f', file, '--prune', '--allow-destroy')
    if (newest !== undefined) await this.#untilAnswer(newest, 200)
    if (gone !== undefined) await this.#untilAnswer(gone, 401)
  }

  /** Waits until every server gives a client the expected answer. */
  async #untilAnswer(client: BenchClient, expected: number): Promise<void> {
    for (const until = performance.now() + KNOWN_MS; ; await sleep(100)) {
      const statuses = await Promise.all([this.#ask(this.#means.lasting, client), this.#askRestarted(client)])
      if (statuses.every((status) => status === expected || status === undefined)) return
      if (performance.now() > until) throw new Error(`${client.id} got ${statuses}, not ${expected}`)
    }
  }

  async #ask({ origin }: SoakNode, client: BenchClient): Promise<number> {
    const headers = { authorization: basic(client), 'content-type': 'application/x-www-form-urlencoded' }
    const response = await fetch(origin + tokenPath, { method: 'POST', headers, body: PASS_FORM })
    await response.body?.cancel()
    return response.status
  }

  /** @returns undefined while the server is being restarted */
  async #askRestarted(client: BenchClient): Promise<number | undefined> {
    const { restarted } = this.#means
    const { pid } = restarted
    if (pid === undefined) return undefined
    return this.#ask(restarted, client).catch((error: unknown) => {
      if (restarted.pid === pid) throw error
      return undefined
    })
  }

  async #read(): Promise<void> {
    const { lasting } = this.#means
    const path = READS[this.#reads++ % READS.length]
    const token = await this.#administrate()
    const headers = { authorization: `Bearer ${token}` }
    const response = await fetch(`${lasting.admin}/api/v1${path}`, { headers })
    const text = await response.text()
    if (response.status !== 200) throw new Error(`GET ${path}: ${response.status} ${text}`)
  }

  async #administrate(): Promise<string> {
    const headers = { authorization: basic(administrator), 'content-type': 'application/x-www-form-urlencoded' }
    const body = 'grant_type=client_credentials&resource=urn:tessera:admin'
    const response = await fetch(this.#means.lasting.origin + tokenPath, { method: 'POST', headers, body })
    const text = await response.text()
    if (response.status !== 200) throw new Error(`a token to administrate: ${response.status} ${text}`)
    return JSON.parse(text).access_token
  }

  async #rotateSecret(): Promise<void> {
    const file = join(this.#means.workspace.folder, 'rotated.jsonl')
    rmSync(file, { force: true })
    await this.#run('credentials', 'rotate', rotating.id, '--overlap', `${OVERLAP}s`, '--secrets-to', `file:${file}`)
    const { secret } = JSON.parse(readFileSync(file, 'utf8'))
    await this.#untilAnswer({ id: rotating.id, secret }, 200)
    await this.#means.traffic.order({ order: 'secret', secret })
  }

  /** Each other time it is the key of sealed tokens. */
  #rotateKey(): Promise<void> {
    const isSealed = (this.counts['rotation of a key'] ?? 0) % 2 === 0
    return this.#run('keys', 'rotate', '--algorithm', isSealed ? 'A256GCM' : 'ES256', '--reason', 'soak')
  }

  /** Puts the other master key in use. Every server has both. */
  #rotateMasterKey(): Promise<void> {
    this.#masterKey = 1 - this.#masterKey
    return this.#run('keys', 'rewrap', '--reason', 'soak')
  }

  #run(...args: readonly string[]): Promise<void> {
    const { workspace, commands } = this.#means
    const env = commands[this.#masterKey === 0 ? 0 : 1]
    return workspace.start({ args: [...tessera, ...args], env, usesAllCores: true }, cores.load).done()
  }
}
