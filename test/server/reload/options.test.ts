import { X509Certificate } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, get } from 'node:https'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadOptions } from '../../../src/config/load.ts'
import { type Config, resolveConfig } from '../../../src/config/resolve.ts'
import { createLogger } from '../../../src/observability/log.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { planReload } from '../../../src/server/reload/plan.ts'
import { isLive } from '../../../src/server/reload/table.ts'
import { type Server, startServer } from '../../../src/server/server.ts'
import { openStore } from '../../../src/store/open.ts'
import { current, identity, issueLeaf, send } from '../../harness/authority.ts'
import { issueAuthority, keyPem } from '../../harness/certificates.ts'
import { MODEL, SECRET } from '../../harness/model.ts'
import { makeProof } from '../../harness/proofs.ts'
import { scrape } from '../../harness/scrape.ts'
import { applyTo, basic, testConfig } from '../../harness/server.ts'

const log = createLogger('silent')
const authority = await issueAuthority('CN=Reload CA', undefined, current())
const leaf = await issueLeaf({ subject: 'CN=machine', issuer: authority })

let folder: string
let config: Config
let server: Server
let flags: Readonly<Record<string, string>>
beforeAll(async () => {
  ;({ config, folder, flags } = await testConfig())
  const model = `${MODEL}  - { client_id: machine, scopes: [edit], credentials: [{ certificate: { subject_dn: "CN=machine" } }] }\n`
  await applyTo(config, model)
  writeFileSync(join(folder, 'ca.pem'), authority.pem)
  server = await startServer(config, { log })
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

/** Reloads the configuration as SIGHUP does. */
async function reload(changed: Readonly<Record<string, string>>) {
  const plan = planReload(config, resolveConfig(loadOptions({ env: {}, flags: { ...flags, ...changed } })))
  await server.reload(plan.config)
  config = plan.config
  return plan
}

const FORM = 'grant_type=client_credentials&scope=edit'
const endpoint = (path: string) => `${config.issuer}${path}`
const answered = async (asked: Promise<Response>): Promise<Record<string, unknown>> =>
  (await (await asked).json()) as Record<string, unknown>
const ask = (headers: Record<string, string> = {}) =>
  send(endpoint('/as/token.oauth2'), { form: FORM, headers: { ...basic('reporter', SECRET), ...headers } })

const effects: readonly [
  option: string,
  value: () => string,
  effect: () => Promise<unknown>,
  before: unknown,
  after: unknown,
][] = [
  ['token.lifetime', () => '60', async () => (await answered(ask()))['expires_in'], 14_400, 60],
  [
    'keys.cache_max_age',
    () => '17',
    async () => (await fetch(endpoint('/pf/JWKS'))).headers.get('cache-control'),
    'public, max-age=300',
    'public, max-age=17',
  ],
  [
    'dpop.require_nonce',
    () => 'on',
    async () => (await answered(ask({ DPoP: await makeProof(endpoint('/as/token.oauth2')) })))['error'],
    undefined,
    'use_dpop_nonce',
  ],
  [
    'runtime.trusted_proxies',
    () => '127.0.0.0/8,::1',
    recordedAddress,
    expect.stringMatching(/^(127\.0\.0\.1|::1)$/),
    '192.0.2.7',
  ],
  ['tls.client_ca', () => join(folder, 'ca.pem'), withCertificate, 401, 200],
  ['log.level', () => 'error', async () => log.level, 'silent', 'error'],
]

/** The recorded address of a client that a proxy names. */
async function recordedAddress(): Promise<unknown> {
  const requestId = (await ask({ 'x-forwarded-for': '192.0.2.7' })).headers.get('x-request-id') ?? ''
  const store = await openStore(config.storage, systemClock)
  try {
    for (;;) {
      const [event] = await store.audit.listEvents({ limit: 1, requestId })
      if (event !== undefined) return event.remoteAddress
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  } finally {
    await store.close()
  }
}

async function withCertificate(): Promise<number> {
  const form = `${FORM}&client_id=machine`
  return (await send(endpoint('/as/token.oauth2'), { form, tls: await identity(leaf) })).status
}

test.each(effects)('%s takes effect, and is taken back', async (option, value, effect, before, after) => {
  expect(await effect()).toEqual(before)
  expect(await reload({ [option]: value() })).toMatchObject({ changed: [option], fixed: [] })
  expect(await effect()).toEqual(after)
  if (option === 'log.level') return
  expect(await reload({})).toMatchObject({ changed: [option], fixed: [] })
  expect(await effect()).toEqual(before)
})

test('the metric of the certificate has the expiry of the one in use', async () => {
  const expiry = async () =>
    (await scrape(`https://localhost:${server.adminPort}`)).value('tessera_tls_certificate_expires_timestamp_seconds')
  const ofFile = (path = '') => new X509Certificate(readFileSync(path)).validToDate.getTime() / 1000
  expect(await expiry()).toBe(ofFile(config.tls.cert))
  const other = await issueLeaf({ ...current(33), subject: 'CN=localhost' })
  const paths = { 'tls.cert': join(folder, 'other.pem'), 'tls.key': join(folder, 'other.key') }
  writeFileSync(paths['tls.cert'], other.pem)
  writeFileSync(paths['tls.key'], await keyPem(other), { mode: 0o600 })
  await reload(paths)
  const agent = new Agent({ rejectUnauthorized: false })
  const text = await new Promise<string>((resolve, reject) => {
    get(`https://localhost:${server.adminPort}/metrics`, { agent }, async (response) => {
      resolve(Buffer.concat(await response.toArray()).toString())
    }).on('error', reject)
  })
  agent.destroy()
  expect(text).toContain(`\ntessera_tls_certificate_expires_timestamp_seconds ${ofFile(paths['tls.cert'])}\n`)
  await reload({})
  expect(await expiry()).toBe(ofFile(config.tls.cert))
})

test('the options with an effect here are exactly the live ones', () => {
  expect(effects.filter(([key]) => !isLive(key))).toEqual([])
})

test('reading the same again changes nothing', async () => {
  const level = { 'log.level': config.log.level }
  expect(await reload(level)).toMatchObject({ changed: [], fixed: [] })
})

test('a changed content of a file counts, not only its name', async () => {
  const other = { ...config, masterKey: Buffer.alloc(32), storageAccess: { ...config.storageAccess, password: 'new' } }
  const { fixed, config: next } = planReload(config, other)
  expect(fixed).toEqual(['storage_password_file', 'master_key_file'])
  expect(next.masterKey).toEqual(config.masterKey)
})

test.each<[string, (config: Config) => Config, readonly string[]]>([
  [
    'TLS can’t be turned off',
    (one) => ({ ...one, tls: { watch: 'off' }, certificate: undefined }),
    ['tls.cert', 'tls.key'],
  ],
  ['the port can’t change', (one) => ({ ...one, runtime: { ...one.runtime, port: 1 } }), ['runtime.port']],
  ['the database can’t change', (one) => ({ ...one, storage: 'sqlite:/else.db' }), ['storage']],
])('%s while a server runs', (_name, change, fixed) => {
  expect(planReload(config, change(config))).toEqual({ config, changed: [], fixed })
})

test('a reload refuses a change that conflicts with an option that keeps its value', () => {
  const behind = { ...config, runtime: { ...config.runtime, tls: 'off' as const, trusted_proxies: ['10.0.0.1'] } }
  const next = { ...config, runtime: { ...config.runtime, tls: 'on' as const, trusted_proxies: [] } }
  // Plain HTTP would continue without a proxy that may use it.
  expect(() => planReload(behind, next)).toThrow(/name the proxy that ends TLS/)
})
