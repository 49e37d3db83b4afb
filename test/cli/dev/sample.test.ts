import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { managementContext } from '../../../src/cli/database.ts'
import { developmentOptions } from '../../../src/cli/dev/options.ts'
import { sampleManifest } from '../../../src/cli/dev/sample.ts'
import { loadOptions } from '../../../src/config/load.ts'
import { type Config, examineConfig, resolveConfig } from '../../../src/config/resolve.ts'
import { addCredential } from '../../../src/management/credentials/add.ts'
import { labelCredential } from '../../../src/management/credentials/label.ts'
import { applyManifest } from '../../../src/management/manifest/apply.ts'
import { parseManifest } from '../../../src/management/manifest/reading/parse.ts'
import { noSecrets } from '../../../src/management/manifest/secret-source.ts'
import { ClientId } from '../../../src/oauth/ids.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { systemRandom } from '../../../src/platform/random.ts'
import { type Server, startServer } from '../../../src/server/server.ts'
import { openStore } from '../../../src/store/open.ts'
import { TEST_SETTINGS } from '../../harness/apply-settings.ts'
import { environmentOf, startTessera } from '../../harness/cli.ts'
import { UNAUTHENTICATED, withoutRequestId } from '../../harness/refused.ts'
import { applyTo, basic, testConfig } from '../../harness/server.ts'

let folder: string
let config: Config
const lines: Record<string, unknown>[] = []
const log = pino({ base: null }, { write: (line: string) => lines.push(JSON.parse(line)) })
beforeEach(async () => {
  const made = await testConfig()
  folder = made.folder
  config = { ...made.config, shutdown: { ...made.config.shutdown, timeout: 0 } }
  lines.length = 0
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Adds the sample, as `tessera dev` does. */
async function addSample(): Promise<void> {
  const store = await openStore(config.storage, systemClock)
  const parsed = parseManifest('sample', sampleManifest)
  const context = managementContext({ options: config, store })
  await applyManifest(context, {
    parsed,
    source: noSecrets,
    server: TEST_SETTINGS,
    allowDestroy: true,
    origin: 'sample',
    dryRun: false,
  })
  await store.close()
}

/** A server's answer to the sample client. */
async function ask(changes: Partial<Config>, start = (one: Config): Promise<Server> => startServer(one, { log })) {
  const server = await start({ ...config, ...changes })
  try {
    const response = await fetch(`${config.issuer}/as/token.oauth2`, {
      method: 'POST',
      headers: basic('cc_client', '2Federate'),
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'edit' }),
    })
    const id = response.headers.get('x-request-id') ?? ''
    const body = await response.text()
    return { status: response.status, body: response.ok ? body : withoutRequestId(body, id), id }
  } finally {
    await server.stop()
  }
}

async function reasonOf(id: string): Promise<string | undefined> {
  const store = await openStore(config.storage, systemClock)
  const [event] = await store.audit.listEvents({ limit: 1, requestId: id })
  await store.close()
  return event?.reason
}

const warnings = () => lines.filter(({ level }) => level === 40)

