import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { permissionNames } from '../../../src/management/authority/permissions.ts'
import { parseManifest } from '../../../src/management/manifest/reading/parse.ts'
import { UserError } from '../../../src/platform/user-error.ts'
import { administrator, type CallAdmin, callsAs } from '../../harness/admin.ts'
import { newSecret } from '../../harness/model.ts'
import { startTestServer, type TestServer } from '../../harness/server.ts'

const API = 'https://api.example.com'
const MODEL = `
apis: [{ audience: ${API}, scopes: [{ name: read }, { name: write }] }]
clients:${administrator('root', permissionNames)}${administrator('other', permissionNames)}
  - { client_id: job, scopes: [read] }
`

let server: TestServer
let call: CallAdmin
let folder: string
beforeAll(async () => {
  server = await startTestServer({ manifest: MODEL })
  call = await callsAs(server, 'root')
  folder = mkdtempSync(join(tmpdir(), 'tessera-plans-'))
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})
beforeEach(() => server.apply(MODEL))

const plan = (body: object) => call('POST', '/plans', { body })
const apply = (id: string, body: object) => call('POST', `/plans/${encodeURIComponent(id)}/apply`, { body })
const job = async () => (await call('GET', '/clients/job')).body
const events = async () => (await server.audit()).filter(({ type }) => type !== 'token.issue').length

describe('a large manifest', () => {
  const clients = Array.from({ length: 6_000 }, (_, index) => `  - client_id: c${index}`)
  const large = (end = '') => ({ manifest: `${['clients:', ...clients].join('\n')}${end}\n#${' '.repeat(64 * 1024)}` })

  test('is planned while other requests are handled', async () => {
    const delay = monitorEventLoopDelay({ resolution: 1 })
    let atOnce = 0
    // The second time is faster, since the code is compiled.
    for (let times = 0; times < 2; times += 1) {
      const start = performance.now()
      expect(() => parseManifest('m', large('\n  - none').manifest)).toThrow(UserError)
      atOnce = performance.now() - start
    }
    delay.enable()
    // It is refused once it is parsed, so that nothing is planned.
    expect(await plan(large('\n  - none'))).toMatchObject({
      status: 422,
      body: { detail: expect.stringMatching(/^manifest\.yaml:6002:5: clients\[6000\]/) },
    })
    delay.disable()
    expect(delay.max / 1e6).toBeLessThan(0.6 * atOnce)
  })

  test('of very many values is refused before it uses up the memory of the server', async () => {
    expect(await plan({ manifest: `a: [${'[],'.repeat(333_000)}]` })).toMatchObject({
      status: 422,
      body: { detail: 'the manifest has too many values: reading it takes more memory than there is' },
    })
  })

  test('waits for its turn, and beyond eight is refused until there is room', async () => {
    // Nobody has so many calls under way alone.
    const others = await callsAs(server, 'other')
    const several = await Promise.all(
      [call, others].flatMap((caller) =>
        Array.from({ length: 6 }, () => caller('POST', '/plans', { body: large('\n  - none') })),
      ),
    )
    expect(several.map(({ status }) => status).toSorted()).toEqual([...Array(4).fill(409), ...Array(8).fill(422)])
    expect((await plan(large('\n  - none'))).status).toBe(422)
  })
})

describe('the two steps', () => {
  test('a plan writes nothing, shows each field, and is applied as it was shown', async () => {
    const body = { manifest: 'clients: [{ client_id: job, name: Job, scopes: [read, write] }]' }
    const before = await events()
    const planned = await plan(body)
    expect(planned).toMatchObject({
      status: 200,
      body: {
        steps: [
          {
            action: 'update',
            id: 'job',
            changes: expect.arrayContaining([{ field: 'name', before: null, after: 'Job' }]),
          },
        ],
        losses: [],
        conflicts: [],
      },
    })
    expect(await events()).toBe(before)
    expect((await apply(planned.body.id, body)).status).toBe(200)
    expect(await job()).toMatchObject({ name: 'Job', scopes: ['read', 'write'] })
    const event = (await server.audit()).findLast(({ type }) => type === 'manifest.apply')
    expect(event?.actor).toMatchObject({ kind: 'client', way: 'manifest', sha256: [expect.any(String)] })
  })

  test('of several files refer to each other, and name the file of a mistake', async () => {
    const files = [
      { name: 'clients.yaml', content: 'clients: [{ client_id: job, scopes: [look] }]' },
      { name: 'apis.yaml', content: 'apis: [{ audience: "https://two", scopes: [{ name: look }] }]' },
    ]
    expect((await plan({ manifest: files })).status).toBe(200)
    const wrong = await plan({ manifest: [{ name: 'x.yaml', content: 'clients: [{ client_idd: a }]' }] })
    expect(wrong.status).toBe(422)
    expect(JSON.stringify(wrong.body)).toContain('x.yaml:1:13: ')
    expect((await plan({ manifest: [{ name: 'a\nb', content: 'x' }] })).status).toBe(422)
  })

  test('without consent to destroy are refused at the second, which then changes nothing', async () => {
    const body = { manifest: 'clients: [{ client_id: job }]' }
    const planned = await plan(body)
    expect(planned.body.losses).toMatchObject([{ kind: 'scope', client_id: 'job', destructive: true }])
    expect((await apply(planned.body.id, body)).status).toBe(403)
    expect(await job()).toMatchObject({ scopes: ['read'] })
    expect((await apply(planned.body.id, { ...body, allow_destroy: true })).status).toBe(200)
  })
})

