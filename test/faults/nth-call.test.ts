import { mkdtempSync, rmSync } from 'node:fs'
import { Agent } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { keysRevoke, keysRotate } from '../../src/cli/keys.ts'
import { keysRepair } from '../../src/cli/keys-repair.ts'
import { Jti } from '../../src/oauth/ids.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { openStore } from '../../src/store/open.ts'
import type { Breaker, Failure } from '../harness/breaker.ts'
import { environmentOf } from '../harness/cli.ts'
import { type Ran, runCommand } from '../harness/command.ts'
import { extent, report } from '../harness/extent.ts'
import { Caller, clientLine, makeFleet, tokenIn } from '../harness/fleet.ts'
import type { Answer } from '../harness/post.ts'
import { startPostgres, type TestPostgres } from '../harness/postgres.ts'
import { openRows, type Rows } from '../harness/rows.ts'
import { applyTo, startTestServer, type TestServer, testConfig } from '../harness/server.ts'
import { type SqliteCalls, takeOverSqlite } from '../harness/sqlite-calls.ts'
import { type Link, startLink } from './link.ts'

const fleet = await makeFleet()
/** More than the number of calls that the script makes. Each run uses a client that isn't in memory. */
const FRESH = 150
const MANIFEST = fleet.manifest + Array.from({ length: FRESH }, (_, n) => clientLine(`fresh-${n}`)).join('')
const agent = new Agent({ keepAlive: true })
afterAll(() => agent.destroy())

/**
 * Ways in which a database fails: one call before or after it takes effect, or two consecutive calls, such as a commit
 * and its rollback.
 */
const ways: [string, Failure, number, number][] = [
  ['not done', 'before', 1, 1],
  ['done, but unanswered', 'after', 1, 2],
  ['two in a row', 'before', 2, 3],
]
/** The step between failing calls if there are many. By default each way begins at another call. */
const STEP = extent(9, 1)
const firstOf = (turn: number): number => Math.min(turn, STEP)

interface Counts {
  calls: number
  requests: number
  unavailable: number
  replays: number
  revoked: number
}

/**
 * Sends requests of every kind with one fault among them. Requires that each is answered fully or with 503, and that
 * acknowledged effects are kept.
 */
class Script {
  readonly #server: TestServer
  readonly #database: Breaker
  readonly counts: Counts = { calls: 0, requests: 0, unavailable: 0, replays: 0, revoked: 0 }
  readonly #caller: Caller
  #fresh = 0

  constructor(server: TestServer, database: Breaker) {
    this.#server = server
    this.#caller = new Caller(server.issuer, agent)
    this.#database = database
  }

