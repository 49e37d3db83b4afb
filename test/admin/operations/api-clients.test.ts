import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { permissionNames } from '../../../src/management/authority/permissions.ts'
import { administrator, type CallAdmin, callsAs } from '../../harness/admin.ts'
import { newSecret } from '../../harness/model.ts'
import { sharedPostgres } from '../../harness/postgres.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'

const API = 'https://api.example.com'
const PATH = `/apis/${encodeURIComponent(API)}/clients`
const SECRET = newSecret()
const time = expect.stringMatching(/^2\d{3}-/)

const databases = [
  ['SQLite', async () => undefined],
  ['PostgreSQL', async () => (await sharedPostgres()).newMigrated()],
] as const

describe.each(databases)('GET /apis/{audience}/clients on %s', (_, database) => {
  let server: TestServer
  let root: CallAdmin
  let member: CallAdmin

  beforeAll(async () => {
    const storage = await database()
    server = await startTestServer({
      ...(storage !== undefined && { options: { storage } }),
      manifest: `
apis:
  - { audience: "${API}", owner: ours, scopes: [{ name: read }, { name: write }, { name: all, includes: [read, write] }, { name: ping, common: true }] }
  - { audience: "https://other.example.com", scopes: [{ name: open }] }
clients:${administrator('root', permissionNames)}${administrator('member', ['groups:act'])}
  - client_id: job
    name: The job
    owner: ours
    grants: [{ api: "${API}", scopes: [all], default_scopes: [read] }]
    credentials: [{ label: current, secret: ${SECRET} }]
  - { client_id: theirs, owner: theirs, scopes: [read] }
  - { client_id: other, owner: ours, scopes: [open] }
  - { client_id: closed, owner: ours, scopes: [open], restrict_scopes: true }
`,
    })
    root = await callsAs(server, 'root')
    const members = [{ kind: 'client', id: 'member', permissions: ['view'] }]
    expect((await root('PUT', '/groups/ours', { body: { members } })).status).toBe(201)
    member = await callsAs(server, 'member')
    const form = { grant_type: 'client_credentials', resource: API, scope: 'read' }
    const { headers } = await server.token(form, basic('job', SECRET))
    await server.audit(headers.get('x-request-id'))
  })
  afterAll(() => server.stop())

  const idsOf = (body: { readonly items: readonly { readonly client_id: string }[] }) =>
    body.items.map((one) => one.client_id)

  test('has each client with the scopes that it holds, where they come from, and their last use', async () => {
    const { status, body } = await root('GET', PATH)
    expect(status).toBe(200)
    expect(body).toEqual({
      items: [
        {
          client_id: 'job',
          name: 'The job',
          enabled: true,
          scopes: [
            { name: 'read', given_by: 'group', last_used: time },
            { name: 'write', given_by: 'group' },
            { name: 'all', given_by: 'own', last_used: time },
            { name: 'ping', given_by: 'common' },
          ],
          default_scopes: ['read'],
          last_used: time,
        },
        {
          client_id: 'theirs',
          enabled: true,
          scopes: [
            { name: 'read', given_by: 'own' },
            { name: 'ping', given_by: 'common' },
          ],
          default_scopes: [],
        },
      ],
    })
  })

  test('has clients with common scopes alone if it is asked to, unless they are restricted', async () => {
    const ids = idsOf((await root('GET', `${PATH}?common=true`)).body)
    expect(ids).toEqual(expect.arrayContaining(['job', 'other', 'theirs']))
    expect(ids).not.toContain('closed')
    expect(ids).toEqual(ids.toSorted())
  })

  test('goes on page by page, with a cursor of its API and filter alone', async () => {
    const first = (await root('GET', `${PATH}?limit=1`)).body
    expect(idsOf(first)).toEqual(['job'])
    const second = (await root('GET', `${PATH}?limit=1&cursor=${first.next}`)).body
    expect([idsOf(second), second.next]).toEqual([['theirs'], undefined])
    expect((await root('GET', `${PATH}?limit=1&common=true&cursor=${first.next}`)).status).toBe(400)
  })

  test('shows a member of a group its clients alone, and is a 404 without such an API', async () => {
    expect(idsOf((await member('GET', PATH)).body)).toEqual(['job'])
    expect((await member('GET', `${PATH.replace('api.', 'other.')}`)).status).toBe(404)
    expect((await root('GET', '/apis/none/clients')).status).toBe(404)
  })
})
