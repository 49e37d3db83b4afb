import { chmodSync, copyFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { optionInfos } from '../../../src/config/option-infos.ts'
import type { Config } from '../../../src/config/resolve.ts'
import { createLogger } from '../../../src/observability/log.ts'
import { changedOptions, planReload } from '../../../src/server/reload/plan.ts'
import { ReloadableConfig } from '../../../src/server/reload/reloadable-config.ts'
import { isLive, liveOptions, type RunningParts } from '../../../src/server/reload/table.ts'
import { issueAuthority } from '../../harness/certificates.ts'
import { testConfig } from '../../harness/server.ts'

let folder: string
let config: Config
let others: Readonly<Record<string, unknown>>
beforeAll(async () => {
  ;({ config, folder } = await testConfig())
  const file = (name: string) => join(folder, name)
  copyFileSync(config.tls.cert ?? '', file('other.pem'))
  copyFileSync(config.tls.key ?? '', file('other.key'))
  chmodSync(file('other.key'), 0o600)
  writeFileSync(file('ca.pem'), (await issueAuthority('CN=Another CA')).pem)
  others = {
    'runtime.trusted_proxies': ['10.0.0.5'],
    'tls.cert': file('other.pem'),
    'tls.key': file('other.key'),
    'tls.client_ca': file('ca.pem'),
    'token.lifetime': 77,
    'assertions.max_lifetime': 77,
    'assertions.algorithms': ['ES256'],
    'assertions.audience': 'string',
    'dpop.require_nonce': 'on',
    'dpop.algorithms': ['ES256'],
    'keys.rotate_every': 7_777_777,
    'keys.publish_before': 77_777,
    'keys.cache_max_age': 77,
    'log.level': 'error',
    'shutdown.delay': 7,
    'shutdown.timeout': 7,
  }
})
afterAll(() => rmSync(folder, { recursive: true }))

/** A configuration with another value for one option. */
function withOther(from: Config, key: string): Config {
  const [section = '', name] = key.split('.')
  const value = others[key] ?? ['another value']
  if (name === undefined) return { ...from, [section]: value }
  const values = Object.entries(from).find(([one]) => one === section)?.[1]
  return { ...from, [section]: { ...(typeof values === 'object' ? values : {}), [name]: value } }
}

test.each(optionInfos)('$key is live, or reported as fixed', ({ key }) => {
  const { config: next, changed, fixed } = planReload(config, withOther(config, key))
  expect({ changed, fixed }).toEqual(isLive(key) ? { changed: [key], fixed: [] } : { changed: [], fixed: [key] })
  expect(changedOptions(config, next)).toEqual(changed)
})

test('the table has only existing options', () => {
  const keys = optionInfos.map(({ key }) => key)
  expect([...liveOptions.keys()].filter((key) => !keys.includes(key))).toEqual([])
})

let applied: string[]
const log = createLogger('silent')
let parts: RunningParts
beforeEach(() => {
  applied = []
  log.level = 'silent'
  const prepared = (what: string) => () => () => void applied.push(what)
  parts = {
    log,
    revocations: { noteLifetime: async () => {} },
    certificates: { prepareAuthorities: prepared('authorities') },
    listeners: ['one', 'two'].map((name) => ({
      prepareCertificate: prepared(`certificate of ${name}`),
      proxies: { replace: () => void applied.push(`proxies of ${name}`) },
    })),
  }
})

const planAll = (): Config => planReload(config, [...liveOptions.keys()].reduce(withOther, config)).config

test('a reload applies each part once', async () => {
  const live = new ReloadableConfig(config)
  const next = planAll()
  await live.reload(next, parts)
  expect(live.current).toBe(next)
  expect(log.level).toBe('error')
  expect(applied.toSorted()).toEqual([
    'authorities',
    'certificate of one',
    'certificate of two',
    'proxies of one',
    'proxies of two',
  ])
})

const refuse = () => {
  throw new Error('this part refuses')
}

test.each<[string, (all: RunningParts) => RunningParts]>([
  ['the database', (all) => ({ ...all, revocations: { noteLifetime: async () => refuse() } })],
  ['the check of certificates', (all) => ({ ...all, certificates: { prepareAuthorities: refuse } })],
  [
    'a listener',
    (all) => ({ ...all, listeners: all.listeners.map((one) => ({ ...one, prepareCertificate: refuse })) }),
  ],
])('if %s refuses, nothing is applied', async (_part, withRefusal) => {
  const live = new ReloadableConfig(config)
  await expect(live.reload(planAll(), withRefusal(parts))).rejects.toThrow('this part refuses')
  expect(live.current).toBe(config)
  expect(log.level).toBe('silent')
  expect(applied).toEqual([])
})

test('a part with unchanged options isn’t applied', async () => {
  await new ReloadableConfig(config).reload(planReload(config, withOther(config, 'shutdown.delay')).config, {
    ...parts,
    revocations: { noteLifetime: async () => refuse() },
    certificates: { prepareAuthorities: refuse },
  })
  expect(applied).toEqual([])
})
