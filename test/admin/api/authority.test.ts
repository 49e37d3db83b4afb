import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { permissionNames } from '../../../src/management/authority/permissions.ts'
import { adminCalls, administrator, type CallAdmin, callsAs } from '../../harness/admin.ts'
import { openRows } from '../../harness/rows.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'
import { until } from '../../harness/until.ts'
import { Visitor } from '../../harness/visitor.ts'

const PASSWORD = 'a tessera is a small tile'
const OTHER = 'https://theirs.example.com'

let server: TestServer
let root: CallAdmin
beforeAll(async () => {
  server = await startTestServer({
    manifest: `
apis:
  - { audience: https://api.example.com, owner: ours, scopes: [{ name: read }] }
  - { audience: ${OTHER}, owner: theirs, scopes: [{ name: pay }] }
clients:
  - { client_id: ours, owner: ours, scopes: [read] }
  - { client_id: theirs, owner: theirs, scopes: [pay], grants: [{ api: https://api.example.com, scopes: [read] }], credentials: [{ label: first, secret: secret of theirs }] }
${administrator('root', permissionNames)}${administrator('hr', ['accounts:write', ...permissionNames.filter((name) => name.endsWith(':read'))])}${administrator('adder', ['accounts:write'])}
${['view', 'edit', 'rotate', 'delete', 'grant', 'all'].map((name) => administrator(`may-${name}`, ['groups:act'])).join('')}
`,
  })
  root = await callsAs(server, 'root')
  const one = ['view', 'edit', 'rotate', 'delete', 'grant'] as const
  const members = [
    ...one.map((name) => ({ kind: 'client', id: `may-${name}`, permissions: [name] })),
    { kind: 'client', id: 'may-all', permissions: one },
    { kind: 'account', id: 'olga', permissions: one },
  ]
  expect((await root('PUT', '/groups/ours', { body: { members } })).status).toBe(201)
})
afterAll(() => server.stop())

/** The session of an account in a browser, as the console would use it. */
async function browser(name: string): Promise<CallAdmin> {
  const visitor = new Visitor(server.admin)
  expect((await visitor.post('/sign-in', { name, password: PASSWORD })).status).toBe(303)
  await visitor.get('/account')
  return adminCalls(server, {
    cookie: [...visitor.cookies].map(([key, value]) => `${key}=${value}`).join('; '),
    'sec-fetch-site': 'same-origin',
    'x-csrf-token': visitor.hidden('csrf'),
  })
}

const reset = (link: string): Promise<Response> =>
  new Visitor(server.admin).post('/reset', { token: new URL(link).hash.slice(1), password: PASSWORD })

const any = { headers: { 'if-match': '*' } }

describe('unreadable-listing: a member of a group', () => {
  test.each(['view', 'edit', 'rotate', 'delete', 'grant', 'all'])(
    'with %s learns nothing about others',
    async (name) => {
      const call = await callsAs(server, `may-${name}`)
      const about = async (id: string) => {
        const answers: string[] = []
        const ask = async (...[method, path, options]: Parameters<CallAdmin>) => {
          const { status, body } = await call(method, path, options)
          expect(status, `${method} ${path}`).toBeGreaterThanOrEqual(400)
          const { request_id: _, ...said } = body
          answers.push(`${method} ${path} ${JSON.stringify(said)}`.replaceAll(id, '…'))
        }
        const client = `/clients/${id}`
        for (const part of ['', '/credentials', '/grants', '/effect', '/usage', '/credentials/first/effect'])
          await ask('GET', client + part)
        await ask('PATCH', client, { body: { name: 'x' }, ...any })
        await ask('PUT', client, { body: { name: 'x' }, ...any })
        await ask('PUT', `${client}/grants/x`, { body: {}, ...any })
        await ask('DELETE', client, any)
        await ask('DELETE', `${client}/credentials/first`, any)
        for (const part of ['/disable', '/enable', '/credentials/first/revoke', '/credentials/first/cancel'])
          await ask('POST', client + part)
        await ask('POST', `${client}/credentials`, { body: { secret: 'a secret that is long enough' } })
        await ask('POST', '/revocations', { body: { kind: 'client', id } })
        await ask('GET', `/explanations?client=${id}`)
        const api = `/apis/${encodeURIComponent(`https://${id}.example.com`)}`
        for (const part of ['', '/effect', '/scopes']) await ask('GET', api + part)
        await ask('PUT', api, { body: { name: 'x' }, ...any })
        await ask('DELETE', api, any)
        await ask('POST', '/revocations', { body: { kind: 'api', id: `https://${id}.example.com` } })
        const absent = { headers: { 'if-none-match': '*' } }
        const audience = `https://${id}.example.com`
        await ask('PUT', `/clients/ours/grants/${encodeURIComponent(audience)}`, { body: {}, ...absent })
        for (const references of [
          { grants: [{ api: audience }] },
          { introspects: [audience] },
          { default_api: audience },
        ])
          await ask('POST', '/clients', { body: { client_id: 'new', owner: 'ours', ...references } })
        return answers
      }
      expect(await about('theirs')).toEqual(await about('missing'))
      for (const query of [
        '/clients',
        '/credentials',
        '/apis',
        '/counts/clients',
        '/usage?by=client',
        '/audit/events',
      ]) {
        const { status, body } = await call('GET', query)
        expect(JSON.stringify(body), query).not.toMatch(/theirs/)
        if (query === '/counts/clients' && status === 200) expect(body.count).toBe(1)
      }
      const effect = await call('GET', `/apis/${encodeURIComponent('https://api.example.com')}/effect`)
      if (effect.status === 200) expect(effect.body.clients).toMatchObject({ count: 2, some: ['ours'] })
    },
  )

  test('gets the present state of a stale change only if the member may read it', async () => {
    const stale = { headers: { 'if-match': '"stale"' } }
    const deleter = await callsAs(server, 'may-delete')
    const blind = await deleter('DELETE', '/clients/ours', stale)
    expect(blind.status).toBe(412)
    expect(blind.body).not.toHaveProperty('present')
    expect(blind.headers.get('etag')).toBeNull()
    const all = await callsAs(server, 'may-all')
    expect((await all('DELETE', '/clients/ours', stale)).body).toHaveProperty('present.client_id', 'ours')
  })

  test('with rotate alone changes no credential before an error', async () => {
    const made = await root('POST', '/clients/ours/credentials', { body: { label: 'kept' } })
    expect(made.status).toBe(201)
    const call = await callsAs(server, 'may-rotate')
    expect((await call('POST', '/clients/ours/credentials/kept/revoke')).status).toBe(404)
    expect((await root('GET', '/clients/ours/credentials/kept')).body.status).toBe('active')
  })
})

