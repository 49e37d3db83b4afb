import { Agent } from 'node:https'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import { openStore } from '../../src/store/open.ts'
import { report } from '../harness/extent.ts'
import { Caller, clientLine, makeFleet } from '../harness/fleet.ts'
import type { Answer } from '../harness/post.ts'
import { startPostgres, type TestPostgres } from '../harness/postgres.ts'
import { applyTo, startTestServer, type TestServer } from '../harness/server.ts'
import { type SqliteCalls, takeOverSqlite } from '../harness/sqlite-calls.ts'
import { A_SECOND, until } from '../harness/until.ts'

const fleet = await makeFleet()
const MANIFEST = fleet.manifest + clientLine('unasked')
/** More clients than fit into the free space of a page. */
const MANY = 500
const WIDE = `clients:\n${Array.from({ length: MANY }, (_, n) => clientLine(`more-${n}`)).join('')}`
const agent = new Agent({ keepAlive: true })
afterAll(() => agent.destroy())

let server: TestServer
afterEach(() => server.stop())

/** Repeats a request until the full disk refuses it. @returns the successful inputs and the refused one */
async function untilRefused(make: () => Promise<string>, send: (made: string) => Promise<Answer>) {
  const done: string[] = []
  while (done.length < 5_000) {
    const made = await make()
    const { status, retryAfter } = await send(made)
    if (status !== 200) {
      expect({ status, retryAfter }).toEqual({ status: 503, retryAfter: '1' })
      return { done, refused: made }
    }
    done.push(made)
  }
  throw new Error('there is still room')
}

/**
 * Requires that only requests that need disk space fail, with no partial effect, and that all work once there is space.
 */
async function expectEndured(fill: () => Promise<void> | void, free: () => Promise<void> | void): Promise<void> {
  const caller = new Caller(server.issuer, agent)
  await caller.ask()
  await fill()
  const revocations = await untilRefused(
    () => caller.token(),
    (token) => caller.revoke(token),
  )
  const uses = await untilRefused(
    () => fleet.assert(server.issuer),
    (assertion) => caller.present(assertion),
  )
  const issued: string[] = []
  for (let turn = 0; turn < 300; turn += 1) {
    const answer = await caller.ask(turn === 0 ? 'unasked' : 'caller')
    expect(answer.status).toBe(200)
    issued.push(answer.requestId)
  }
  for (const token of revocations.done) expect(await caller.isActive(token)).toBe(false)
  expect(await caller.isActive(revocations.refused)).toBe(true)
  await expect(applyTo(server.config, WIDE)).rejects.toMatchObject({ reason: 'storage_unavailable' })
  await free()

  const back = await until(async () => (await caller.revoke(revocations.refused)).status === 200)
  expect(back).toBeLessThan(A_SECOND)
  for (const token of [...revocations.done, revocations.refused]) expect(await caller.isActive(token)).toBe(false)
  for (const used of uses.done) expect((await caller.present(used)).status).toBe(401)
  const outcomes = [await caller.present(uses.refused), await caller.present(uses.refused)]
  expect(outcomes.map(({ status }) => status)).toEqual([200, 401])
  expect((await applyTo(server.config, WIDE)).clients).toHaveLength(MANY)
  const store = await openStore(server.config.storage, systemClock, server.config.storageAccess)
  const unrecorded = async () => {
    const recorded = new Set((await store.audit.listEvents({ limit: 100_000 })).map(({ requestId }) => requestId))
    return issued.filter((requestId) => !recorded.has(requestId)).length
  }
  await until(async () => (await unrecorded()) === 0)
  await store.close()
  const [revoked, used] = [revocations.done.length, uses.done.length]
  report('disk full', {
    'revoked before it was': revoked,
    'used before': used,
    'issued while it was': issued.length,
    'back after (ms)': Math.ceil(back),
  })
}

describe('SQLite', () => {
  let calls: SqliteCalls
  beforeAll(() => {
    calls = takeOverSqlite()
  })
  afterAll(() => calls.restore())

  test('without room to grow', async () => {
    server = await startTestServer({ manifest: MANIFEST })
    await expectEndured(
      () => calls.fill(),
      () => calls.free(),
    )
  })
})

describe('PostgreSQL', () => {
  let postgres: TestPostgres
  beforeAll(async () => {
    postgres = await startPostgres()
  })
  afterAll(() => postgres.stop())

  // The error as the server reports it (https://www.postgresql.org/docs/current/errcodes-appendix.html, class 53).
  test('without room for a row', async () => {
    const storage = await postgres.newSchema()
    server = await startTestServer({ manifest: MANIFEST, options: { storage } })
    const tables = (
      await postgres.query('select tablename from pg_tables where schemaname = current_schema()', storage)
    ).map(({ tablename }) => `"${tablename}"`)
    await postgres.query(
      `create function refuse() returns trigger language plpgsql as
      $$ begin raise exception 'could not extend file: No space left on device' using errcode = 'disk_full'; end $$`,
      storage,
    )
    const each = (statement: (table: string) => string) => postgres.query(tables.map(statement).join(';'), storage)
    await expectEndured(
      async () =>
        void (await each(
          (table) => `create trigger full_disk before insert or update on ${table} execute function refuse()`,
        )),
      async () => void (await each((table) => `drop trigger full_disk on ${table}`)),
    )
  })
})
