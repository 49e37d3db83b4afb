import { rmSync, writeFileSync } from 'node:fs'
import { Agent } from 'node:https'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Config } from '../../src/config/resolve.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { openStore } from '../../src/store/open.ts'
import { environmentOf, startTessera } from '../harness/cli.ts'
import { extent, report } from '../harness/extent.ts'
import { Caller, clientLine, makeFleet, tokenIn } from '../harness/fleet.ts'
import { startNode } from '../harness/nodes.ts'
import type { Answer } from '../harness/post.ts'
import { startPostgres, type TestPostgres } from '../harness/postgres.ts'
import { runTessera } from '../harness/program.ts'
import { startRoundRobin } from '../harness/round-robin.ts'
import { testConfig } from '../harness/server.ts'
import { startTraffic, type Traffic } from '../harness/traffic.ts'
import { until } from '../harness/until.ts'
import { checkOut, findVersionBefore } from '../harness/version-before.ts'

const before = findVersionBefore()
const fleet = await makeFleet()
/** As in a rolling restart: a busy machine must not fail a request by itself. */
const PATIENT = {
  TESSERA_SHUTDOWN_DELAY: '3',
  TESSERA_SHUTDOWN_TIMEOUT: '20',
  TESSERA_STORAGE_REQUEST_TIMEOUT: '20000',
}

let postgres: TestPostgres
let old: ReturnType<typeof checkOut>
beforeAll(async () => {
  if (before === undefined) return
  old = checkOut(before)
  postgres = await startPostgres()
})
afterAll(async () => {
  if (before === undefined) return
  rmSync(old.folder, { recursive: true })
  await postgres.stop()
})

/** The requests of clients, and what must be known of them afterwards. */
class Load {
  readonly issued: string[] = []
  readonly revoked: string[] = []
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 4 })
  readonly #through: Caller
  readonly #issuer: string
  #lasting = ''

  constructor(issuer: string) {
    this.#issuer = issuer
    this.#through = new Caller(issuer, this.#agent)
  }

  async start(): Promise<Traffic> {
    this.#lasting = this.#note(await this.#through.ask())
    const sends = [
      async () => this.#note(await this.#through.ask()),
      async () => this.#note(await this.#through.present(await fleet.assert(this.#issuer))),
      () => this.#introspect(),
      () => this.#revoke(),
    ]
    return startTraffic(
      async (n) => {
        await sends[n % sends.length]?.()
        return 'ok'
      },
      { concurrency: 4, pause: extent(50, 0) },
    )
  }

  /** Waits until a server has learnt of the clients. */
  async untilKnownBy(node: { readonly url: string }): Promise<void> {
    const caller = new Caller(node.url, this.#agent)
    await until(async () => (await caller.ask()).status === 200)
  }

  /** The tokens that a server takes for active although they were revoked. */
  async forgottenBy(node: { readonly url: string }): Promise<readonly string[]> {
    const caller = new Caller(node.url, this.#agent)
    const states = await Promise.all(this.revoked.map((token) => caller.isActive(token)))
    return this.revoked.filter((_token, at) => states[at])
  }

  end(): void {
    this.#agent.destroy()
  }

  #note(answer: Answer): string {
    const token = tokenIn(answer)
    this.issued.push(token)
    return token
  }

  async #introspect(): Promise<void> {
    if (!(await this.#through.isActive(this.#lasting))) throw new Error('a valid token is inactive')
  }

  async #revoke(): Promise<void> {
    const token = this.#note(await this.#through.ask())
    const { status, body } = await this.#through.revoke(token)
    if (status !== 200) throw new Error(`no revocation: ${status} ${body}`)
    this.revoked.push(token)
  }
}

/** Applies a manifest with the program of the version before. */
async function applyBefore(config: Config, folder: string, manifest: string): Promise<void> {
  const file = join(folder, 'before.yaml')
  writeFileSync(file, manifest)
  const command = startTessera(['apply', '-f', file], environmentOf(config), '', { main: old.main })
  expect([await command.stop('SIGCONT'), command.output()]).toEqual([0, expect.anything()])
}

