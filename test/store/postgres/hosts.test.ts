import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { Jti } from '../../../src/oauth/ids.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { StorageUnavailable } from '../../../src/platform/storage-unavailable.ts'
import { examineDatabase } from '../../../src/store/examine.ts'
import { openExistingStore, openStore } from '../../../src/store/open.ts'
import type { Store } from '../../../src/store/tables/sql-store.ts'
import { ACCESS } from '../../harness/access.ts'
import { freePort } from '../../harness/port.ts'
import { startPostgres, type TestPostgres } from '../../harness/postgres.ts'
import { until } from '../../harness/until.ts'

/** Enough time on a machine that runs other tests. */
const LIMITS = { ...ACCESS, requestTimeout: 8_000 }

let one: TestPostgres
let two: TestPostgres
beforeAll(async () => {
  ;[one, two] = await Promise.all([startPostgres(), startPostgres()])
})
afterAll(() => Promise.all([one.stop(), two.stop()]))

/** The address of one database on both servers, with `one` first. */
let both: string
beforeEach(async () => {
  // A session that outlives its test would be counted in the next one.
  await until(async () => (await sessions(one)) + (await sessions(two)) === 0)
  const [first, second] = [new URL(await one.newMigrated()), new URL(await two.newMigrated())]
  expect(first.pathname).toBe(second.pathname)
  both = locationOf([first.host, second.host], first.pathname)
})
/** Opens a migrated database, which closes at the end of the test. */
async function open(location = both): Promise<Store> {
  const store = await openExistingStore(location, systemClock, LIMITS)
  onTestFinished(() => store.close())
  return store
}

const locationOf = (hosts: readonly string[], path: string, query = '') =>
  `postgres://postgres:postgres@${hosts.join(',')}${path}${query}`
/** The address with other hosts, before those of `both` or instead of them. */
const through = (hosts: readonly string[]) =>
  locationOf(hosts, new URL(both.replace(/,[^/]*/, '')).pathname, '?sslmode=disable')
const hostOf = (server: TestPostgres) => `127.0.0.1:${server.port}`

/** Makes a server refuse writes, as a standby does, until the test ends. @returns a function that ends this earlier */
async function makeReadOnly(server: TestPostgres): Promise<() => Promise<void>> {
  const set = async (sql: string, value: 'on' | 'off') => {
    await server.query(`alter system ${sql}`)
    await server.query('select pg_reload_conf()')
    await until(async () => (await server.query('show transaction_read_only'))[0]?.['transaction_read_only'] === value)
  }
  const accept = () => set('reset default_transaction_read_only', 'off')
  await set('set default_transaction_read_only = on', 'on')
  onTestFinished(accept)
  return accept
}

const sessions = async (server: TestPostgres) =>
  (await server.query(`select pid from pg_stat_activity where application_name = 'tessera'`)).length

let revoked = 0
const write = (store: Store) =>
  store.revocations.addRevocations([{ kind: 'token', id: Jti(`t${revoked++}`), expiresAt: Number.MAX_SAFE_INTEGER }])

/** AuthenticationOk, and ReadyForQuery (https://www.postgresql.org/docs/current/protocol-message-formats.html). */
const LOGGED_IN = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49])

/** AuthenticationCleartextPassword. */
const PLAIN = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3])

/** A server that takes connections, and answers a login at the most. */
async function startSilent(login = Buffer.of()) {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket
      .on('error', () => {})
      .on('close', () => sockets.delete(socket))
      .once('data', () => socket.write(login))
      .on('data', (bytes) => {
        silent.received += bytes.toString('latin1')
      })
    silent.connections += 1
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const silent = { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, connections: 0, received: '', sockets }
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  return silent
}

test('the first host that accepts writes is used, and no session stays at the others', async () => {
  const store = await open()
  await write(store)
  expect(await sessions(one)).toBeGreaterThan(0)
  expect(await sessions(two)).toBe(0)
})

test('a host where nothing listens, an unknown name and a read-only server are passed over', async () => {
  await makeReadOnly(one)
  const store = await open(through([`127.0.0.1:${await freePort()}`, 'db.invalid', hostOf(one), hostOf(two)]))
  await write(store)
  await until(async () => (await sessions(one)) === 0)
  expect(await sessions(two)).toBeGreaterThan(0)
})

test('a host that is silent delays the next one by a quarter of a second only', async () => {
  const silent = await startSilent()
  const start = performance.now()
  const store = await open(through([silent.host, hostOf(two)]))
  await write(store)
  // Much less than the time that a host has to answer, even on a busy machine.
  expect(performance.now() - start).toBeLessThan(4_500)
  expect(silent.connections).toBe(1)
})

test('closing a store ends the question to a silent host', async () => {
  const silent = await startSilent()
  const store = await openExistingStore(through([silent.host, hostOf(two)]), systemClock, LIMITS)
  expect(silent.sockets.size).toBe(1)
  await store.close()
  await until(async () => silent.sockets.size === 0)
})

test('the primary and its standby change places: no call fails', async () => {
  const promote = await makeReadOnly(two)
  const store = await open()
  for (let calls = 0; calls < 5; calls += 1) await write(store)
  await makeReadOnly(one)
  await promote()
  for (let calls = 0; calls < 5; calls += 1) await write(store)
  await store.changes.changesSince(0)
  await until(async () => (await sessions(one)) === 0)
  expect(await sessions(two)).toBeGreaterThan(0)
})

const ends: [string, () => Promise<() => Promise<void>>][] = [
  ['is shut down', () => one.down()],
  ['falls silent', () => one.freeze()],
]
test.each(ends)(
  'the first host %s: writes go to the second, and stay there once the first is back',
  async (_, leave) => {
    const store = await open()
    await write(store)
    const back = await leave()
    await until(() =>
      write(store).then(
        () => true,
        () => false,
      ),
    ).finally(back)
    await write(store)
    expect(await sessions(two)).toBeGreaterThan(0)
    await until(async () => (await sessions(one)) === 0)
  },
)

