import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import { eventually } from '../../harness/eventually.ts'
import { AT_PROVIDER, startOpenidProvider } from '../../harness/openid-provider.ts'
import { freePort } from '../../harness/port.ts'
import { startTestServer, type TestServer } from '../../harness/server.ts'
import { Visitor } from '../../harness/visitor.ts'

const STATE = '__Host-tessera-sign-on'
const SESSION = '__Host-tessera'

let provider: Awaited<ReturnType<typeof startOpenidProvider>>
let server: TestServer
let visitor: Visitor

const start = async (options: Readonly<Record<string, string>> = {}) => {
  const port = await freePort()
  provider = await startOpenidProvider(`https://localhost:${port}/sign-on/callback`)
  server = await startTestServer({
    options: {
      'admin.port': String(port),
      'outbound.allow': '127.0.0.1, ::1',
      'outbound.ca': inject('tls').ca,
      'sign_on.issuer': provider.issuer,
      'sign_on.client_id': AT_PROVIDER.id,
      'sign_on.client_secret': AT_PROVIDER.secret,
      'sign_on.roles': 'admin:groups=platform, auditor:groups=security',
      'sign_on.groups_claim': 'groups',
      ...options,
    },
  })
  visitor = new Visitor(server.admin)
}
beforeEach(() => start())
afterEach(async () => {
  await server.stop()
  await provider.stop()
})

const anna = (claims: object = {}) => ({
  id: 'subject of anna',
  claims: { email: 'anna@example.com', email_verified: true, groups: ['platform', 'payments'], ...claims },
})

/** Begins a sign-in, and lets the provider send the browser back. @returns the path and query of the callback */
const through = async (one = visitor): Promise<string> => {
  const begun = await one.get('/sign-on')
  expect(begun.status).toBe(303)
  const { pathname, search } = await provider.signIn(begun.headers.get('location') ?? '')
  return pathname + search
}

const refusal = async () =>
  eventually(async () => {
    const found = (await server.audit()).findLast(
      ({ type, result }) => type === 'session.start' && result === 'refused',
    )
    expect(found).toBeDefined()
    return found
  })

test('somebody whom the provider signs in has the roles of the claims, and is no local account', async () => {
  provider.person = anna()
  await visitor.get('/sign-in')
  expect(visitor.page).toContain('href="/sign-on"')
  const begun = await visitor.get('/sign-on')
  const { searchParams } = new URL(begun.headers.get('location') ?? '')
  expect(Object.fromEntries(searchParams)).toMatchObject({
    response_type: 'code',
    code_challenge_method: 'S256',
    scope: 'openid profile email',
    redirect_uri: `${server.admin}/sign-on/callback`,
    state: expect.stringMatching(/^[\w-]{43}$/),
    nonce: expect.stringMatching(/^[\w-]{43}$/),
  })
  expect(begun.headers.get('set-cookie')).toMatch(/; Path=\/; HttpOnly; Secure; SameSite=Lax; Max-Age=600$/)
  const { pathname, search } = await provider.signIn(begun.headers.get('location') ?? '')
  const answer = await visitor.get(pathname + search)
  expect(answer.status).toBe(200)
  expect(answer.headers.get('set-cookie')).toMatch(new RegExp(`^${SESSION}=.*SameSite=Strict$`))
  expect(visitor.page).toContain('url=/"')
  await visitor.get('/account')
  expect(visitor.page).toContain('sign-on:anna@example.com')
  expect(visitor.page).toContain('<dd>admin</dd>')
  expect(visitor.page).not.toContain('New password')
  const event = (await server.audit()).find(({ type }) => type === 'session.start')
  expect(event).toMatchObject({
    result: 'success',
    actor: { kind: 'administrator', name: 'sign-on:anna@example.com' },
    detail: { methods: ['sign_on'] },
  })
  expect(provider.requests).toContain('POST /token')
  expect(provider.requests).toContain('GET /jwks')
  expect(JSON.stringify(await server.audit())).not.toContain(searchParams.get('state'))
})