  /** Runs once for each call, until no call is left that could fail. */
  async runAll(how: Failure, times: number): Promise<void> {
    for (let nth = 1; ; nth += 1) {
      if (nth === FRESH) throw new Error('it takes more calls than there are clients')
      this.counts.calls = nth
      if (!(await this.#run(nth, how, times))) return
    }
  }

  /** @returns whether the fault occurred */
  async #run(nth: number, how: Failure, times: number): Promise<boolean> {
    const { issuer } = this.#server
    const token = tokenIn(await this.#sent(this.#caller.ask()))
    const assertion = await fleet.assert(issuer)
    const present = () => this.#sent(this.#caller.present(assertion))

    this.#database.fail(nth, how, times)
    await this.#sent(this.#caller.ask(`fresh-${this.#fresh++}`))
    let accepted = Number((await present()).status === 200)
    const revoked = await this.#sent(this.#caller.revoke(token))
    const judged = await this.#introspect(token)
    if (revoked.status === 200) expect(judged).not.toBe(true)
    expect((await this.#sent(this.#caller.ask())).status).toBe(200)
    for (const path of ['/pf/JWKS', '/.well-known/oauth-authorization-server'])
      expect((await fetch(issuer + path)).status).toBe(200)
    const came = this.#database.heal()

    // The client retries after 503, not knowing the outcome of its first request.
    accepted += Number((await present()).status === 200)
    accepted += Number((await present()).status === 200)
    expect(accepted, `an assertion, with call ${nth} ${how}`).toBeLessThanOrEqual(1)
    if (how === 'before') expect(accepted).toBe(1)
    this.counts.replays += 3 - accepted
    await expect
      .poll(() => this.#introspect(token))
      .toBe(revoked.status !== 200 && (await this.#isKept(token)) === false)
    if (revoked.status === 200) {
      this.counts.revoked += 1
      expect(await this.#isKept(token), `a revocation, with call ${nth} ${how}`).toBe(true)
    }
    return came
  }

  /** Whether the revocation is in the database. */
  async #isKept(token: string): Promise<boolean> {
    const { config } = this.#server
    const store = await openStore(config.storage, systemClock, config.storageAccess)
    const { found: revocations } = await store.revocations.revocationsAfter(0, 100_000)
    await store.close()
    const { jti } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    return revocations.some((revocation) => revocation.kind === 'token' && revocation.id === Jti(jti))
  }

  /** Undefined if the server can't tell. */
  async #introspect(token: string): Promise<boolean | undefined> {
    const { status, body } = await this.#sent(this.#caller.introspect(token))
    return status === 200 ? JSON.parse(body).active : undefined
  }

  /** Requires that the answer is a success, a refusal of a replay, or a 503. */
  async #sent(sending: Promise<Answer>): Promise<Answer> {
    const answer = await sending
    this.counts.requests += 1
    if (answer.status === 503) {
      this.counts.unavailable += 1
      expect(JSON.parse(answer.body)).toMatchObject({ error: 'temporarily_unavailable' })
      expect(answer.retryAfter).toBe('1')
    } else if (answer.status !== 200) {
      expect(JSON.parse(answer.body)).toMatchObject({ error: 'invalid_client' })
    }
    return answer
  }
}

describe('when the n-th call of SQLite fails', () => {
  let calls: SqliteCalls
  let folder: string
  beforeAll(() => {
    calls = takeOverSqlite()
    folder = mkdtempSync(join(tmpdir(), 'tessera-nth-call-'))
  })
  afterAll(() => {
    calls.restore()
    rmSync(folder, { recursive: true })
  })
  afterEach(() => calls.breaker.heal())

  test.each(ways)('while it serves: %s', async (name, how, times) => {
    const server = await startTestServer({ manifest: MANIFEST })
    try {
      const script = new Script(server, calls.breaker)
      await script.runAll(how, times)
      report(`SQLite, ${name}`, { ...script.counts })
      expect(script.counts.unavailable).toBeGreaterThan(0)
    } finally {
      await server.stop()
    }
  })

  test.each(ways)(
    'while it creates its database and starts: %s. It starts or names the reason, and leaves nothing behind',
    async (name, how, times, turn) => {
      let refused = 0
      for (let nth = firstOf(turn); ; nth += STEP) {
        calls.breaker.fail(nth, how, times)
        const options = { storage: `sqlite:${join(folder, `${name} ${nth}.db`)}` }
        const outcome = await startTestServer({ manifest: fleet.manifest, options }).catch((error: unknown) => error)
        const came = calls.breaker.heal()
        if (outcome instanceof Error) {
          refused += 1
          expect(outcome).toMatchObject({ reason: 'storage_unavailable' })
        } else {
          const server = outcome as TestServer
          expect((await new Caller(server.issuer, agent).ask()).status).toBe(200)
          await server.stop()
        }
        if (!came) {
          report(`SQLite as it starts, ${name}`, { calls: nth, refused })
          return
        }
      }
    },
  )

  test.each(ways)(
    'while a manifest is applied: %s. The manifest is applied entirely or not at all',
    async (name, how, times, turn) => {
      const { config } = await testConfig()
      await applyTo(config, fleet.manifest)
      let refused = 0
      for (let nth = firstOf(turn); ; nth += STEP) {
        const changed = fleet.manifest.replaceAll('scopes: [edit]', `scopes: [edit], subject: "turn-${nth}"`)
        calls.breaker.fail(nth, how, times)
        const outcome = await applyTo(config, changed).catch((error: unknown) => error)
        const came = calls.breaker.heal()
        const { clients } = await applyTo(config, changed)
        if (outcome instanceof Error) refused += 1
        else expect(clients).toEqual([])
        expect([0, 2]).toContain(clients.length)
        if (!came) {
          report(`SQLite as a manifest is applied, ${name}`, { calls: nth, refused })
          return
        }
      }
    },
  )
})

type Env = Readonly<Record<string, string>>

/** Each command on keys, and the check of its effect. */
const commands: [string, (env: Env) => Promise<Ran>, (rows: Rows) => void][] = [
  ['are rotated', (env) => runCommand(env, () => keysRotate({ algorithm: 'ES256', now: true })), () => {}],
  [
    'are revoked',
    (env) => runCommand(env, () => keysRevoke('', { algorithm: 'ES256', yes: true })),
    (rows) => rows.run("update key set kid = '' where state = 'active'"),
  ],
  [
    'are repaired',
    (env) => runCommand(env, () => keysRepair({ yes: true })),
    (rows) => rows.run("update key set encrypted_private_key = x'00' where state = 'active'"),
  ],
]

describe('when the n-th call of SQLite fails under a command', () => {
  let calls: SqliteCalls
  beforeAll(() => {
    calls = takeOverSqlite()
  })
  afterAll(() => calls.restore())
  afterEach(() => calls.breaker.heal())

  /** The state of each key, and the number of recorded changes of keys. */
  const stateOf = (rows: Rows) =>
    JSON.stringify([
      rows.all("select kid, state from key where state <> 'pending' order by kid"),
      rows.all("select count(*) as n from key where state = 'pending'"),
      rows.all("select count(*) as n from audit_event where type = 'key.change'"),
    ])

  test.each(commands)(
    'while keys %s. The command does and records everything or nothing',
    async (name, run, prepare) => {
      const { config, folder } = await testConfig()
      await applyTo(config, fleet.manifest)
      const env = environmentOf(config)
      // The keys have an algorithm of their own, so that no server's schedule changes them.
      for (let made = 0; made < 2; made += 1) await runCommand(env, () => keysRotate({ algorithm: 'ES256', now: true }))
      const rows = openRows(config)
      rows.run("update key set state = 'active'")
      prepare(rows)
      const tables = ['key', 'audit_event']
      const kept = tables.map((table) => `create table kept_${table} as select * from "${table}"`)
      const restore = tables.flatMap((table) => [
        `delete from "${table}"`,
        `insert into "${table}" select * from kept_${table}`,
      ])
      for (const statement of kept) rows.run(statement)
      const before = stateOf(rows)
      let refused = 0
      for (const how of ['before', 'after'] as const) {
        for (let nth = 1; ; nth += STEP) {
          for (const statement of restore) rows.run(statement)
          calls.breaker.fail(nth, how)
          const { error } = await run(env)
          const came = calls.breaker.heal()
          const after = stateOf(rows)
          if (error !== undefined) refused += 1
          else expect(after).not.toBe(before)
          const events = JSON.parse(after)[2][0].n - JSON.parse(before)[2][0].n
          // Even if the answer is lost, a change has its event.
          expect(events > 0, `call ${nth} ${how}: ${error}`).toBe(after !== before)
          if (!came) break
        }
      }
      report(`SQLite while keys ${name}`, { refused })
      expect(refused).toBeGreaterThan(0)
      rows.close()
      rmSync(folder, { recursive: true })
    },
  )
})

describe('when the connection to PostgreSQL breaks at the n-th call', () => {
  let postgres: TestPostgres
  let link: Link
  beforeAll(async () => {
    postgres = await startPostgres()
    link = await startLink(postgres.port)
  })
  afterAll(async () => {
    await link.stop()
    await postgres.stop()
  })

  test.each(ways)('while it serves: %s', async (name, how, times) => {
    const storage = link.through(await postgres.newSchema())
    const server = await startTestServer({ manifest: MANIFEST, options: { storage } })
    try {
      const script = new Script(server, link.breaker)
      await script.runAll(how, times)
      report(`PostgreSQL, ${name}`, { ...script.counts })
      expect(script.counts.unavailable).toBeGreaterThan(0)
    } finally {
      link.breaker.heal()
      await server.stop()
    }
  })
})
