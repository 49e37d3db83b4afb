import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { AuditEvent } from '../../src/audit/event.ts'
import { ClientId, DEFAULT_TENANT, Jti } from '../../src/oauth/ids.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/tables/sql-store.ts'
import { DEFAULT_ACCESS } from '../harness/access.ts'
import { startPostgres, type TestPostgres } from '../harness/postgres.ts'
import { A_SECOND } from '../harness/until.ts'

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres.stop())

let url: string
let store: Store
beforeEach(async () => {
  url = await postgres.newSchema()
  store = await openStore(url, systemClock, DEFAULT_ACCESS)
})
afterEach(() => store.close())

/** Calls that a request waits for. */
const inRequests: Readonly<Record<string, () => Promise<unknown>>> = {
  'loading a client': () => store.directory.loadClient(ClientId('a')),
  'reading revocations': () => store.revocations.revocationsAfter(0, 10),
  'adding a revocation': () =>
    store.revocations.addRevocations([{ kind: 'token', id: Jti('t'), expiresAt: Number.MAX_SAFE_INTEGER }]),
  'marking an assertion as used': () => store.replay.addMarks([{ id: Buffer.alloc(16, 1), expiresAt: 1 }]),
  'a ping': () => store.ping(),
}

const UNAVAILABLE = { name: 'StorageUnavailable', reason: 'storage_unavailable' }

/** Requires that every call fails with `StorageUnavailable` within a second. */
async function expectUnavailable(): Promise<void> {
  const start = performance.now()
  const failed = Object.entries(inRequests).map(([name, call]) =>
    call().then(
      () => ({ name, took: 0, error: 'none' }),
      (error: unknown) => ({ name, took: performance.now() - start, error }),
    ),
  )
  for (const { name, took, error } of await Promise.all(failed)) {
    expect(error, name).toMatchObject(UNAVAILABLE)
    expect(took, name).toBeLessThan(A_SECOND)
  }
}

/** Requires that every call works again within two seconds. */
async function expectRecovered(): Promise<void> {
  const start = performance.now()
  for (const call of Object.values(inRequests)) {
    for (let failure: unknown = 'not tried'; failure !== undefined; ) {
      failure = await call().then(
        () => undefined,
        (error: unknown) => error,
      )
      if (failure !== undefined && performance.now() - start > 2_000) throw failure
    }
  }
}

describe('when the database', () => {
  test('is shut down, requests fail at once, and work again once it is back', async () => {
    await expectRecovered()
    const up = await postgres.down()
    await expectUnavailable()
    await up()
    await expectRecovered()
  })

  test('doesn’t answer on old or new connections, requests fail in time', async () => {
    await Promise.all(Object.values(inRequests).map((call) => call()))
    const thaw = await postgres.freeze()
    try {
      await expectUnavailable()
      // The old connections were given up, and new ones get no answer either.
      await expectUnavailable()
    } finally {
      await thaw()
    }
    await expectRecovered()
  })

  test('closes idle connections, nothing breaks', async () => {
    await Promise.all(Object.values(inRequests).map((call) => call()))
    await postgres.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tessera'`)
    await expectRecovered()
  })

  test('holds a lock on a row, a request doesn’t wait for long', async () => {
    const holding = postgres.query(`begin; select * from counter for update; select pg_sleep(1.5); rollback`, url)
    await expect
      .poll(() => postgres.query(`select 1 from pg_locks where relation = 'counter'::regclass`, url))
      .toHaveLength(1)
    const start = performance.now()
    await expect(inRequests['adding a revocation']?.()).rejects.toMatchObject(UNAVAILABLE)
    expect(performance.now() - start).toBeLessThan(A_SECOND)
    // Work outside requests does wait.
    await expect(store.keys.updateKeys(() => ({ add: [], put: [] }))).resolves.toEqual({ add: [], put: [] })
    await holding
  })

  test('gets more calls than it can answer, callers that would wait too long are refused', async () => {
    const thaw = await postgres.freeze()
    const start = performance.now()
    const calls = Array.from({ length: 5_000 }, () => store.directory.loadClient(ClientId('a')))
    const outcomes = await Promise.allSettled(calls)
    await thaw()
    expect(performance.now() - start).toBeLessThan(A_SECOND)
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true)
    const tooMany = outcomes.filter((outcome) => outcome.status === 'rejected' && /too many/.test(outcome.reason.cause))
    expect(tooMany.length).toBeGreaterThan(3_000)
  })
})

describe('errors that are not the database’s fault stay as they are', () => {
  const event = (clientId: string): AuditEvent => ({
    ...{ remoteAddress: undefined, traceId: undefined, reason: undefined, detail: {}, clientId },
    ...{ tenant: DEFAULT_TENANT, at: 1, type: 'request.refuse', result: 'refused', requestId: 'r' },
  })

  test('a violated constraint', async () => {
    const broken = { ...event('a'), requestId: null as unknown as string }
    await expect(store.audit.append([broken])).rejects.toMatchObject({ name: 'error', code: '23502' })
  })

  test('text that PostgreSQL rejects is kept as closely as possible', async () => {
    await store.audit.append([event('a\0b'), event('\ud800')])
    const [nul, surrogate] = await store.audit.listEvents({ limit: 2 })
    expect(nul?.clientId).toBe('a\ufffdb')
    expect(surrogate?.clientId).toBe('\ufffd')
  })

  test('a number that JavaScript can’t hold is not rounded', async () => {
    await postgres.query(`insert into longest_lifetime (milliseconds) values (9007199254740993)`, url)
    await expect(store.revocations.longestLifetime()).rejects.toThrow(/is too large/)
  })
})