test.each([
  ['somebody without a role', { groups: ['payments'] }, 'no_role', 'gives this person no role'],
  ['groups of another form', { groups: { platform: true } }, 'no_role', 'gives this person no role'],
  ['no e-mail address', { email: undefined }, 'sign_on_failed', 'no usable email'],
  ['an address of 129 characters', { email: 'a'.repeat(129) }, 'sign_on_failed', 'no usable email'],
  ['an address with a line end', { email: 'anna\n@example.com' }, 'sign_on_failed', 'no usable email'],
  ['an address that was never verified', { email_verified: false }, 'sign_on_failed', 'has not verified'],
  ['an address that was never verified, said as a text', { email_verified: 'false' }, 'sign_on_failed', 'not verified'],
  ['an address with half of a character', { email: 'anna\ud800@example.com' }, 'sign_on_failed', 'no usable email'],
])('refuses %s, and says why', async (_, claims, reason, words) => {
  provider.person = anna(claims)
  const answer = await visitor.get(await through())
  expect(answer.status).toBe(403)
  expect(visitor.page).toContain(words)
  expect(visitor.cookies.has(SESSION)).toBe(false)
  expect(await refusal()).toMatchObject({ reason })
})

test('refuses somebody whom the provider refuses', async () => {
  provider.person = undefined
  expect((await visitor.get(await through())).status).toBe(403)
  expect(await refusal()).toMatchObject({ reason: 'sign_on_failed', detail: { error: 'access_denied' } })
})

test('a callback counts once, and only in the browser that began', async () => {
  provider.person = anna()
  const callback = await through()
  const victim = new Visitor(server.admin)
  expect((await victim.get(callback)).status).toBe(401)
  await victim.get('/sign-on')
  expect((await victim.get(callback)).status).toBe(403)
  expect(victim.cookies.has(SESSION)).toBe(false)
  expect((await visitor.get(callback)).status).toBe(200)
  expect((await visitor.get(callback)).status).toBe(401)
  await eventually(async () => {
    const reasons = (await server.audit()).flatMap(({ reason }) => reason ?? [])
    expect(reasons).toEqual(['challenge_ended', 'sign_on_failed', 'challenge_ended'])
  })
})

test.each([
  ['no parameters', ''],
  ['a foreign state', '?code=x&state=y'],
  ['two states', '?code=x&state=y&state=z'],
  ['a huge code', `?code=${'x'.repeat(6_000)}`],
  ['a foreign issuer', '?code=x&iss=https://evil.example'],
])('refuses a callback with %s', async (_, query) => {
  provider.person = anna()
  const callback = await through()
  const state = new URL(callback, server.admin).searchParams.get('state') ?? ''
  const sent = query.includes('state') || query === '' ? query : `${query}&state=${state}`
  expect((await visitor.get(`/sign-on/callback${sent}`)).status).toBe(403)
  expect(visitor.cookies.has(SESSION)).toBe(false)
})

test('a state that nobody of ours has made is refused, whatever its length', async () => {
  for (const state of ['x', 'x'.repeat(10_000), Buffer.alloc(200).toString('base64url')]) {
    const forged = new Visitor(server.admin, new Map([[STATE, state]]))
    expect((await forged.get('/sign-on/callback?code=x&state=y')).status).toBe(401)
  }
})

test('a provider that is down is said to be, and so is one at an address that is not allowed', async () => {
  await provider.stop()
  expect((await visitor.get('/sign-on')).status).toBe(503)
  expect(visitor.page).toContain('identity provider can not be reached')
  expect(await refusal()).toMatchObject({ reason: 'sign_on_unavailable', detail: { fault: 'connect' } })
  await server.stop()
  await start({ 'outbound.allow': '192.0.2.1' })
  expect((await visitor.get('/sign-on')).status).toBe(503)
  expect(await refusal()).toMatchObject({ detail: { fault: 'address_refused' } })
  expect(provider.requests).toEqual([])
})
