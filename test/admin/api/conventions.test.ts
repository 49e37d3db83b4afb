import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Idempotency } from '../../../src/admin/api/idempotency.ts'
import { operator } from '../../../src/audit/actor.ts'
import { SecretQueueFull } from '../../../src/client-auth/secrets/fair-queue.ts'
import type { HttpRequest } from '../../../src/http/message.ts'
import { FULL } from '../../../src/management/authority/authority.ts'
import { permissionNames } from '../../../src/management/authority/permissions.ts'
import { adminCalls, administrator, type CallAdmin, callsAs } from '../../harness/admin.ts'
import { openRows } from '../../harness/rows.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'

let server: TestServer
let call: CallAdmin
beforeAll(async () => {
  server = await startTestServer({
    manifest: `
apis:
  - { audience: https://api.example.com, scopes: [{ name: read }, { name: write }] }
clients:${administrator('root', permissionNames)}${administrator('reader', ['clients:read', 'audit:read'])}${administrator(
      'auditor',
      permissionNames.filter((name) => name.endsWith(':read')),
    )}
`,
  })
  call = await callsAs(server, 'root')
})
afterAll(() => server.stop())

describe('conditions', () => {
  test('invalid-write: a change needs If-Match, and a stale one gets the present state', async () => {
    const made = await call('PUT', '/clients/conditions', { body: { description: 'one' } })
    expect(made.status).toBe(201)
    const tag = made.headers.get('etag') ?? ''
    expect(await call('PATCH', '/clients/conditions', { body: { description: 'two' } })).toMatchObject({
      status: 428,
      body: { type: '/api/v1/problems/precondition-required', request_id: expect.any(String) },
    })
    const changed = await call('PATCH', '/clients/conditions', {
      body: { description: 'two' },
      headers: { 'if-match': tag },
    })
    expect(changed).toMatchObject({ status: 200, body: { description: 'two' } })
    const stale = await call('PUT', '/clients/conditions', { body: {}, headers: { 'if-match': tag } })
    expect(stale).toMatchObject({ status: 412, body: { present: { description: 'two' } } })
    expect(stale.headers.get('etag')).toBe(changed.headers.get('etag'))
    expect((await call('DELETE', '/clients/conditions', { headers: { 'if-match': tag } })).status).toBe(412)
    const taken = await call('PUT', '/clients/conditions', { body: {}, headers: { 'if-none-match': '*' } })
    expect(taken.status).toBe(412)
    expect((await call('DELETE', '/clients/conditions', { headers: { 'if-match': '*' } })).status).toBe(204)
    expect((await call('GET', '/clients/conditions')).status).toBe(404)
  })

  test('a reader who has the state gets 304', async () => {
    const shown = await call('GET', '/clients/root')
    const tag = shown.headers.get('etag') ?? ''
    expect((await call('GET', '/clients/root', { headers: { 'if-none-match': tag } })).status).toBe(304)
  })

  test('two writers in 1,000 rounds: each round has one 200 and one 412', async () => {
    await call('PUT', '/clients/contested', { body: {} })
    const rounds = process.env['TESSERA_FAULTS'] === 'long' ? 1_000 : 150
    let tag = (await call('GET', '/clients/contested')).headers.get('etag') ?? ''
    for (let round = 0; round < rounds; round += 1) {
      const write = (who: string) =>
        call('PATCH', '/clients/contested', { body: { description: `${who} ${round}` }, headers: { 'if-match': tag } })
      const answers = await Promise.all([write('one'), write('other')])
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 412])
      const [won] = answers.filter(({ status }) => status === 200)
      tag = won?.headers.get('etag') ?? ''
    }
  })

  test('PATCH merges (RFC 7396), PUT replaces', async () => {
    await call('PUT', '/clients/merged', { body: { name: 'a', description: 'b', metadata: { x: 1, y: { z: 2 } } } })
    const patched = await call('PATCH', '/clients/merged', {
      body: { name: null, metadata: { y: { z: null, w: 3 } } },
      headers: { 'if-match': '*' },
    })
    expect(patched.body).toMatchObject({ description: 'b', metadata: { x: 1, y: { w: 3 } } })
    expect(patched.body).not.toHaveProperty('name')
    const put = await call('PUT', '/clients/merged', { body: { name: 'c' }, headers: { 'if-match': '*' } })
    expect(put.body).toMatchObject({ name: 'c', metadata: {} })
    expect(put.body).not.toHaveProperty('description')
  })
})

