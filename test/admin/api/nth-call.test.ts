import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { permissionNames } from '../../../src/management/authority/permissions.ts'
import { administrator, type CallAdmin, callsAs } from '../../harness/admin.ts'
import { standingClock } from '../../harness/clock.ts'
import { extent } from '../../harness/extent.ts'
import { openRows, type Rows } from '../../harness/rows.ts'
import { startTestServer, type TestServer } from '../../harness/server.ts'
import { type SqliteCalls, takeOverSqlite } from '../../harness/sqlite-calls.ts'
import { differing, modelIn } from '../../management/setting.ts'

/** For so long, a key is held by a request of which nobody knows the outcome. Milliseconds. */
const HELD_MS = 60_000

let calls: SqliteCalls
let server: TestServer
let call: CallAdmin
let rows: Rows
const clock = standingClock()
beforeAll(async () => {
  calls = takeOverSqlite()
  server = await startTestServer({
    clock,
    manifest: `
apis: [{ audience: "https://api.example.com", scopes: [{ name: read }, { name: write }] }]
clients:${administrator('root', permissionNames)}
`,
  })
  call = await callsAs(server, 'root')
  rows = openRows(server.config)
})
afterEach(() => calls.breaker.heal())
afterAll(async () => {
  rows.close()
  calls.restore()
  await server.stop()
})

type Body = Readonly<Record<string, unknown>>
type Request = readonly [method: string, path: string, body?: Body]

const make = async (...[method, path, body]: Request): Promise<void> => {
  expect((await call(method, path, { body: body ?? {} })).status).toBe(201)
}
const client = (name: string) =>
  make('PUT', `/clients/${name}`, {
    grants: [{ api: 'https://api.example.com', scopes: ['read'] }],
    credentials: [{ label: 'first' }],
  })
const api = (name: string) => `/apis/${encodeURIComponent(`https://${name}.example.com`)}`

/** Each change, and the things that it needs. Every attempt has names of its own. */
const changes: readonly (readonly [
  id: string,
  request: (name: string) => Request,
  prepare?: (name: string) => Promise<unknown>,
])[] = [
  ['clients.create', (name) => ['POST', '/clients', { client_id: name, credentials: [{ label: 'a' }] }]],
  ['clients.replace', (name) => ['PUT', `/clients/${name}`, { description: 'x' }], client],
  ['clients.change', (name) => ['PATCH', `/clients/${name}`, { description: 'x' }], client],
  ['clients.disable', (name) => ['POST', `/clients/${name}/disable`], client],
  ['clients.delete', (name) => ['DELETE', `/clients/${name}`], client],
  [
    'grants.replace',
    (name) => ['PUT', `/clients/${name}/grants/https%3A%2F%2Fapi.example.com`, { scopes: ['write'] }],
    client,
  ],
  ['credentials.add', (name) => ['POST', `/clients/${name}/credentials`, { label: 'b' }], client],
  ['credentials.rotate', (name) => ['POST', `/clients/${name}/credentials/first/rotate`, {}], client],
  ['credentials.label', (name) => ['PATCH', `/clients/${name}/credentials/first`, { label: 'c' }], client],
  ['credentials.revoke', (name) => ['POST', `/clients/${name}/credentials/first/revoke`], client],
  ['credentials.delete', (name) => ['DELETE', `/clients/${name}/credentials/first`], client],
  ['apis.create', (name) => ['POST', '/apis', { audience: `https://${name}.example.com` }]],
  ['apis.change', (name) => ['PATCH', api(name), { name: 'x' }], (name) => make('PUT', api(name))],
  ['scopes.replace', (name) => ['PUT', `${api(name)}/scopes/x`, {}], (name) => make('PUT', api(name))],
  ['apis.delete', (name) => ['DELETE', api(name)], (name) => make('PUT', api(name))],
  ['groups.replace', (name) => ['PUT', `/groups/${name}`, { description: 'x' }]],
  ['groups.delete', (name) => ['DELETE', `/groups/${name}`], (name) => make('PUT', `/groups/${name}`)],
  ['revocations.add', (name) => ['POST', '/revocations', { kind: 'client', id: name }], client],
]

/** Reads the model and its events as they are at one moment. */
function observe() {
  rows.run('begin')
  const model = modelIn(rows)
  const events = rows.all('select changes from audit_event where changes is not null order by seq')
  rows.run('commit')
  return { model, events: events.map(({ changes: json }) => String(json)) }
}

/** Requires that the changed things are those that the events since then name. @returns the changed things */
function changedSince(before: ReturnType<typeof observe>, what: string): readonly string[] {
  const after = observe()
  const changed = differing(before.model, after.model)
  const named = after.events
    .slice(before.events.length)
    .flatMap((json) =>
      JSON.parse(json).things.map(({ thing, id }: { readonly thing: string; readonly id: string }) => `${thing} ${id}`),
    )
  expect(changed, what).toEqual([...new Set(named)].sort())
  return changed
}

const STEP = extent(3, 1)

test.each(changes.map(([id, request, prepare]) => ({ id, request, prepare })))(
  '$id is done entirely, with its event, or not at all',
  async ({ id, request, prepare }) => {
    let unavailable = 0
    for (const how of ['before', 'after'] as const) {
      for (let nth = 1; ; nth += STEP) {
        const name = `${id.replace('.', '-')}-${how}-${nth}`
        await prepare?.(name)
        const [method, path, body] = request(name)
        const isPost = method === 'POST'
        const once = () =>
          call(method, path, {
            ...(body && { body }),
            headers: isPost ? { 'idempotency-key': name } : { ...(prepare && { 'if-match': '*' }) },
          })
        const before = observe()
        calls.breaker.fail(nth, how)
        const answer = await once()
        const came = calls.breaker.heal()
        const what = `call ${nth} ${how}: ${JSON.stringify(answer.body)}`
        const changed = changedSince(before, what)
        if (answer.status === 503) {
          unavailable += 1
          expect(answer.body, what).toMatchObject({
            type: '/api/v1/problems/unavailable',
            request_id: expect.any(String),
          })
          expect(answer.headers.get('retry-after'), what).toBe('1')
        } else {
          expect([200, 201, 204], what).toContain(answer.status)
          expect(changed, what).not.toEqual([])
        }
        if (isPost && changed.length === 0) {
          // Its outcome was unknown to the server, so the key waits until the request has ended for sure.
          const early = await once()
          expect([200, 201, 409], `again after ${what}`).toContain(early.status)
          clock.advance(HELD_MS + 1)
          call = await callsAs(server, 'root')
          if (early.status === 409) expect([200, 201], `later after ${what}`).toContain((await once()).status)
          expect(changedSince(before, `again after ${what}`), what).not.toEqual([])
        }
        if (!came) break
      }
    }
    expect(unavailable).toBeGreaterThan(0)
  },
)
