import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { clientsEnable, clientsList, clientsShow } from '../../../src/cli/clients.ts'
import { credentialsList, credentialsRemove, credentialsRevoke } from '../../../src/cli/credentials.ts'
import { runCommand } from '../../harness/command.ts'
import { collectLog } from '../../harness/log.ts'
import { newSecret, SECRET } from '../../harness/model.ts'
import { described } from '../../harness/refused.ts'
import { openRows, type Rows } from '../../harness/rows.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'
import { until } from '../../harness/until.ts'

const SPARE = newSecret()
const MODEL = `
apis:
  - { audience: "https://broken.example.com", scopes: [{ name: shaky }, { name: both }] }
  - { audience: "https://sound.example.com", scopes: [{ name: edit }, { name: both }] }
clients:
  - { client_id: broken, scopes: [edit], credentials: [{ label: main, secret: ${SECRET} }] }
  - { client_id: sound, scopes: [edit, shaky, both], credentials: [{ secret: ${SECRET} }] }
  - { client_id: defaulted, scopes: [both], default_api: "https://broken.example.com", credentials: [{ secret: ${SECRET} }] }
  - client_id: granted
    scopes: [edit]
    grants: [{ api: "https://broken.example.com", scopes: [both] }]
    credentials: [{ secret: ${SECRET} }]
  - client_id: partly
    scopes: [edit]
    credentials: [{ label: lost, secret: ${SPARE} }, { label: kept, secret: ${SECRET} }]
`

const { log, lines } = collectLog()
let server: TestServer
let rows: Rows
let env: Record<string, string>
beforeAll(async () => {
  server = await startTestServer({ manifest: MODEL, log })
  rows = openRows(server.config)
  env = { TESSERA_STORAGE: server.config.storage, TESSERA_MASTER_KEY: server.config.masterKey.toString('base64') }
})
afterAll(async () => {
  rows.close()
  await server.stop()
})
/** The row is broken by hand, and every server is notified. */
beforeEach(async () => {
  await server.apply(MODEL)
  rows.run("update client set tags = '{' where client_id = 'broken'")
  rows.run("update api set scopes = '7' where audience = 'https://broken.example.com'")
  rows.run("update credential set data = 'secret' where label = 'lost'")
  for (const id of ['broken', 'partly']) rows.announce('client', id)
  rows.announce('api', 'https://broken.example.com')
  await until(async () => (await ask('broken', { scope: 'edit' })).status === 503)
  await until(async () => (await ask('sound', { resource: 'https://broken.example.com' })).status === 503)
})

const ask = (id: string, form: Record<string, string> = {}, secret = SECRET) =>
  server.token({ grant_type: 'client_credentials', ...form }, basic(id, secret))

async function refusal(response: Response) {
  const [event] = await server.audit(response.headers.get('x-request-id'))
  return { status: response.status, body: await response.json(), reason: event?.reason, detail: event?.detail }
}

const UNKNOWABLE = {
  status: 503,
  body: {
    error: 'temporarily_unavailable',
    error_description: described('The server cannot answer now; try again later'),
  },
  reason: 'record_unreadable',
}

