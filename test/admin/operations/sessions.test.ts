import { afterEach, beforeEach, expect, test } from 'vitest'
import { startTestServer, type TestServer } from '../../harness/server.ts'
import { runOn, Visitor } from '../../harness/visitor.ts'

const PASSWORD = 'a tessera is a small tile'

let server: TestServer
let anna: Visitor
beforeEach(async () => {
  server = await startTestServer()
  await runOn(server.config, ['admin', 'bootstrap', '--name', 'anna'], {}, PASSWORD)
  anna = await signedIn('anna')
})
afterEach(() => server.stop())

const signedIn = async (name: string): Promise<Visitor> => {
  const visitor = new Visitor(server.admin)
  await visitor.get('/sign-in')
  expect((await visitor.post('/sign-in', { name, password: PASSWORD })).status).toBe(303)
  await visitor.get('/account')
  return visitor
}

interface Sent {
  readonly method?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** Calls an operation with the session of a browser, as the console would. */
async function call(visitor: Visitor, path: string, { method = 'GET', body, headers = {} }: Sent = {}) {
  const response = await fetch(`${server.admin}/api/v1${path}`, {
    method,
    headers: {
      cookie: [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
      'sec-fetch-site': 'same-origin',
      'x-csrf-token': visitor.hidden('csrf'),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return {
    status: response.status,
    etag: response.headers.get('etag') ?? '',
    body: text === '' ? {} : JSON.parse(text),
  }
}

/** Makes an account over the API, and sets its password by the link of the answer. */
async function account(name: string, roles: readonly string[]): Promise<Visitor> {
  const { status, body } = await call(anna, '/accounts', { method: 'POST', body: { name, roles } })
  expect(status).toBe(201)
  const link = new URL(body.link)
  expect(
    (await new Visitor(server.admin).post('/reset', { token: link.hash.slice(1), password: PASSWORD })).status,
  ).toBe(303)
  return signedIn(name)
}

test('a person has the permissions of the roles, from the next call on', async () => {
  const otto = await account('otto', ['auditor'])
  expect(await call(otto, '/session')).toMatchObject({
    status: 200,
    body: { name: 'otto', roles: ['auditor'], kind: 'browser', present: true },
  })
  expect((await call(otto, '/keys')).status).toBe(200)
  expect((await call(otto, '/keys/rotate', { method: 'POST', body: {} })).status).toBe(403)
  expect((await call(otto, '/accounts', { method: 'POST', body: { name: 'eve', roles: ['admin'] } })).status).toBe(403)
  const { etag } = await call(anna, '/accounts/otto')
  const change = { method: 'PATCH', body: { roles: ['operator'] }, headers: { 'if-match': etag } }
  expect((await call(anna, '/accounts/otto', change)).status).toBe(200)
  expect((await call(otto, '/keys')).status).toBe(401)
  const again = await signedIn('otto')
  expect((await call(again, '/keys/rotate', { method: 'POST', body: { now: true } })).status).toBe(200)
  expect((await call(again, '/accounts', { method: 'POST', body: { name: 'eve', roles: ['admin'] } })).status).toBe(403)
  expect((await call(again, '/accounts/anna/reset', { method: 'POST', body: {} })).status).toBe(403)
})

test('the events of a browser say that it was the console', async () => {
  await account('otto', ['operator'])
  const ways = (await server.audit()).map(({ type, actor }) => [type, actor])
  const by = (name: string) => ({ kind: 'administrator', name, way: 'console' })
  expect(ways).toContainEqual(['session.start', by('anna')])
  expect(ways).toContainEqual(['account.add', by('anna')])
  expect(ways).toContainEqual(['account.change', by('otto')])
})

test('accounts need the state that was read, and the last admin stays', async () => {
  await account('otto', ['operator'])
  const { etag } = await call(anna, '/accounts/otto')
  const patch = (headers: Readonly<Record<string, string>>) =>
    call(anna, '/accounts/otto', { method: 'PATCH', body: { display_name: 'Otto' }, headers })
  expect((await patch({})).status).toBe(428)
  expect((await patch({ 'if-match': '"other"' })).status).toBe(412)
  expect((await patch({ 'if-match': etag })).body).toMatchObject({ display_name: 'Otto', roles: ['operator'] })
  expect((await patch({ 'if-match': etag })).body).toMatchObject({ present: { display_name: 'Otto' } })
  for (const [body, status] of [
    [{ enabled: false }, 409],
    [{ roles: ['auditor'] }, 409],
    [{ roles: ['root'] }, 422],
    [{ password: 'x' }, 422],
    [{ name: 'x' }, 422],
  ] as const)
    expect((await call(anna, '/accounts/anna', { method: 'PATCH', body, headers: { 'if-match': '*' } })).status).toBe(
      status,
    )
  expect((await call(anna, '/accounts/anna', { method: 'DELETE', headers: { 'if-match': '*' } })).status).toBe(409)
  expect((await call(anna, '/accounts/otto', { method: 'DELETE', headers: { 'if-match': '*' } })).status).toBe(204)
  expect((await call(anna, '/accounts/otto')).status).toBe(404)
  expect((await call(anna, '/accounts')).body.items).toMatchObject([
    { name: 'anna', has_password: true, second_factor: false },
  ])
  expect((await call(anna, '/accounts', { method: 'POST', body: { name: 'anna', roles: ['admin'] } })).status).toBe(409)
})

test.each([
  ['no CSRF token', { 'x-csrf-token': '' }],
  ['another CSRF token', { 'x-csrf-token': 'x'.repeat(43) }],
  ['another site', { 'sec-fetch-site': 'cross-site' }],
  ['another port of this host', { 'sec-fetch-site': 'same-site' }],
])('cross-site-request: a change of a browser with %s is refused', async (_, headers) => {
  const { status } = await call(anna, '/sessions', { method: 'DELETE', headers })
  expect(status).toBe(403)
  expect((await call(anna, '/session')).status).toBe(200)
})

test('a form of another site is no call', async () => {
  const { status } = await call(anna, '/keys/rotate', {
    method: 'POST',
    body: {},
    headers: { 'content-type': 'text/plain' },
  })
  expect(status).toBe(415)
})

test('nothing is reached without authentication, or with a session that has ended', async () => {
  const nobody = new Visitor(server.admin)
  const ended = new Visitor(server.admin, new Map([['__Host-tessera', 'x'.repeat(43)]]))
  for (const path of ['/session', '/sessions', '/accounts', '/accounts/anna', '/keys'])
    for (const visitor of [nobody, ended])
      expect({ path, status: (await call(visitor, path)).status }).toEqual({ path, status: 401 })
})

test('a person lists and ends the own sessions only', async () => {
  const otto = await account('otto', ['admin'])
  const other = await signedIn('anna')
  const { body } = await call(anna, '/sessions')
  expect(body.items).toMatchObject([{ present: true }, { present: false }])
  const [, { id }] = body.items
  expect((await call(otto, `/sessions/${id}`, { method: 'DELETE' })).status).toBe(404)
  expect((await call(anna, `/sessions/${id}`, { method: 'DELETE' })).status).toBe(204)
  expect((await call(other, '/session')).status).toBe(401)
  expect((await call(anna, '/sessions', { method: 'DELETE' })).status).toBe(204)
  expect((await call(anna, '/session')).status).toBe(401)
  expect((await call(otto, '/session')).status).toBe(200)
})

test('a command line gets a session that a person has confirmed, and acts as that person', async () => {
  const program = new Visitor(server.admin)
  const post = (path: string, body?: unknown) =>
    call(program, path, { method: 'POST', ...(body !== undefined && { body }) })
  const { body: codes } = await post('/device-requests')
  expect(codes.verification_uri_complete).toBe(`${server.admin}/device?user_code=${codes.user_code}`)
  const poll = () => post('/device-requests/poll', { device_code: codes.device_code })
  expect(await poll()).toMatchObject({ status: 200, body: { status: 'pending' } })
  const { pathname, search } = new URL(codes.verification_uri_complete)
  expect((await program.get(pathname + search)).headers.get('location')).toBe(
    `/sign-in?next=${encodeURIComponent(pathname + search)}`,
  )
  await anna.get(pathname + search)
  expect(anna.page).toContain(codes.user_code)
  await anna.post('/device', { user_code: codes.user_code })
  expect(anna.page).toContain('Is this you?')
  expect((await anna.post('/device/confirm', { user_code: codes.user_code })).status).toBe(200)
  const { body } = await poll()
  expect(body).toMatchObject({ status: 'confirmed', token: expect.stringMatching(/^tsl_[0-9A-Za-z]{43}$/) })
  expect((await poll()).status).toBe(404)
  const headers = { authorization: `Bearer ${body.token}` }
  expect((await call(program, '/session', { headers })).body).toMatchObject({ name: 'anna', kind: 'cli' })
  const added = {
    method: 'POST',
    body: { name: 'bert', roles: ['auditor'] },
    headers: { ...headers, 'x-csrf-token': '' },
  }
  expect((await call(program, '/accounts', added)).status).toBe(201)
  const event = (await server.audit()).findLast(({ type }) => type === 'account.add')
  expect(event).toMatchObject({
    actor: { kind: 'administrator', name: 'anna', way: 'api' },
    detail: { account: 'bert' },
  })
  expect((await call(program, '/session', { headers: { authorization: 'Bearer tsl_x' } })).status).toBe(401)
})