describe('Idempotency-Key', () => {
  const once = (key: string, body: object) => call('POST', '/clients', { body, headers: { 'idempotency-key': key } })

  test('repeats the first answer without its secret', async () => {
    const body = { client_id: 'once', credentials: [{ label: 'first' }] }
    const first = await once('key-1', body)
    expect(first).toMatchObject({ status: 201, body: { secrets: [{ label: 'first' }] } })
    const second = await once('key-1', body)
    expect(second.status).toBe(201)
    expect(second.headers.get('idempotency-replayed')).toBe('true')
    expect(second.body).not.toHaveProperty('secrets')
    expect(second.headers.get('etag')).toBe(first.headers.get('etag'))
    expect(JSON.stringify(second.body)).not.toContain('tss_')
  })

  test('refuses another request with the key, and lets a mended request use it', async () => {
    await once('key-2', { client_id: 'two' })
    expect((await once('key-2', { client_id: 'three' })).status).toBe(422)
    expect((await once('key-3', { client_id: 'three', scope: 'read' })).status).toBe(422)
    expect((await once('key-3', { client_id: 'three' })).status).toBe(201)
  })

  test('of many at once, one creates', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => once('key-4', { client_id: 'four' })))
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 201).length).toBeGreaterThanOrEqual(1)
    expect(statuses.filter((status) => status !== 201 && status !== 409)).toEqual([])
    const events = await server.audit()
    expect(events.filter(({ type, clientId }) => type === 'client.add' && clientId === 'four')).toHaveLength(1)
  })

  test('repeats nothing for a token of the same client without the permission', async () => {
    const body = { client_id: 'narrow' }
    const headers = { 'idempotency-key': 'key-6' }
    expect((await once('key-6', body)).status).toBe(201)
    const narrow = await callsAs(server, 'root', undefined, undefined, 'clients:read')
    expect((await narrow('GET', '/clients/narrow')).status).toBe(200)
    expect((await narrow('POST', '/clients', { body, headers })).status).toBe(403)
  })

  test('growing-answers: nothing is kept of a request that changes nothing', async () => {
    const rows = openRows(server.config)
    const count = () => rows.all('select id from idempotency_key').length
    const before = count()
    const auditor = await callsAs(server, 'auditor')
    const bodies = { '/plans': { manifest: 'clients: [{ client_id: planned }]' }, '/audit/verify': {} }
    for (const [path, body] of Object.entries(bodies))
      for (const key of ['one', 'two', 'one'])
        expect((await auditor('POST', path, { body, headers: { 'idempotency-key': key } })).status, path).toBe(200)
    expect(count()).toBe(before)
    rows.close()
  })

  test('is free again after a request that found no room for its slow hash', async () => {
    const keys = new Map<string, string>()
    const idempotency = new Idempotency({
      begin: async (id, request) => {
        const used = keys.get(id)
        keys.set(id, request)
        return used === undefined ? undefined : { request: used, answer: undefined }
      },
      complete: async () => {},
      release: async (id) => void keys.delete(id),
      prune: async () => 0,
    })
    const caller = { actor: operator('alice', 'host', 'command'), authority: FULL }
    const request = {
      headers: { 'idempotency-key': 'key' },
      method: 'POST',
      path: '/',
      query: '',
      body: Buffer.alloc(0),
      at: 0,
    }
    const answer = { status: 201, headers: {}, body: '{}' }
    const send = (call: () => Promise<typeof answer>) =>
      idempotency.once(caller, request as unknown as HttpRequest, call)
    await expect(send(() => Promise.reject(new SecretQueueFull()))).rejects.toThrow(SecretQueueFull)
    expect((await send(() => Promise.resolve(answer))).status).toBe(201)
    await expect(send(() => Promise.resolve(answer))).rejects.toThrow(/under way/)
  })

  test('is kept by caller', async () => {
    await once('key-5', { client_id: 'five' })
    const other = await callsAs(server, 'reader')
    const answer = await other('POST', '/clients', {
      body: { client_id: 'five' },
      headers: { 'idempotency-key': 'key-5' },
    })
    expect(answer.status).toBe(403)
  })
})

describe('pages', () => {
  test('a sealed cursor leads through a list, and fits that list and filter only', async () => {
    for (let index = 0; index < 5; index += 1) await call('PUT', `/clients/page-${index}`, { body: {} })
    const seen: string[] = []
    let cursor = ''
    do {
      const query = `/clients?search=page-&limit=2${cursor && `&cursor=${cursor}`}`
      const page = await call('GET', query)
      expect(page.status).toBe(200)
      seen.push(...page.body.items.map(({ client_id: id }: { client_id: string }) => id))
      cursor = page.body.next ?? ''
    } while (cursor !== '')
    expect(seen).toEqual(['page-0', 'page-1', 'page-2', 'page-3', 'page-4'])
    const { next } = (await call('GET', '/clients?search=page-&limit=2')).body
    expect(Buffer.from(next, 'base64url').toString('latin1')).not.toContain('page-')
    for (const query of [
      `/clients?limit=2&cursor=${next}`,
      `/credentials?cursor=${next}`,
      `/clients?search=page-&cursor=${next.slice(1)}`,
    ])
      expect((await call('GET', query)).status, query).toBe(400)
  })

  test.each(['limit=0', 'limit=201', 'limit=2&limit=3', 'sort=secret', 'unknown=1', 'unused_days=-1'])(
    '%s is refused, with the parameter',
    async (query) => {
      const answer = await call('GET', `/clients?${query}`)
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ parameter: query.split('=')[0] }] } })
    },
  )
})

