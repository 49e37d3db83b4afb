import { Agent } from 'node:https'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import { Caller, makeFleet } from '../harness/fleet.ts'
import { startTestServer, type TestServer } from '../harness/server.ts'
import { type SqliteCalls, takeOverSqlite } from '../harness/sqlite-calls.ts'
import { until } from '../harness/until.ts'

const fleet = await makeFleet()
const agent = new Agent({ keepAlive: true })
let calls: SqliteCalls
let server: TestServer
let pings: number
beforeAll(() => {
  calls = takeOverSqlite()
})
afterAll(() => {
  calls.restore()
  agent.destroy()
})
beforeEach(async () => {
  pings = 0
  server = await startTestServer({
    manifest: fleet.manifest,
    open: async (...parameters) => {
      const store = await openStore(...parameters)
      const ping = () => {
        pings += 1
        return store.ping()
      }
      return { ...store, ping }
    },
  })
})
afterEach(() => server.stop())

async function readiness(): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${server.admin}/readyz`)
  return { status: response.status, body: await response.json() }
}

const isReady = async () => (await readiness()).status === 200
const UNREADY = {
  status: 503,
  body: { status: 'unavailable', reasons: ['the database does not accept writes'] },
}

/** Ways in which the database stops taking writes. Each returns a function that undoes it. */
const ways: [string, () => Promise<() => void>][] = [
  [
    'the disk is full',
    async () => {
      calls.fill()
      // Existing pages may still have room, which this uses up.
      const caller = new Caller(server.issuer, agent)
      await until(async () => (await caller.present(await fleet.assert(server.issuer))).status !== 200)
      return () => calls.free()
    },
  ],
  [
    'the file is read-only',
    async () => {
      calls.setReadOnly(true)
      return () => calls.setReadOnly(false)
    },
  ],
]

describe('a server on SQLite', () => {
  test.each(ways)('is not ready while %s, serves requests without writes, and is ready again after', async (_, end) => {
    expect(await readiness()).toEqual({ status: 200, body: { status: 'ok' } })
    const undo = await end()
    onTestFinished(undo)
    await until(async () => !(await isReady()))
    expect(await readiness()).toEqual(UNREADY)
    expect((await new Caller(server.issuer, agent).ask()).status).toBe(200)
    expect((await fetch(`${server.admin}/healthz`)).status).toBe(200)
    undo()
    await until(isReady)
  })

  test('makes the database write at most five times a second, however often it is asked, and leaves no rows', async () => {
    const start = performance.now()
    for (let round = 0; round < 10; round += 1) await Promise.all(Array.from({ length: 20 }, isReady))
    const seconds = (performance.now() - start) / 1_000
    expect(pings).toBeGreaterThan(0)
    expect(pings).toBeLessThanOrEqual(1 + 5 * seconds)
    const database = new DatabaseSync(server.config.storage.slice('sqlite:'.length), { readOnly: true })
    expect(database.prepare('select count(*) as marks from replay_mark').get()).toEqual({ marks: 0 })
    database.close()
  })

  test('stays ready while another process writes for a moment', async () => {
    expect(await isReady()).toBe(true)
    const other = new DatabaseSync(server.config.storage.slice('sqlite:'.length))
    other.exec('begin immediate')
    const before = pings
    await until(async () => {
      expect(await isReady()).toBe(true)
      return pings > before
    })
    other.exec('rollback')
    other.close()
    expect(await isReady()).toBe(true)
  })
})