test('while no host accepts writes, a flood of calls makes few connections, and the error names the state of each', async () => {
  await makeReadOnly(one)
  await makeReadOnly(two)
  const stub = createServer((socket) => {
    connections += 1
    socket
      .on('error', () => {})
      .resume()
      .end()
  }).listen(0, '127.0.0.1')
  let connections = 0
  await once(stub, 'listening')
  onTestFinished(async () => {
    stub.close()
    await once(stub, 'close')
  })
  const breaking = `127.0.0.1:${(stub.address() as AddressInfo).port}`
  const dead = `127.0.0.1:${await freePort()}`
  const location = through([dead, hostOf(one), breaking, hostOf(two)])
  const error = await openStore(location, systemClock, LIMITS).catch((reason: unknown) => reason)
  expect(error).toMatchObject({
    reason: 'storage_unavailable',
    cause: {
      message: `no host accepts writes; ${dead}: nothing listens there; ${hostOf(one)}: it is read-only: a standby, or another server than before; ${breaking}: the connection broke; ${hostOf(two)}: it is read-only: a standby, or another server than before`,
    },
  })
  const store = await open(through([breaking, hostOf(one)])).catch(() => undefined)
  expect(store).toBeUndefined()
  connections = 0
  const flooding = await openFlooded(location)
  const start = performance.now()
  let calls = 0
  while (performance.now() - start < 1_000) {
    await Promise.allSettled(Array.from({ length: 100 }, () => write(flooding)))
    calls += 100
    await sleep(5)
  }
  const seconds = (performance.now() - start) / 1_000
  expect(calls).toBeGreaterThan(100)
  // Ten questions a second.
  expect(connections).toBeLessThanOrEqual(Math.ceil(10 * seconds) + 1)
})

/** Opens a store while its hosts accept writes, and then makes them refuse. */
async function openFlooded(location: string): Promise<Store> {
  await two.query('alter system reset default_transaction_read_only')
  await two.query('select pg_reload_conf()')
  await until(async () => (await two.query('show transaction_read_only'))[0]?.['transaction_read_only'] === 'off')
  const store = await open(location)
  await makeReadOnly(two)
  await write(store).catch(() => {})
  return store
}

test('load_balance_hosts=random spreads processes over the hosts', async () => {
  const location = `${both}?load_balance_hosts=random`
  const used = new Set<string>()
  for (let opened = 0; opened < 40 && used.size < 2; opened += 1) {
    const store = await openExistingStore(location, systemClock, LIMITS)
    used.add((await sessions(one)) > 0 ? 'one' : 'two')
    await store.close()
    await until(async () => (await sessions(one)) + (await sessions(two)) === 0)
  }
  expect(used.size).toBe(2)
})

test('a check of the configuration says what each host is', async () => {
  await makeReadOnly(two)
  const dead = `127.0.0.1:${await freePort()}`
  const settings = { access: LIMITS, masterKey: undefined }
  expect(await examineDatabase(through([hostOf(two), dead, hostOf(one)]), settings)).toEqual({
    mistakes: [],
    warnings: [`storage: ${dead} can't be used: nothing listens there`],
    notes: [`storage: ${hostOf(two)} is read-only, as a standby is`, `storage: ${hostOf(one)} accepts writes`],
  })
  const none = await examineDatabase(through([hostOf(two), dead]), settings)
  expect(none).toMatchObject({ warnings: [], notes: [] })
  expect(none.mistakes.join()).toMatch(
    /^storage: postgres:\/\/postgres:\*\*\*@.* can't be used: no host accepts writes; .*: it is read-only.*; .*: nothing listens there$/,
  )
})

test('a check says of each silent host that no answer came in time', async () => {
  const [first, second] = [await startSilent(), await startSilent()]
  const { mistakes } = await examineDatabase(through([first.host, second.host]), {
    access: LIMITS,
    masterKey: undefined,
  })
  expect(mistakes).toEqual([
    expect.stringMatching(
      /: no host accepts writes; [\d.:]+: no answer came in time; [\d.:]+: no answer came in time$/,
    ),
  ])
})

// As PgBouncer does while it is paused.
test('a server that lets a role in, and then answers nothing, is given up by checks, commands and servers', async () => {
  const silent = await startSilent(LOGGED_IN)
  const location = through([silent.host])
  const access = { ...LIMITS, statementTimeout: 50 }
  expect(await examineDatabase(location, { access, masterKey: undefined })).toMatchObject({
    mistakes: [expect.stringMatching(/ can't be used: no answer came in time$/)],
  })
  for (const opens of [openExistingStore, openStore])
    await expect(opens(location, systemClock, access)).rejects.toThrow(StorageUnavailable)
})

test('no server without TLS gets the password itself, as one in the place of a database that is down would ask for it', async () => {
  const [first, second] = [await startSilent(PLAIN), await startSilent(PLAIN)]
  const secret = 'a secret of the role'
  const words = 'it asks for the password in plain text, without TLS: use scram-sha-256'
  for (const hosts of [first.host, `${first.host},${second.host}`]) {
    const location = `postgres://tessera:${encodeURIComponent(secret)}@${hosts}/tessera`
    const { mistakes } = await examineDatabase(location, { access: LIMITS, masterKey: undefined })
    expect(mistakes).toEqual([expect.stringContaining(words)])
  }
  await until(async () => first.sockets.size + second.sockets.size === 0)
  expect(first.received + second.received).toContain('tessera')
  expect(first.received + second.received).not.toContain(secret)
})
