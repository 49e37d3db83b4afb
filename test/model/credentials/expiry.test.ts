import { rmSync } from 'node:fs'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { removeCredential } from '../../../src/management/credentials/remove.ts'
import { revokeCredential } from '../../../src/management/credentials/revoke.ts'
import { ExpiryWatch } from '../../../src/model/credentials/expiry.ts'
import { startServer } from '../../../src/server/server.ts'
import { openStore } from '../../../src/store/open.ts'
import type { Store } from '../../../src/store/tables/sql-store.ts'
import { IN_2030, standingClock } from '../../harness/clock.ts'
import { DAY, JOB, jobWith, openSetting, type Setting } from '../../harness/credential-setting.ts'
import { newSecret } from '../../harness/model.ts'
import { applyTo, testConfig } from '../../harness/server.ts'

let setting: Setting
beforeEach(async () => {
  setting = await openSetting()
})
afterEach(() => setting.close())

/** A process that watches expiries. @returns its warnings */
function watch(store: Store = setting.store) {
  const warned: [string, number][] = []
  const { clock } = setting
  const expiry = new ExpiryWatch({
    store: store.credentials,
    clock,
    onWarning: ({ credential, days, clientId }) => {
      expect(clientId).toBe(JOB)
      warned.push([credential.label, days])
    },
    onUnreadable: () => {},
  })
  /** The warnings of one more check. */
  const look = async () => {
    await expiry.look()
    return warned.splice(0)
  }
  return { expiry, look }
}

const in_ = (days: number) => new Date(setting.clock.now() + days * DAY).toISOString()
const SECRETS = Array.from({ length: 5 }, newSecret)
const expiring = (label: string, days: number | undefined, at = 0) =>
  `{ label: ${label}, secret: ${SECRETS[at]}${days === undefined ? '' : `, expires: "${in_(days)}"`} }`

describe('a credential that will expire', () => {
  test('causes one warning 30 days, 7 days and 1 day ahead', async () => {
    await setting.apply(jobWith(expiring('a', 40)))
    const { look } = watch()
    const told: [number, number][] = []
    for (let hour = 0; hour <= 40 * 24; hour += 1) {
      for (const [, days] of await look()) told.push([hour / 24, days])
      setting.clock.advance(DAY / 24)
    }
    expect(told).toEqual([
      [10, 30],
      [33, 7],
      [39, 1],
    ])
  })

  const cases: [string, number | undefined, readonly number[], Readonly<Record<number, number>>][] = [
    ['without an expiry', undefined, [], { 30: 0, 7: 0, 1: 0 }],
    ['in 31 days', 31, [], { 30: 0, 7: 0, 1: 0 }],
    ['in 30 days', 30, [30], { 30: 1, 7: 0, 1: 0 }],
    ['in 8 days', 8, [30], { 30: 1, 7: 0, 1: 0 }],
    ['in 7 days: only the nearest warning', 7, [7], { 30: 1, 7: 1, 1: 0 }],
    ['in half a day', 0.5, [1], { 30: 1, 7: 1, 1: 1 }],
    ['now', 0, [], { 30: 0, 7: 0, 1: 0 }],
    ['a day ago', -1, [], { 30: 0, 7: 0, 1: 0 }],
  ]
  test.each(cases)('%s', async (_name, days, warnings, counts) => {
    await setting.apply(jobWith(expiring('a', days)))
    const { expiry, look } = watch()
    expect(await look()).toEqual(warnings.map((one) => ['a', one]))
    expect(Object.fromEntries(expiry.counts)).toEqual(counts)
    expect(await look()).toEqual([])
  })

  test('causes one warning from two concurrent processes, and none from a later one', async () => {
    await setting.apply(jobWith(expiring('a', 20), expiring('b', 3, 1)))
    const other = await openStore(setting.storage, setting.clock)
    const [first, second] = await Promise.all([watch().look(), watch(other).look()])
    expect([...first, ...second].toSorted()).toEqual([
      ['a', 30],
      ['b', 7],
    ])
    expect(await watch(other).look()).toEqual([])
    await other.close()
  })

  test('causes no warning after it was revoked or removed', async () => {
    await setting.apply(jobWith(expiring('a', 20), expiring('b', 20, 1)))
    await revokeCredential(setting.context, { client: JOB, name: 'a' })
    await removeCredential(setting.context, { client: JOB, name: 'b' })
    expect(await watch().look()).toEqual([])
  })

  test('causes a new warning for another expiry, and for no other change', async () => {
    await setting.apply(jobWith(expiring('a', 0.5)))
    const { look } = watch()
    expect(await look()).toEqual([['a', 1]])
    await setting.apply(jobWith(expiring('a', 0.5), expiring('b', undefined, 1)))
    expect(await look()).toEqual([])
    await setting.apply(jobWith(expiring('a', 60)))
    expect(await look()).toEqual([])
    setting.clock.advance(31 * DAY)
    expect(await look()).toEqual([['a', 30]])
    await setting.apply(jobWith(expiring('a', undefined)))
    await setting.apply(jobWith(expiring('a', 20)))
    expect(await look()).toEqual([['a', 30]])
  })

  test('causes a warning at the next check after the store has failed', async () => {
    await setting.apply(jobWith(expiring('a', 20), expiring('b', 25, 1)))
    let failures = 1
    const flaky: Store = {
      ...setting.store,
      credentials: Object.assign(Object.create(setting.store.credentials), {
        claimWarning: async (...args: Parameters<Store['credentials']['claimWarning']>) => {
          if (args[0] === (await setting.credentials()).find(({ label }) => label === 'b')?.id && failures-- > 0)
            throw new Error('the database is away')
          return setting.store.credentials.claimWarning(...args)
        },
        listExpiring: (...args: Parameters<Store['credentials']['listExpiring']>) =>
          setting.store.credentials.listExpiring(...args),
      }),
    }
    const { expiry, look } = watch(flaky)
    await expect(expiry.look()).rejects.toThrow('the database is away')
    expect(await look()).toEqual([
      ['a', 30],
      ['b', 30],
    ])
  })
})