async function upgradeUnderLoad(product: string, storage: string): Promise<void> {
  const { config, folder } = await testConfig({ storage })
  // The first one creates the database.
  const nodes = [await startNode(config, PATIENT, old.main)]
  const balancer = await startRoundRobin(config.runtime.port, nodes)
  const load = new Load(config.issuer)
  try {
    nodes.push(await startNode(config, PATIENT, old.main))
    for (const node of nodes.slice(1)) balancer.add(node)
    await applyBefore(config, folder, fleet.manifest)
    for (const node of nodes) await load.untilKnownBy(node)
    const traffic = await load.start()
    const served = (count: number) => {
      const from = traffic.samples.length
      return until(async () => traffic.samples.length >= from + count)
    }
    await served(extent(40, 2_000))
    await applyBefore(config, folder, `${fleet.manifest}${clientLine('applied-before')}`)

    const env = environmentOf(config)
    const { code, stdout } = await runTessera(['upgrade', '--check', '--json'], env)
    const { due, side_by_side: sideBySide } = JSON.parse(stdout)
    expect({ code, sideBySide }).toEqual({ code: due.length > 0 ? 2 : 0, sideBySide: 'yes' })
    for (let count = 0; count < 2; count += 1) {
      const node = await startNode(config, PATIENT)
      nodes.push(node)
      balancer.add(node)
      await served(extent(40, 2_000))
    }
    expect((await runTessera(['upgrade', '--check'], env)).code).toBe(0)
    const manifest = join(folder, 'now.yaml')
    writeFileSync(manifest, `${fleet.manifest}${clientLine('applied-now')}`)
    expect(await runTessera(['apply', '-f', manifest], env)).toMatchObject({ code: 0 })
    // Every server honours the change, whichever version made it.
    for (const node of nodes) {
      const caller = new Caller(node.url, new Agent())
      for (const id of ['applied-before', 'applied-now']) await until(async () => (await caller.ask(id)).status === 200)
    }
    await sleep(extent(500, 20_000))
    for (const node of nodes.slice(0, 2)) {
      expect(await node.stop('SIGTERM')).toBe(0)
      await served(extent(40, 2_000))
    }
    await traffic.stop()
    const beside = balancer.given.slice(0, 2).reduce((sum, given) => sum + given, 0)
    report(`upgrade on ${product}`, { migrations: due.length, requests: traffic.samples.length, ...traffic.outcomes() })
    expect(Object.keys(traffic.outcomes())).toEqual(['ok'])
    expect(Math.min(beside, ...balancer.given)).toBeGreaterThan(0)
    for (const node of nodes.slice(2)) expect(await load.forgottenBy(node)).toEqual([])

    for (const node of nodes.slice(2)) expect(await node.stop('SIGTERM')).toBe(0)
    expect(await eventsMissing(config, load.issued)).toEqual([])
    const verified = await runTessera(['audit', 'verify'], env)
    expect(verified).toMatchObject({ code: 0 })
    expect(verified.stdout).not.toMatch(/unchained|without a chain/)
  } finally {
    await Promise.all(nodes.map((node) => node.stop()))
    load.end()
    await balancer.stop()
    rmSync(folder, { recursive: true })
  }
}

/** The tokens whose issue the audit log does not have. */
async function eventsMissing(config: Config, tokens: readonly string[]): Promise<readonly string[]> {
  const store = await openStore(config.storage, systemClock, config.storageAccess)
  try {
    const events = await store.audit.listEvents({ limit: 20 * tokens.length + 1_000 })
    const recorded = new Set(events.filter(({ type }) => type === 'token.issue').map(({ requestId }) => requestId))
    return tokens.filter((token) => !recorded.has(decodeJwt(token).jti ?? ''))
  } finally {
    await store.close()
  }
}

const products: [string, () => Promise<string>][] = [
  ['SQLite', async () => `sqlite:${join(old.folder, 'upgraded.db')}`],
  ['PostgreSQL', () => postgres.newSchema()],
]
const lacking = before === undefined ? ' (skipped: the history does not have the version before)' : ''

test.skipIf(before === undefined).each(products)(
  `an upgrade under load fails no request, with old and new servers side by side on %s${lacking}`,
  async (product, storage) => upgradeUnderLoad(product, await storage()),
  600_000,
)