describe('an unreadable record', () => {
  test('of a client: only it is refused, and only the audit log has the reason', async () => {
    expect(await refusal(await ask('broken', { scope: 'edit' }))).toMatchObject({
      ...UNKNOWABLE,
      detail: { record: 'client broken', problem: 'tags is not JSON' },
    })
    expect((await ask('sound', { scope: 'edit' })).status).toBe(200)
  })

  test.each([
    ['named', { resource: 'https://broken.example.com' }],
    ['named together with another', { resource: 'https://broken.example.com', audience: 'https://sound.example.com' }],
    ['named in another spelling', { resource: 'HTTPS://broken.example.com:443/' }],
    ['requested by a scope of no other API', { scope: 'shaky' }],
    ['requested by a scope that the client has only there', { scope: 'both' }, 'granted'],
    ['the client’s default, although another API has the scope, too', { scope: 'both' }, 'defaulted'],
    ['the client’s default', {}, 'defaulted'],
  ])('of an API: only requests for it are refused: %s', async (_name, form, client = 'sound') => {
    expect(await refusal(await ask(client, form))).toMatchObject({
      ...UNKNOWABLE,
      detail: { record: 'api https://broken.example.com', problem: 'scopes is not what it should be' },
    })
  })

  test('of an API: requests for others are granted, and unknown scopes are refused as usual', async () => {
    expect((await ask('sound', { scope: 'edit' })).status).toBe(200)
    expect((await ask('sound', { resource: 'https://sound.example.com' })).status).toBe(200)
    expect(await refusal(await ask('sound', { scope: 'nothing' }))).toMatchObject({ status: 400 })
    expect(await refusal(await ask('sound', { resource: 'https://nothing.example.com' }))).toMatchObject({
      status: 400,
    })
    expect((await fetch(`${server.issuer}/pf/JWKS`)).status).toBe(200)
  })

  test('of a credential: it authenticates nobody, while its sibling does', async () => {
    expect((await ask('partly')).status).toBe(200)
    const refused = await refusal(await ask('partly', {}, SPARE))
    expect(refused).toMatchObject({ status: 401, reason: 'wrong_secret', body: { error: 'invalid_client' } })
    expect(refused.detail).toMatchObject({ unreadable: [expect.any(String)] })
  })

  test('is counted, and logged once after each change, however often it is requested', async () => {
    const of = (record: string) => lines.filter((line) => line['record'] === record)
    for (let n = 0; n < 50; n += 1) expect((await ask('broken')).status).toBe(503)
    const changes = rows.all("select * from change where kind = 'client' and id = 'broken'").length
    expect(of('client').length).toBeGreaterThan(0)
    expect(of('client').length).toBeLessThanOrEqual(changes)
    expect(of('client').at(-1)).toMatchObject({ level: 50, id: 'broken', problem: 'tags is not JSON' })
    expect(of('api').at(-1)).toMatchObject({ id: 'https://broken.example.com' })
    expect(of('credential').at(-1)).toMatchObject({ problem: 'data is not JSON' })
    expect(JSON.stringify(lines)).not.toContain(SECRET)
    const metrics = await (await fetch(`${server.admin}/metrics`)).text()
    for (const kind of ['api', 'client', 'credential'])
      expect(metrics).toMatch(new RegExp(`tessera_records_unreadable_total{kind="${kind}"} [1-9]`))
  })

  test('doesn’t keep a server from starting', async () => {
    const { startBeside } = await import('../../harness/second-server.ts')
    const beside = await startBeside(server)
    const form = new URLSearchParams({ grant_type: 'client_credentials', scope: 'edit' })
    const options = { method: 'POST', body: form }
    const of = (id: string) => fetch(`${beside.url}/as/token.oauth2`, { ...options, headers: basic(id, SECRET) })
    expect((await of('sound')).status).toBe(200)
    expect((await of('broken')).status).toBe(503)
    await beside.stop()
  })
})