describe('unreadable-listing: the owner of an id that another had', () => {
  const GRANT = { grant_type: 'client_credentials', resource: 'https://again.example.com' }
  const api = `/apis/${encodeURIComponent(GRANT.resource)}`
  const REFUSALS = '/audit/events?client=again&result=refused'
  const ask = async (secret: string): Promise<string> => {
    const { headers } = await server.token(GRANT, basic('again', secret))
    const id = headers.get('x-request-id') ?? ''
    expect(await server.audit(id)).toHaveLength(1)
    return id
  }
  /** @returns the requests that were refused until the server knew the client */
  const make = async (owner: string, secret: string): Promise<number> => {
    const scopes = [{ name: 'do' }]
    expect((await root('PUT', api, { body: { owner, scopes } })).status).toBe(201)
    const credentials = [{ label: 'first', secret }]
    const grants = [{ api: GRANT.resource, scopes: ['do'] }]
    expect((await root('PUT', '/clients/again', { body: { owner, credentials, grants } })).status).toBe(201)
    // The server learns of the new API and the new client within a second. Until then it refuses the request.
    let refused = 0
    await until(async () => {
      const { ok } = await server.token(GRANT, basic('again', secret))
      if (!ok) refused += 1
      return ok
    })
    return refused
  }

  test('sees the events, the usage and the requests of the present client alone', async () => {
    const [first, second] = ['the secret of the first team', 'the secret of the second team']
    await make('theirs', first)
    const former = [await ask(first), await ask('a wrong secret that was sent to the former')]
    expect((await root('DELETE', '/clients/again', any)).status).toBe(204)
    expect((await root('DELETE', api, any)).status).toBe(200)
    const refusedAtFirst = await make('ours', second)
    const present = [await ask(second), await ask(second)]

    const member = await callsAs(server, 'may-view')
    const listed = async (call: CallAdmin, query: string) =>
      (await call('GET', query)).body.items.map(({ request_id }: { readonly request_id: string }) => request_id)
    for (const query of ['/audit/events?client=again', `/audit/events?api=${encodeURIComponent(GRANT.resource)}`]) {
      const all = await listed(root, query)
      expect(all).toEqual(expect.arrayContaining([former[0], ...present]))
      const seen = await listed(member, query)
      expect(seen).toEqual(all.slice(0, seen.length))
      expect(seen).toEqual(expect.arrayContaining(present))
      expect(seen).not.toContain(former[0])
    }
    const { items } = (await member('GET', '/audit/events?client=again&limit=100')).body
    expect(items.at(-1)).toMatchObject({ type: 'client.add' })
    expect(await listed(root, REFUSALS)).toContain(former[1])
    expect(await listed(member, REFUSALS)).not.toContain(former[1])

    for (const id of former) {
      expect((await root('GET', `/explanations?request=${id}`)).status).toBe(200)
      expect((await member('GET', `/explanations?request=${id}`)).status).toBe(404)
    }
    expect(await listed(root, '/explanations?client=again&last=99')).toContain(former[1])
    const explained = await listed(member, '/explanations?client=again&last=99')
    expect(explained).not.toContain(former[1])

    const usage = async (call: CallAdmin, resolution: string) => {
      const { issued, refused } = (await call('GET', `/usage?client=again&resolution=${resolution}`)).body.totals
      return { issued, refused }
    }
    for (const resolution of ['minute', 'hour', 'day']) {
      await until(async () => (await usage(root, resolution)).issued === 5)
      const { issued, refused } = await usage(member, resolution)
      expect(issued, resolution).toBe(3)
      expect(refused, resolution).toBeLessThanOrEqual(refusedAtFirst)
      expect((await usage(root, resolution)).refused, resolution).toBeGreaterThan(refused)
    }
  })
})