describe('a wrong body', () => {
  test.each([
    ['an unknown field', { nmae: 'x' }, '/nmae'],
    ['a read-only field', { status: {} }, '/status'],
    ['a wrong type', { scopes: 'read' }, '/scopes'],
    ['a wrong item', { tags: ['a', 5] }, '/tags/1'],
    ['a scope that no API has', { scopes: ['delete'] }, '/scopes/0'],
    ['a hostile name', { name: 'a\u0007b' }, '/name'],
    [
      'a credential with two secrets',
      { credentials: [{ secret: 'a-long-enough-secret', jwks_uri: 'https://x' }] },
      '/credentials/0/jwks_uri',
    ],
  ])('invalid-write: %s is named by a pointer', async (_, body, pointer) => {
    const answer = await call('PUT', '/clients/wrong', { body })
    expect(answer).toMatchObject({ status: 422, body: { type: '/api/v1/problems/invalid-fields' } })
    expect(answer.body.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer)
  })

  test.each([
    ['a form', 'a=b', 'application/x-www-form-urlencoded', 415],
    ['text', '{}', 'text/plain', 415],
    ['no JSON', '{', 'application/json', 400],
    ['deep JSON', '['.repeat(5_000), 'application/json', 400],
    ['over 1 MiB', JSON.stringify({ name: 'x'.repeat(1_100_000) }), 'application/json', 413],
  ])('%s is refused', async (_, body, type, status) => {
    const answer = await call('PUT', '/clients/wrong', { body, headers: { 'content-type': type } })
    expect(answer.status).toBe(status)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
  })
})

describe('without authority', () => {
  const paths = [
    '/clients',
    '/clients/root',
    '/apis',
    '/keys',
    '/audit/events',
    '/settings',
    '/me',
    '/openapi.json',
    '/health',
  ]

  test.each(paths)('%s without authentication is 401', async (path) => {
    const answer = await adminCalls(server, {})('GET', path)
    expect(answer).toMatchObject({ status: 401, body: { title: expect.any(String) } })
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/)
  })

  test('a token for another API, or none of ours, is 401', async () => {
    await call('PUT', '/clients/stranger', { body: { scopes: ['read'] } })
    const { secret } = (await call('POST', '/clients/stranger/credentials', { body: {} })).body
    const stranger = await callsAs(server, 'stranger', secret, 'https://api.example.com')
    expect((await stranger('GET', '/clients')).status).toBe(401)
    expect((await adminCalls(server, { authorization: 'Bearer garbage' })('GET', '/clients')).status).toBe(401)
  })

  test('a token without the scope is 403, and the refusal is recorded with its caller', async () => {
    const reader = await callsAs(server, 'reader')
    expect((await reader('GET', '/clients')).status).toBe(200)
    const refused = await reader('PUT', '/clients/no', { body: {} })
    expect(refused.status).toBe(403)
    expect(refused.body.detail).toContain('clients:write')
    const [event] = await server.audit(refused.headers.get('x-request-id'))
    expect(event).toMatchObject({ type: 'admin.refuse', reason: 'admin_not_allowed', clientId: 'reader' })
  })

  test('a grant that is taken away counts at once, though its token lives', async () => {
    await call('PUT', '/clients/former', {
      body: { credentials: [{ label: 'a' }], grants: [{ api: 'urn:tessera:admin', scopes: ['clients:read'] }] },
    })
    const { secret } = (await call('POST', '/clients/former/credentials', { body: {} })).body
    const former = await callsAs(server, 'former', secret)
    expect((await former('GET', '/clients')).status).toBe(200)
    expect(
      (await call('DELETE', '/clients/former/grants/urn%3Atessera%3Aadmin', { headers: { 'if-match': '*' } })).status,
    ).toBe(204)
    await expect.poll(async () => (await former('GET', '/clients')).status).toBe(403)
  })

  test('the scopes of a client at every API make no administrator', async () => {
    await server.apply(`
apis: [{ audience: https://other.example.com, scopes: [{ name: "clients:write" }] }]
clients: [{ client_id: lookalike, scopes: ["clients:write"], credentials: [{ secret: secret of lookalike }] }]
`)
    const answer = await server.token(
      { grant_type: 'client_credentials', resource: 'urn:tessera:admin' },
      basic('lookalike', 'secret of lookalike'),
    )
    expect(answer.status).toBe(400)
  })
})
