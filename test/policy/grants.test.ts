import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SECRET } from '../harness/model.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'

const ORDERS = 'https://orders.example.com'
const STOCK = 'https://stock.example.com'
const credentials = `credentials: [{ secret: ${SECRET} }]`
const APIS = `
apis:
  - audience: ${ORDERS}
    scopes: [{ name: read }, { name: write }, { name: admin }, { name: all, includes: [read, write] }, { name: "lot:*" }]
  - audience: ${STOCK}
    scopes: [{ name: read }, { name: write }, { name: count, common: true }, { name: "lot:*" }]
`

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({
    manifest: `${APIS}
clients:
  - { client_id: kafka, scopes: [read], default_api: ${ORDERS}, ${credentials} }
  - { client_id: librdkafka, scopes: [read, write], default_api: ${STOCK}, default_scopes: [read], ${credentials} }
  - { client_id: narrow, grants: [{ api: ${ORDERS}, scopes: [read, "lot:*"] }], ${credentials} }
  - { client_id: by-group, grants: [{ api: ${ORDERS}, scopes: [all] }], ${credentials} }
  - client_id: both
    scopes: [read]
    grants:
      - { api: ${ORDERS}, scopes: [write, admin], default_scopes: [admin] }
      - { api: ${STOCK}, default_scopes: [read] }
    ${credentials}
  - { client_id: restricted, restrict_scopes: true, grants: [{ api: ${STOCK}, scopes: [read] }], ${credentials} }
`,
  })
})
afterAll(() => server.stop())

async function ask(client: string, scope?: string, resource?: string) {
  const form = { grant_type: 'client_credentials', ...(scope && { scope }), ...(resource && { resource }) }
  const response = await server.token(form, basic(client, SECRET))
  const answer = (await response.json()) as { access_token?: string; scope?: string; error?: string }
  const [, payload = ''] = answer.access_token?.split('.') ?? []
  const claims = payload === '' ? {} : JSON.parse(Buffer.from(payload, 'base64url').toString())
  return { aud: claims.aud, scope: answer.scope, error: answer.error }
}

describe('a client with a default API that sends no resource', () => {
  test.each([
    ['requests a scope of two APIs', 'kafka', 'read', ORDERS, 'read'],
    ['requests no scope', 'kafka', undefined, ORDERS, 'read'],
    ['requests a group there', 'both', 'all', ORDERS, 'read write'],
    ['has default scopes', 'librdkafka', undefined, STOCK, 'read'],
    ['requests a scope of another API only', 'kafka', 'count', STOCK, 'count'],
  ])('%s', async (_name, client, scope, aud, granted) => {
    expect(await ask(client, scope)).toEqual({ aud, scope: granted, error: undefined })
  })

  test('may still name another API', async () => {
    expect(await ask('kafka', 'read', STOCK)).toMatchObject({ aud: STOCK, scope: 'read' })
  })

  test('falls back to the general choice once the default API grants it nothing', async () => {
    await server.apply(`
apis: [{ audience: "https://third.example.com", scopes: [{ name: only }] }]
clients: [{ client_id: moved, scopes: [only], default_api: "https://third.example.com", ${credentials} }]`)
    await server.apply(`
apis:
  - { audience: "https://third.example.com", scopes: [{ name: other }] }
  - { audience: "https://fourth.example.com", scopes: [{ name: only }] }`)
    await expect.poll(() => ask('moved')).toMatchObject({ aud: 'https://fourth.example.com', scope: 'only' })
  })
})

describe('a grant at one API applies only there', () => {
  test.each([
    ['the scope there', 'narrow', 'read', ORDERS, { scope: 'read' }],
    ['without a resource', 'narrow', 'read', undefined, { aud: ORDERS, scope: 'read' }],
    ['without a scope: the API of the grant', 'narrow', undefined, undefined, { aud: ORDERS, scope: 'read' }],
    ['the same name at another API', 'narrow', 'read', STOCK, { error: 'invalid_scope' }],
    ['another scope there', 'narrow', 'write', ORDERS, { error: 'invalid_scope' }],
    ['a value of a dynamic scope', 'narrow', 'lot:7', ORDERS, { scope: 'lot:7' }],
    ['the same value at another API', 'narrow', 'lot:7', STOCK, { error: 'invalid_scope' }],
    ['a common scope at another API', 'narrow', 'count', STOCK, { scope: 'count' }],
    ['a member of a group', 'by-group', 'write', ORDERS, { scope: 'write' }],
    ['a member of a group, at another API', 'by-group', 'write', STOCK, { error: 'invalid_scope' }],
    ['together with its grants everywhere', 'both', 'read write', ORDERS, { scope: 'read write' }],
    ['its own default', 'both', undefined, ORDERS, { scope: 'admin' }],
    ['the default of another API', 'both', undefined, STOCK, { scope: 'read' }],
    ['of a restricted client', 'restricted', 'read', STOCK, { scope: 'read' }],
    ['and nothing else', 'restricted', 'count', STOCK, { error: 'invalid_scope' }],
  ])('%s', async (_name, client, scope, resource, expected) => {
    expect(await ask(client, scope, resource)).toMatchObject(expected)
  })

  test('a token for both APIs carries it to neither', async () => {
    const form = new URLSearchParams({ grant_type: 'client_credentials', scope: 'write count' })
    for (const resource of [ORDERS, STOCK]) form.append('resource', resource)
    const response = await server.token(form.toString(), basic('both', SECRET))
    expect(await response.json()).toMatchObject({ error: 'invalid_target' })
  })
})

describe('an error in a manifest is one line with its place', () => {
  test.each([
    [
      'grants: [{ api: "https://no.example.com", scopes: [read] }]',
      'clients[0].grants[0].api: there is no API "https://no.example.com"',
    ],
    [`grants: [{ api: ${STOCK}, scopes: [admin] }]`, `clients[0].grants[0].scopes[0]: ${STOCK} has no scope "admin"`],
    [
      `grants: [{ api: ${STOCK}, scopes: [read] }, { api: ${STOCK}, scopes: [write] }]`,
      `clients[0].grants[1].api: "${STOCK}" is listed twice: put its scopes into one grant`,
    ],
    [
      `grants: [{ api: ${STOCK}, scopes: [read], default_scopes: [write] }]`,
      'clients[0].grants[0].default_scopes[0]: "write" is not among the client\'s scopes',
    ],
    ['default_api: "https://no.example.com"', 'clients[0].default_api: there is no API "https://no.example.com"'],
    [`restrict_scopes: true, default_api: ${STOCK}`, `clients[0].default_api: the client has no scope at ${STOCK}`],
  ])('%s', async (fields, message) => {
    const manifest = `${APIS}\nclients: [{ client_id: wrong, ${fields}, ${credentials} }]`
    await expect(server.apply(manifest)).rejects.toThrow(message)
  })
})
