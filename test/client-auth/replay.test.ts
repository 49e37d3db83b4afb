import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Config } from '../../src/config/resolve.ts'
import { createLogger } from '../../src/observability/log.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { StorageUnavailable } from '../../src/platform/storage-unavailable.ts'
import { ReplayMarks } from '../../src/replay/marks.ts'
import { type Server, startServer } from '../../src/server/server.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/tables/sql-store.ts'
import { claimsOf, formOf, post } from '../harness/assertions.ts'
import { standingClock } from '../harness/clock.ts'
import { oneApi } from '../harness/model.ts'
import { applyTo, testConfig } from '../harness/server.ts'
import { makeSigner, signWith } from '../harness/tokens.ts'

const HOUR = 3_600_000
const one = await makeSigner('ES256')
const other = await makeSigner('ES256')
const keys = { one: JSON.stringify({ keys: [one.publicJwk] }), other: JSON.stringify({ keys: [other.publicJwk] }) }
const MANIFEST = `
${oneApi('read')}
clients:
  - { client_id: one, scopes: [read], credentials: [{ jwks: ${keys.one} }] }
  - { client_id: other, scopes: [read], credentials: [{ jwks: ${keys.other} }] }
`

const clock = standingClock()
/** The configurations of two servers with one issuer, one database and one master key. */
const configs: Config[] = []
const folders: string[] = []
let servers: readonly Server[] = []
let store: Store
/** The fault of the next write of a mark: before it takes effect, or after. */
let fault: 'before' | 'after' | undefined

/** Opens a database that fails on demand, before a write takes effect or after. */
async function openFaulty(...parameters: Parameters<typeof openStore>): Promise<Store> {
  const opened = await openStore(...parameters)
  const away = () => Promise.reject(new StorageUnavailable(undefined))
  return {
    ...opened,
    replay: {
      addMarks: async (marks) => {
        if (fault === 'before') return away()
        const added = await opened.replay.addMarks(marks)
        return fault === 'after' ? away() : added
      },
      pruneMarks: (time, most) => opened.replay.pruneMarks(time, most),
    },
  }
}

async function start(): Promise<void> {
  const world = { log: createLogger('silent'), clock, open: openFaulty }
  servers = await Promise.all(configs.map((config) => startServer(config, world)))
}

async function stop(): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()))
  servers = []
}

beforeAll(async () => {
  const [first, second] = [await testConfig(), await testConfig()]
  folders.push(first.folder, second.folder)
  const { issuer, storage, masterKey } = first.config
  configs.push(first.config, { ...second.config, issuer, storage, masterKey })
  await applyTo(first.config, MANIFEST)
  store = await openStore(storage, systemClock)
  await start()
})
afterAll(async () => {
  await stop()
  await store.close()
  for (const folder of folders) rmSync(folder, { recursive: true })
})

const issuer = () => configs[0]?.issuer ?? ''

const assertionOf = (clientId: 'one' | 'other', claims: object = {}): Promise<string> =>
  signWith(clientId === 'one' ? one : other, claimsOf(issuer(), clientId, clock.seconds(), claims))

const sendOnce = (assertion: string, turn = 0): Promise<Response> =>
  post(`https://localhost:${servers[turn % servers.length]?.runtimePort}/as/token.oauth2`, formOf(assertion))

/** The reason that the audit log has for a refusal, within a fraction of a second. */
async function recordedReason(response: Response): Promise<string | undefined> {
  const requestId = response.headers.get('x-request-id') ?? ''
  const recorded = () => store.audit.listEvents({ limit: 1, requestId })
  await expect.poll(recorded).toHaveLength(1)
  return (await recorded())[0]?.reason
}

const reasonFor = async (assertion: string) => recordedReason(await sendOnce(assertion))