describe('a plan is refused', () => {
  const HARMLESS = { manifest: 'clients: [{ client_id: job, scopes: [read], name: Job }]' }

  test.each<[string, object]>([
    ['another manifest', { manifest: 'clients: [{ client_id: job }]' }],
    ['prune', { ...HARMLESS, prune: true }],
    ['take-over', { ...HARMLESS, take_over: true }],
    ['files instead of a text', { manifest: [{ name: 'manifest.yaml', content: HARMLESS.manifest }] }],
  ])('with %s', async (_name, body) => {
    const { id } = (await plan(HARMLESS)).body
    const applied = await apply(id, { ...body, allow_destroy: true })
    expect(applied).toMatchObject({ status: 409, body: { detail: expect.stringContaining('the plan is of another') } })
  })

  test('that would destroy by now what it did not destroy when it was shown', async () => {
    const { id } = (await plan(HARMLESS)).body
    await server.apply('clients: [{ client_id: job, scopes: [read, write] }]')
    const applied = await apply(id, { ...HARMLESS, allow_destroy: true })
    expect(applied).toMatchObject({
      status: 409,
      body: { type: '/api/v1/problems/outdated-plan', detail: expect.stringContaining('something else by now') },
    })
    expect(await job()).toMatchObject({ scopes: ['read', 'write'] })
  })

  test('whose scope more clients would lose by now', async () => {
    const body = { manifest: `apis: [{ audience: ${API}, scopes: [{ name: write }] }]` }
    const { id } = (await plan(body)).body
    await server.apply('clients: [{ client_id: another, scopes: [read] }]')
    expect((await apply(id, { ...body, allow_destroy: true })).status).toBe(409)
  })

  test('that gets a secret which ends a credential that it kept', async () => {
    const secret = newSecret()
    const manifest = `clients: [{ client_id: kept, credentials: [{ label: x, secret_env: S }] }]`
    await server.apply(manifest, { S: secret })
    const { id, warnings } = (await plan({ manifest })).body
    expect(warnings).toEqual([expect.stringContaining('was not compared')])
    const given = { manifest, secrets: { 'env:S': newSecret() }, allow_destroy: true }
    expect((await apply(id, given)).status).toBe(409)
    expect((await apply(id, { ...given, secrets: { 'env:S': secret } })).status).toBe(200)
  })

  test('by an id that is invented, or of a list', async () => {
    const { next } = (await call('GET', '/clients?limit=1')).body
    for (const id of ['x', String(next)]) expect((await apply(id, HARMLESS)).status).toBe(404)
  })
})

describe('a request that names a file or a variable gets nothing of the server', () => {
  test.each(['absolute', 'relative', 'variable'])('%s', async (kind) => {
    const secret = newSecret()
    const path = join(folder, 'secret')
    writeFileSync(path, secret)
    process.env['TESSERA_TEST_SECRET'] = secret
    const field = {
      absolute: `secret_file: ${path}`,
      relative: `secret_file: ${'../'.repeat(20)}${path.slice(1)}`,
      variable: 'secret_env: TESSERA_TEST_SECRET',
    }[kind]
    const manifest = `clients: [{ client_id: thief, credentials: [{ label: x, ${field} }] }]`
    try {
      const planned = await plan({ manifest })
      expect(planned.body.warnings).toEqual([expect.stringContaining('was not compared')])
      const applied = await apply(planned.body.id, { manifest })
      expect(applied.status).toBe(422)
      expect(JSON.stringify([planned.body, applied.body])).not.toContain(secret)
      expect((await call('GET', '/clients/thief')).status).toBe(404)
    } finally {
      delete process.env['TESSERA_TEST_SECRET']
    }
  })

  test('but of the request itself, whatever the name', async () => {
    for (const name of ['__proto__', 'constructor']) {
      const manifest = `clients: [{ client_id: job, scopes: [read], credentials: [{ label: x, secret_file: ${name} }] }]`
      const { id } = (await plan({ manifest })).body
      expect((await apply(id, { manifest })).status).toBe(422)
    }
  })
})