describe('commands', () => {
  const run = (command: () => Promise<void>) => runCommand(env, command)

  test('list it as broken, among the others', async () => {
    const listed = await run(() => clientsList({}))
    const rows = listed.stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/).slice(0, 6))
    expect(rows).toEqual([
      ['CLIENT', 'NAME', 'OWNER', 'MANIFEST', 'STATE', 'CREDENTIALS'],
      ['broken', '-', '-', '-', "can't be read: tags is not JSON", '-'],
      ['defaulted', '-', '-', '-', 'enabled', 'secret'],
      ['granted', '-', '-', '-', 'enabled', 'secret'],
      ['partly', '-', '-', '-', 'enabled', 'secret'],
      ['sound', '-', '-', '-', 'enabled', 'secret'],
    ])
    const json = JSON.parse((await run(() => clientsList({ json: true }))).stdout)
    expect(json).toMatchObject([
      { client_id: 'broken', unreadable: 'tags is not JSON' },
      { client_id: 'defaulted' },
      { client_id: 'granted' },
      { client_id: 'partly' },
      { client_id: 'sound' },
    ])
    expect(JSON.parse((await run(() => clientsShow('broken', {}))).stdout)).toEqual({
      client_id: 'broken',
      unreadable: 'tags is not JSON',
      credentials: [{ id: expect.any(String), kind: 'secret', label: 'main' }],
    })
    expect((await run(() => credentialsList('partly', {}))).stdout).toMatch(/ lost +- +can't be read: data is not JSON/)
  })

  test('leave it unchanged by any other change', async () => {
    const before = rows.all("select * from credential where label = 'lost'")
    for (const enabled of [false, true])
      expect(await run(() => clientsEnable('partly', enabled, { yes: true }))).toMatchObject({ error: undefined })
    expect(rows.all("select * from credential where label = 'lost'")).toEqual(before)
    expect((await run(() => clientsEnable('broken', false, { yes: true }))).error).toMatch(
      /broken can't be read.*apply a manifest/,
    )
    expect((await run(() => credentialsRevoke('partly', 'lost', { yes: true }))).error).toMatch(
      /it can only be removed/,
    )
  })

  test('remove a credential, by its label', async () => {
    expect(await run(() => credentialsRemove('partly', 'lost', { yes: true }))).toMatchObject({
      stdout: 'lost is removed\n',
    })
    expect(rows.all("select label from credential where client_id = 'partly'")).toEqual([{ label: 'kept' }])
  })

  test('a manifest with its name replaces it', async () => {
    const { steps, warnings } = await server.apply(MODEL)
    const updated = steps.filter(({ action }) => action === 'update').map(({ id }) => id)
    expect(updated.toSorted()).toEqual(['broken', 'https://broken.example.com', 'partly'])
    expect(warnings).toEqual([])
    await until(async () => (await ask('broken')).status === 200)
    await until(async () => (await ask('sound', { resource: 'https://broken.example.com' })).status === 200)
    await until(async () => (await ask('partly', {}, SPARE)).status === 200)
  })

  test('a manifest without its name is applied with a warning', async () => {
    const { warnings } = await server.apply(
      `clients: [{ client_id: sound, scopes: [edit, both], credentials: [{ secret: ${SECRET} }] }]`,
    )
    expect(warnings).toEqual([expect.stringMatching(/"https:\/\/broken.example.com" can't be read/)])
  })

  test.each([
    ['in another spelling', 'apis: [{ audience: "https://BROKEN.example.com" }]', /another spelling/],
    [
      'in a client’s grant',
      'clients: [{ client_id: new, grants: [{ api: "https://broken.example.com", scopes: [shaky] }] }]',
      /grants.*"https:\/\/broken.example.com" can't be read: name it in the manifest, too/,
    ],
    [
      'as a default',
      'clients: [{ client_id: new, default_api: "https://broken.example.com" }]',
      /default_api.*"https:\/\/broken.example.com" can't be read: name it in the manifest, too/,
    ],
  ])('a manifest that names an unreadable API %s is refused', async (_name, manifest, why) => {
    await expect(server.apply(manifest)).rejects.toThrow(why)
  })

  test('a manifest announces the losses of readable clients', async () => {
    const { losses } = await server.apply('apis: [{ audience: "https://sound.example.com", scopes: [{ name: both }] }]')
    expect(losses).toMatchObject([{ kind: 'api scope', scope: 'edit', clients: 3 }])
  })
})

describe('the ended state of an unreadable client', () => {
  const run = (command: () => Promise<void>) => runCommand(env, command)
  const columnOf = (column: string) =>
    JSON.parse(String(rows.all(`select "${column}" from client where client_id = 'broken'`)[0]?.[column]))
  const mend = async () => {
    rows.run("update client set tags = '[]' where client_id = 'broken'")
    rows.announce('client', 'broken')
  }
  const spoil = () => rows.run("update client set tags = '{' where client_id = 'broken'")

  test('remains, whatever a manifest says', async () => {
    await mend()
    await run(() => clientsEnable('broken', false, { yes: true }))
    await run(() => credentialsRemove('broken', 'main', { yes: true }))
    const ended = columnOf('ended')
    expect(ended).toMatchObject({ disabled_at: expect.any(Number), credentials: [{ row: { label: 'main' } }] })
    spoil()
    const { warnings } = await server.apply(MODEL)
    expect(warnings).toEqual([
      expect.stringMatching(/"broken" stays disabled: a command disabled it/),
      expect.stringMatching(/was removed by a command/),
    ])
    expect(columnOf('ended')).toEqual(ended)
    expect(rows.all("select id from credential where client_id = 'broken'")).toEqual([])
    rows.run("delete from client where client_id = 'broken'")
    rows.announce('client', 'broken')
  })

  test.each(['{', '{"disabled_at":"x"}', '{"credentials":[{"removed_at":1,"row":{"kind":"secret"}}]}', '7'])(
    'can itself be unreadable (%s): the client is disabled until an operator looks at it',
    async (garbage) => {
      await mend()
      rows.run("update client set ended = ? where client_id = 'broken'", garbage)
      rows.announce('client', 'broken')
      await until(async () => (await ask('broken')).status === 503)
      expect(await run(() => credentialsRemove('broken', 'main', { yes: true }))).toMatchObject({ error: undefined })
      expect(rows.all("select ended from client where client_id = 'broken'")).toEqual([{ ended: garbage }])
      const { warnings } = await server.apply(MODEL)
      expect(warnings).toEqual([
        expect.stringMatching(/"broken" is disabled, because the record of its removed credentials can't be read/),
      ])
      expect(columnOf('ended')).toEqual({ disabled_at: expect.any(Number) })
      await until(async () => (await ask('broken')).status === 401)
      await run(() => clientsEnable('broken', true, {}))
      await until(async () => (await ask('broken')).status === 200)
    },
  )
})
