import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { revoke } from '../../../src/cli/revoke.ts'
import { runCommand } from '../../harness/command.ts'
import { newSecret, SECRET } from '../../harness/model.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'

const ROOT = 'https://mcp.example.net'
const PATH = 'https://api.example.net/orders/~v1'
const credentials = `credentials: [{ secret: ${SECRET} }]`
const MANIFEST = `
apis:
  - { audience: "${ROOT}", scopes: [{ name: read }] }
  - { audience: "${PATH}", token: { format: sealed }, scopes: [{ name: read }] }
clients:
  - { client_id: agent, scopes: [read], ${credentials} }
  - { client_id: api, introspects: ["HTTPS://MCP.example.net:443/"], ${credentials} }
  - { client_id: other, introspects: ["${PATH}"], ${credentials} }
`

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ manifest: MANIFEST })
})
afterAll(() => server.stop())

const ask = (fields: readonly (readonly [string, string])[]): Promise<Response> =>
  server.token(
    new URLSearchParams([['grant_type', 'client_credentials'], ...fields.map(([...field]) => field)]).toString(),
    basic('agent', SECRET),
  )

const tokenFor = async (resource: string): Promise<string> =>
  ((await (await ask([['resource', resource]])).json()) as { access_token: string }).access_token

const introspect = async (token: string, client: string): Promise<unknown> => {
  const response = await fetch(`${server.issuer}/as/introspect.oauth2`, {
    method: 'POST',
    body: new URLSearchParams({ token }),
    headers: basic(client, SECRET),
  })
  return response.json()
}

describe.each(['resource', 'audience'])('%s', (name) => {
  test.each([
    [ROOT],
    [`${ROOT}/`],
    [new URL(ROOT).href],
    ['HTTPS://mcp.example.net'],
    ['https://MCP.Example.NET'],
    [`${ROOT}:443`],
    [`${ROOT}:443/`],
    [`${ROOT}:`],
    [`${ROOT}/x/..`],
  ])('%s is the API, whose audience keeps its registered spelling', async (value) => {
    const response = await ask([[name, value]])
    expect(response.status).toBe(200)
    expect(decodeJwt(((await response.json()) as { access_token: string }).access_token).aud).toBe(ROOT)
  })

  test.each([
    'https://api.example.net/orders/%7Ev1',
    'https://api.example.net/x/../orders/%7ev1',
    'https://API.example.net:443/orders/~v1',
  ])('%s is the API with a path', async (value) => expect((await ask([[name, value]])).status).toBe(200))

  test.each([
    `${ROOT}:444`,
    'http://mcp.example.net',
    `${ROOT}//`,
    `${ROOT}/a`,
    `${ROOT}/#a`,
    `${ROOT}?a`,
    'mcp.example.net',
    `${PATH}/`,
    PATH.toUpperCase(),
    'https://api.example.net/orders%2F~v1',
  ])('%s is no API', async (value) => {
    const response = await ask([[name, value]])
    expect({ status: response.status, ...((await response.json()) as object) }).toMatchObject({
      status: 400,
      error: 'invalid_target',
    })
  })
})

test('one API in two spellings is in the token once', async () => {
  const response = await ask([
    ['resource', `${ROOT}/`],
    ['resource', ROOT],
    ['audience', `${ROOT}:443`],
  ])
  expect(decodeJwt(((await response.json()) as { access_token: string }).access_token).aud).toBe(ROOT)
})

test('a resource server can introspect the tokens of its API, whichever spelling was requested', async () => {
  expect(await introspect(await tokenFor(ROOT), 'api')).toMatchObject({ active: true, aud: ROOT })
  expect(await introspect(await tokenFor(ROOT), 'other')).toEqual({ active: false })
  expect(await introspect(await tokenFor('https://api.example.net/orders/%7ev1'), 'other')).toMatchObject({
    active: true,
    aud: PATH,
  })
  expect(await introspect(await tokenFor(PATH), 'api')).toEqual({ active: false })
})

test('everything issued for an API is revoked, in whichever spelling the revocation names it', async () => {
  const token = await tokenFor(ROOT)
  const env = {
    TESSERA_STORAGE: server.config.storage,
    TESSERA_MASTER_KEY: server.config.masterKey.toString('base64'),
  }
  expect(await runCommand(env, () => revoke({ yes: true, api: `${ROOT}:443/` }))).toMatchObject({
    error: undefined,
    stdout: `revoked api ${ROOT}\n`,
  })
  await expect.poll(() => introspect(token, 'api')).toEqual({ active: false })
})

describe('two spellings of one audience are a conflict', () => {
  const api = (audience: string) => `  - { audience: "${audience}", scopes: [{ name: read }] }\n`
  test.each([
    ['in one manifest', api('https://new.example.net') + api('https://new.example.net/'), 3, 'https://new.example.net'],
    [
      'in one manifest, by case',
      api('https://new.example.net') + api('https://NEW.example.net'),
      3,
      'https://new.example.net',
    ],
    ['with an existing one', api(`${ROOT}/`), 2, ROOT],
    ['with an existing one that is applied again', api(ROOT) + api(`${ROOT}:443`), 3, ROOT],
  ])('%s', async (_name, apis, line, other) => {
    await expect(server.apply(`apis:\n${apis}`)).rejects.toThrow(
      new RegExp(`^test\\.yaml:${line}:\\d+: apis\\[${line - 2}\\]\\.audience: is another spelling of "${other}"`),
    )
  })

  test('the same spelling is no conflict, and neither is another API', async () => {
    await server.apply(`apis:\n${api(ROOT)}${api(`${ROOT}/a`)}`)
    await server.apply(
      `clients: [{ client_id: agent, scopes: [read], credentials: [{ secret: ${SECRET} }, { label: b, secret: ${newSecret()} }] }]`,
    )
    expect((await ask([['resource', `${ROOT}/`]])).status).toBe(200)
  })
})