describe('privilege-escalation: accounts', () => {
  const add = (call: CallAdmin, name: string) => call('POST', '/accounts', { body: { name, roles: ['auditor'] } })

  test('a link that was made for an auditor does not open the account of an admin', async () => {
    const hr = await callsAs(server, 'hr')
    const { status, body } = await add(hr, 'paul')
    expect(status).toBe(201)
    expect((await root('PATCH', '/accounts/paul', { body: { roles: ['admin'] }, ...any })).status).toBe(200)
    expect((await reset(body.link)).status).toBe(403)
    expect((await hr('POST', '/accounts/paul/reset', { body: {} })).status).toBe(403)
  })

  test('an account that groups name takes more than its roles', async () => {
    const hr = await callsAs(server, 'hr')
    expect((await add(hr, 'olga')).status).toBe(403)
    const made = await add(root, 'olga')
    expect(made.status).toBe(201)
    for (const [method, rest, body] of [
      ['POST', '/reset', {}],
      ['PATCH', '', { display_name: 'x' }],
      ['DELETE', '', undefined],
    ] as const)
      expect((await hr(method, `/accounts/olga${rest}`, { body, ...any })).status, method).toBe(403)
    expect((await reset(made.body.link)).status).toBe(303)
    const olga = await browser('olga')
    expect((await olga('PATCH', '/clients/ours', { body: { name: 'Ours' }, ...any })).status).toBe(200)
    expect((await olga('PATCH', '/clients/theirs', { body: { name: 'x' }, ...any })).status).toBe(403)
    expect((await olga('PATCH', '/clients/ours', { body: { owner: 'theirs' }, ...any })).status).toBe(403)
    const scopes = { body: { scopes: ['accounts:write'] }, headers: { 'if-none-match': '*' } }
    expect((await olga('PUT', '/clients/ours/grants/urn:tessera:admin', scopes)).status).toBe(403)
    expect((await root('DELETE', '/accounts/olga', any)).status).toBe(204)
    expect((await root('GET', '/groups/ours')).body.members).not.toContainEqual(expect.objectContaining({ id: 'olga' }))
  })

  test('accounts:write alone makes nobody, and reads nobody by a stale change', async () => {
    const call = await callsAs(server, 'adder')
    expect((await add(call, 'eve')).status).toBe(403)
    expect((await call('PATCH', '/accounts/paul', { body: { enabled: true }, ...any })).status).toBe(403)
  })
})

describe('admin-without-authority: a stranger', () => {
  test.each([
    ['a cookie of another site', { cookie: '__Host-tessera=x; __Host-tessera=y' }],
    ['a token in the wrong scheme', { authorization: 'Basic cm9vdDpzZWNyZXQgb2Ygcm9vdA==' }],
    ['a method override', { 'x-http-method-override': 'DELETE', 'x-method-override': 'DELETE' }],
  ])('is refused with %s', async (_, headers) => {
    const answer = await adminCalls(server, headers)('GET', '/clients')
    expect(answer.status).toBe(401)
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  test('is refused with a token in the query', async () => {
    const answer = await server.token(
      { grant_type: 'client_credentials', resource: 'urn:tessera:admin' },
      basic('root', 'secret of root'),
    )
    const { access_token: token } = JSON.parse(await answer.text())
    expect((await adminCalls(server, {})('GET', `/clients?access_token=${token}`)).status).toBe(401)
  })

  test('stores no Idempotency-Key', async () => {
    const rows = openRows(server.config)
    const count = () => rows.all('select count(*) as keys from idempotency_key')[0]?.['keys']
    const before = count()
    const call = adminCalls(server, { 'idempotency-key': 'shared' })
    const [one, other] = [await call('POST', '/device-requests'), await call('POST', '/device-requests')]
    expect([one.status, other.status]).toEqual([200, 200])
    expect(other.headers.get('idempotency-replayed')).toBeNull()
    expect(other.body.device_code).not.toBe(one.body.device_code)
    for (let index = 0; index < 5; index += 1)
      await call('POST', '/device-requests/poll', { body: { device_code: `tsd_${index}` } })
    expect(count()).toBe(before)
    rows.close()
  })
})