describe('the sample of tessera dev', () => {
  test('works there without a warning', async () => {
    await addSample()
    expect(await ask({ isDevelopment: true })).toMatchObject({ status: 200 })
    expect(warnings()).toEqual([])
  })

  test('is refused like any wrong secret in `tessera serve`', async () => {
    await addSample()
    const { status, body, id } = await ask({})
    expect({ status, body }).toEqual({ status: 401, body: UNAUTHENTICATED })
    expect(await reasonOf(id)).toBe('sample_credential')
    expect(warnings()).toMatchObject([{ client_id: 'cc_client', label: 'from the guide' }])
    expect(String(warnings()[0]?.['msg'])).toContain('tessera credentials remove')
  })

  test('is refused by several processes, of which one warns', async () => {
    await addSample()
    const command = startTessera(['serve'], environmentOf(config, { TESSERA_WORKERS: '2' }))
    const serving = command
      .printed(/is served on/)
      .then(() => ({ runtimePort: 0, adminPort: 0, reload: async () => {} }))
    const started = { ...(await serving), stop: async () => void (await command.stop()) }
    expect(await ask({}, async () => started)).toMatchObject({ status: 401, body: UNAUTHENTICATED })
    expect(command.output().match(/a credential of the sample/g)).toHaveLength(1)
  })

  test('is recognized under another label, and beside another credential', async () => {
    await addSample()
    const store = await openStore(config.storage, systemClock)
    const context = managementContext({ options: config, store })
    const client = ClientId('cc_client')
    await labelCredential(context, { client, name: 'from the guide', label: 'mine' })
    const spec = { proof: undefined, label: undefined, expiresAt: undefined }
    await addCredential(context, { client, spec, show: () => {} })
    await store.close()
    expect(await ask({})).toMatchObject({ status: 401 })
  })

  test('gives way to a manifest that has its client', async () => {
    await addSample()
    await applyTo(config, 'clients: [{ client_id: cc_client, scopes: [edit], credentials: [{ secret: another one }] }]')
    expect(await ask({})).toMatchObject({ status: 401 })
    expect(warnings()).toEqual([])
  })

  test('is not recognized in a user’s own manifest, whatever that has', async () => {
    await applyTo(config, sampleManifest)
    expect(await ask({})).toMatchObject({ status: 200 })
  })
})

test('the files of `tessera dev` make no server for production', async () => {
  const options = await developmentOptions(
    loadOptions({ env: {}, flags: { data: join(folder, 'data') } }),
    () => false,
    systemClock,
    systemRandom,
  )
  expect(() => resolveConfig(options)).toThrow(/^master_key_file is .*belongs to `tessera dev`, and no other server/)
})

describe('tessera dev leaves things alone that it did not make', () => {
  const inFolder = (name: string) => join(folder, name)
  const develop = (flags: Record<string, string>) =>
    developmentOptions(
      loadOptions({ env: {}, flags: { data: inFolder('data'), ...flags } }),
      (key) => key in flags,
      systemClock,
      systemRandom,
    )

  test.each([
    ['a database', { storage: 'sqlite:production.db' }, /^storage is .*keeps a database of its own/],
    ['one elsewhere', { storage: 'postgres://u:pw@db/x' }, /^storage is "postgres:\/\/u:\*\*\*@db\/x"/],
    ['every address', { 'runtime.host': '0.0.0.0' }, /^runtime\.host is "0\.0\.0\.0".*this machine alone/],
    ['every address of IPv6', { 'runtime.host': '::' }, /^runtime\.host is "::"/],
    ['a name that begins like this machine’s', { 'runtime.host': '127.0.0.1.example.com' }, /^runtime\.host is/],
    ['a name with an address of this machine', { 'runtime.host': 'myhost' }, /^runtime\.host is/],
    ['every address for the admin listener', { 'admin.host': '0.0.0.0' }, /^admin\.host is "0\.0\.0\.0"/],
  ])('%s', async (_name, flags, message) => {
    await expect(develop(flags as Record<string, string>)).rejects.toThrow(message)
    expect(existsSync(inFolder('data'))).toBe(false)
  })

  test('reports several problems in one message', async () => {
    const flags = { storage: 'sqlite:production.db', 'runtime.host': '::', 'admin.host': '0.0.0.0' }
    await expect(develop(flags)).rejects.toMatchObject({
      all: [/^storage is/, /^runtime\.host is/, /^admin\.host is/].map((pattern) => expect.stringMatching(pattern)),
    })
  })

  test('refuses a folder with a database that it did not make', async () => {
    mkdirSync(inFolder('data'))
    writeFileSync(join(inFolder('data'), 'tessera.db'), '')
    await expect(develop({})).rejects.toThrow(/^data is .*holds a database that `tessera dev` did not make/)
  })

  test.each(['localhost', '127.0.0.1', '127.1.2.3', '::1'])('refuses to listen on %s', async (host) => {
    const options = await develop({ 'runtime.host': host, 'admin.host': host })
    expect(options.runtime.host).toBe(host)
    const reading = { options, mistakes: [], wrong: new Set<string>(), isDevelopment: true }
    expect(examineConfig(reading, systemClock).config).toMatchObject({
      isDevelopment: true,
      storage: `sqlite:${inFolder('data')}/tessera.db`,
    })
  })
})