/** Sends an assertion many times at once, to each server in turn. @returns the number of answers by status */
async function send(assertion: string, times = 1): Promise<Record<number, number>> {
  const statuses = await Promise.all(
    Array.from({ length: times }, async (_, turn) => {
      const response = await sendOnce(assertion, turn)
      if (response.status === 401) expect(await response.json()).toMatchObject({ error: 'invalid_client' })
      return response.status
    }),
  )
  const counts: Record<number, number> = {}
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

describe('assertion-replay: an assertion is accepted once', () => {
  test('if it is sent a hundred times to two servers, again after both restart, and across clock steps', async () => {
    const assertion = await assertionOf('one', { exp: clock.seconds() + 3_600 })
    expect(await send(assertion, 100)).toEqual({ 200: 1, 401: 99 })
    await stop()
    await start()
    expect(await send(assertion, 4)).toEqual({ 401: 4 })
    clock.step(-HOUR)
    expect(await send(assertion, 4)).toEqual({ 401: 4 })
    clock.step(HOUR)
    expect(await send(assertion, 4)).toEqual({ 401: 4 })
    // Beyond the assertion's expiry, and back.
    clock.step(2 * HOUR)
    expect(await send(assertion, 4)).toEqual({ 401: 4 })
    clock.step(-2 * HOUR)
    expect(await send(assertion, 4)).toEqual({ 401: 4 })
    expect(await reasonFor(assertion)).toBe('assertion_replayed')
  })

  test('if it is short-lived, and the clock steps back by an hour after its expiry', async () => {
    // An iat in the future would be refused, so that without it only the mark protects.
    const assertion = await assertionOf('one', { iat: undefined })
    expect(await send(assertion, 2)).toEqual({ 200: 1, 401: 1 })
    clock.advance(5 * 60_000)
    await marks().prune()
    expect(await reasonFor(assertion)).toBe('assertion_expired')
    clock.step(-5 * 60_000)
    expect(await reasonFor(assertion)).toBe('assertion_replayed')
    clock.step(-55 * 60_000)
    expect(await reasonFor(assertion)).toBe('assertion_replayed')
    clock.step(HOUR)
  })

  test('and many different ones at once are each accepted once', async () => {
    const assertions = await Promise.all(Array.from({ length: 30 }, () => assertionOf('one')))
    const outcomes = await Promise.all(assertions.map((assertion) => send(assertion, 2)))
    expect(outcomes).toEqual(assertions.map(() => ({ 200: 1, 401: 1 })))
  })
})

describe('hostile-jti: a jti', () => {
  test('may be used by two clients', async () => {
    const [mine, theirs] = [await assertionOf('one', { jti: 'shared' }), await assertionOf('other', { jti: 'shared' })]
    expect(await send(mine)).toEqual({ 200: 1 })
    expect(await send(theirs)).toEqual({ 200: 1 })
    expect(await send(mine)).toEqual({ 401: 1 })
    expect(await send(theirs)).toEqual({ 401: 1 })
  })

  test('of 10 kB is accepted once, also in another assertion', async () => {
    const jti = 'j'.repeat(10_000)
    expect(await send(await assertionOf('one', { jti }), 4)).toEqual({ 200: 1, 401: 3 })
    expect(await send(await assertionOf('one', { jti, exp: clock.seconds() + 90 }))).toEqual({ 401: 1 })
    expect(await send(await assertionOf('one', { jti: `${jti}k` }))).toEqual({ 200: 1 })
  })

  test('of a refused assertion is not used up', async () => {
    const jti = 'refused at first'
    expect(await send(await assertionOf('one', { jti, aud: 'https://other.example.com' }))).toEqual({ 401: 1 })
    const forged = await signWith(other, claimsOf(issuer(), 'one', clock.seconds(), { jti }))
    expect(await send(forged)).toEqual({ 401: 1 })
    expect(await send(await assertionOf('one', { jti }))).toEqual({ 200: 1 })
  })
})

describe('database-failure: while the database fails', () => {
  test('before a mark is written: 503, and the assertion is accepted once afterwards', async () => {
    const assertion = await assertionOf('one')
    fault = 'before'
    expect(await send(assertion, 6)).toEqual({ 503: 6 })
    fault = undefined
    expect(await send(assertion, 6)).toEqual({ 200: 1, 401: 5 })
  })

  test('after a mark was written: 503, and the assertion is never accepted', async () => {
    const assertion = await assertionOf('one')
    fault = 'after'
    expect(await send(assertion, 6)).toEqual({ 503: 6 })
    fault = undefined
    expect(await send(assertion, 6)).toEqual({ 401: 6 })
  })

  test('the answer says when to try again, and the audit log has the cause', async () => {
    fault = 'before'
    const response = await sendOnce(await assertionOf('one'))
    fault = undefined
    expect(response.headers.get('retry-after')).toBe('1')
    expect(await response.json()).toMatchObject({ error: 'temporarily_unavailable' })
    expect(await recordedReason(response)).toBe('storage_unavailable')
  })
})

describe('marks', () => {
  test('are forgotten once they are old enough', async () => {
    const [kept, gone] = ['kept', 'gone']
    const all = marks()
    expect(await all.first('test', kept, clock.now() + 2 * HOUR)).toBe(true)
    expect(await all.first('test', gone, clock.now())).toBe(true)
    clock.advance(HOUR + 6 * 60_000)
    await all.prune()
    expect(await all.first('test', kept, clock.now() + 2 * HOUR)).toBe(false)
    expect(await all.first('test', gone, clock.now())).toBe(true)
  })

  test('stay if the clock steps forward and back again', async () => {
    const all = marks()
    const expiresAt = clock.now() + 60_000
    expect(await all.first('test', 'stepped', expiresAt)).toBe(true)
    clock.step(24 * HOUR)
    await all.prune()
    clock.step(-24 * HOUR)
    expect(await all.first('test', 'stepped', expiresAt)).toBe(false)
  })
})

const marks = () => new ReplayMarks(store.replay, clock)
