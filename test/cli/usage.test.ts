import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { usage } from '../../src/cli/usage.ts'
import { Audience, ClientId, CredentialId } from '../../src/oauth/ids.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { openStore } from '../../src/store/open.ts'
import type { UsageCount } from '../../src/usage/store.ts'
import { environmentOf } from '../harness/cli.ts'
import { runCommand } from '../harness/command.ts'
import { newSecret } from '../harness/model.ts'
import { applyTo, testConfig } from '../harness/server.ts'
import { usageBatch, usageCount } from '../store/contract.ts'

const API = Audience('https://api.example.com')
const HOUR = 3_600_000
const NOW = systemClock.now()

let folder: string
let env: Record<string, string>
let credential: string
beforeAll(async () => {
  const made = await testConfig()
  folder = made.folder
  env = environmentOf(made.config)
  await applyTo(
    made.config,
    `
clients:
  - { client_id: job, owner: team, credentials: [{ label: old, secret: ${newSecret()} }, { label: new, secret: ${newSecret()} }] }
  - { client_id: per-call, owner: others, credentials: [{ secret: ${newSecret()} }] }`,
  )
  const store = await openStore(made.config.storage, systemClock)
  const credentialOf = async (client: string, label = '') => {
    const listed = await store.credentials.listCredentials(ClientId(client))
    return listed?.found.find((one) => one.credential.label === label)?.credential.id ?? CredentialId('none')
  }
  credential = await credentialOf('job', 'old')
  const common = { audience: API, credentialId: CredentialId(credential), clientId: ClientId('job') }
  const refused = { ...common, audience: '' as const, tokenSeconds: 0 }
  const counts: UsageCount[] = [
    usageCount({ ...common, at: NOW, count: 3, tokenSeconds: 3 * 14_400 }),
    usageCount({ ...common, at: NOW - 30 * HOUR, count: 1, tokenSeconds: 14_400 }),
    ...['a', 'b', 'c', 'd'].map((reason, n) => usageCount({ ...refused, at: NOW, outcome: reason, count: n + 1 })),
    usageCount({
      ...common,
      clientId: ClientId('per-call'),
      credentialId: await credentialOf('per-call'),
      at: NOW,
      count: 5_000,
      tokenSeconds: 5_000 * 14_400,
    }),
    usageCount({ at: NOW, clientId: '', credentialId: '', count: 2 }),
  ]
  await store.usage.add(usageBatch(1, counts))
  await store.close()
})
afterAll(() => rmSync(folder, { recursive: true }))

const run = (options: Partial<Parameters<typeof usage>[0]> = {}) =>
  runCommand(env, () => usage({ by: 'day', ...options }))
const json = async (options: Partial<Parameters<typeof usage>[0]>) =>
  JSON.parse((await run({ ...options, json: true })).stdout)
/** The lines, with one space between the columns. */
const lines = async (options: Partial<Parameters<typeof usage>[0]>) =>
  (await run(options)).stdout.split('\n').map((line) => line.replaceAll(/ +/g, ' '))

describe('tessera usage', () => {
  test('prints intervals, the reasons of refusals, and totals, in aligned columns', async () => {
    const { stdout, error } = await run({ client: 'job' })
    expect(error).toBeUndefined()
    expect(stdout).toMatch(/^by day\nTIME {15}ISSUED {2}REFUSED {2}REASONS\n/)
    expect(stdout).toMatch(/T00:00Z {7}1 {8}0\n/)
    expect(stdout).toMatch(/T00:00Z {7}3 {7}10 {2}d 4, c 3, b 2, and 1 more\n/)
    expect(stdout).toMatch(
      /\nby API\nAPI +ISSUED {2}REFUSED {2}REASONS\n\(none named\) +0 +10 .*\nhttps:\/\/api\.example\.com +4 +0\n/,
    )
    expect(stdout).toMatch(/\n4 issued, 10 refused\n$/)
  })

  test('prints the credentials of a client, for a rotation', async () => {
    const printed = await lines({ client: 'job', by: 'hour', since: '7d' })
    const at = new Date(Math.floor(NOW / HOUR) * HOUR).toISOString().replace(':00.000', '')
    expect(printed).toContain('CREDENTIAL LABEL KIND ISSUED SHARE REFUSED LAST TOKEN')
    expect(printed).toContain(`${credential} old secret 4 100% 10 ${at}`)
    expect(printed.find((line) => line.includes(' new secret'))).toMatch(/ new secret 0 0% 0 -$/)
    const { credentials } = await json({ client: 'job', credential })
    expect(credentials).toMatchObject([{ credential, label: 'old', issued: 4, refused: 10, share: 1 }])
  })

  test.each([
    [{}, 5_006, 10],
    [{ owner: 'team' }, 4, 10],
    [{ owner: 'nobody' }, 0, 0],
    [{ api: API }, 5_004, 0],
    [{ by: 'hour' }, 5_005, 10],
    [{ by: 'minute', since: '2h' }, 5_005, 10],
    [{ client: 'per-call' }, 5_000, 0],
  ])('%o has these totals', async (options, issued, refused) => {
    const { totals, series } = await json(options)
    expect(totals).toMatchObject({ issued, refused })
    expect(series.reduce((sum: number, one: { issued: number }) => sum + one.issued, 0)).toBe(issued)
  })

  test('--top prints the clients and APIs with the most tokens, and with the most refusals', async () => {
    const printed = await lines({ top: true })
    expect(printed.slice(0, 6)).toEqual([
      'clients with the most tokens',
      'CLIENT ISSUED REFUSED REASONS',
      'per-call 5000 0',
      'job 4 10 d 4, c 3, b 2, and 1 more',
      '(others) 2 0',
      '',
    ])
    expect(printed).toContain('APIs with the most refused requests')
    expect(await json({ top: true, owner: 'others' })).toMatchObject({
      clients_by_issued: [{ key: 'per-call', issued: 5_000 }],
      clients_by_refused: [],
    })
  })

  test('--wasteful prints the clients that fetch a token for each call, and the remedy', async () => {
    const printed = await lines({ wasteful: true })
    expect(printed[0]).toBe('CLIENT API ISSUED NEEDED RATIO LIFETIME ALIVE AT ONCE')
    expect(printed.slice(2, -1)).toEqual([
      '',
      expect.stringMatching(/^per-call for https:\/\/api\.example\.com: keep each token/),
    ])
    expect(await json({ wasteful: true })).toMatchObject({
      resolution: 'hour',
      wasteful: [{ client_id: 'per-call', api: API, issued: 5_000 }],
    })
    expect((await lines({ wasteful: true, owner: 'team' }))[0]).toMatch(/^Every client keeps its tokens/)
  })

  test.each([
    [{ by: 'year' }, '--by must be minute, hour or day, not "year"'],
    [{ since: 'x' }, '--since must be a number and a unit'],
    [{ by: 'minute', since: '30d' }, 'more than 10,080 minutes of usage'],
    [{ top: true, wasteful: true } as const, 'give --top or --wasteful, not both'],
    [{ client: 'nobody' }, 'there is no client "nobody"'],
  ])('%o is refused', async (options, message) => {
    expect((await run(options)).error).toContain(message)
  })
})