test('servers report it by one event and one log line each time, across restarts', async () => {
  const secret = newSecret()
  const clock = standingClock(IN_2030)
  const { config, folder } = await testConfig({ 'shutdown.timeout': '0' })
  const beside = { ...config, runtime: { ...config.runtime, port: 0 }, admin: { ...config.admin, port: 0 } }
  await applyTo(config, jobWith(`{ label: main, secret: ${secret}, expires: "2030-03-01T00:00:00Z" }`))
  const lines: Record<string, unknown>[] = []
  const log = pino({ base: null }, { write: (line: string) => lines.push(JSON.parse(line)) })
  const start = async () => [await startServer(config, { log, clock }), await startServer(beside, { log, clock })]

  /** The output of two servers that start now. */
  const told = async () => {
    for (const server of await start()) await server.stop()
    return lines.splice(0).filter(({ msg }) => String(msg).includes('expires'))
  }
  expect(await told()).toEqual([])
  const before: unknown[] = []
  for (const [days, phrase] of [
    [30, '30 days'],
    [7, '7 days'],
    [1, '1 day'],
  ] as const) {
    clock.advance(Date.UTC(2030, 2, 1) - days * DAY - clock.now())
    const detail = {
      client_id: 'job',
      credential: expect.any(String),
      label: 'main',
      kind: 'secret',
      expires: '2030-03-01T00:00:00.000Z',
      within_days: days,
    }
    expect(await told()).toEqual([
      { level: 40, time: expect.any(Number), msg: `a credential expires within ${phrase}`, ...detail },
    ])
    before.push({ type: 'credential.expiring', result: 'success', clientId: 'job', detail })
    expect(await told()).toEqual([])
  }
  const store = await openStore(config.storage, clock)
  const events = await store.audit.listEvents({ limit: 100 })
  expect(events.filter(({ type }) => type === 'credential.expiring')).toMatchObject(before)
  expect(JSON.stringify(events)).not.toContain(secret)
  await store.close()
  rmSync(folder, { recursive: true })
})
