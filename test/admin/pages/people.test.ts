import { request } from 'node:https'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { totpCode } from '../../../src/administrators/accounts/totp.ts'
import { standingClock } from '../../harness/clock.ts'
import { eventually } from '../../harness/eventually.ts'
import { startTestServer, type TestServer } from '../../harness/server.ts'
import { runOn, Visitor } from '../../harness/visitor.ts'

const PASSWORD = 'a tessera is a small tile'
const COOKIE = '__Host-tessera'

let clock: ReturnType<typeof standingClock>
let server: TestServer
let visitor: Visitor
beforeEach(async () => {
  clock = standingClock()
  server = await startTestServer({ clock })
  visitor = new Visitor(server.admin)
})
afterEach(() => server.stop())

const tessera = (args: readonly string[], env: Readonly<Record<string, string>> = {}, input = '') =>
  runOn(server.config, args, env, input)

const bootstrap = async (name = 'anna'): Promise<void> => {
  const { code, stderr } = await tessera(['admin', 'bootstrap', '--name', name], {}, PASSWORD)
  expect({ code, stderr }).toMatchObject({ code: 0 })
}

const signIn = async (one = visitor, name = 'anna', password = PASSWORD): Promise<Response> => {
  await one.get('/sign-in')
  return one.post('/sign-in', { name, password })
}

/** The events about people: their types, with the reasons of refusals. */
const listEvents = async () =>
  (await server.audit())
    .map(({ type, reason }) => (reason === undefined ? type : `${type} ${reason}`))
    .filter((type) => /^(?:account|session)\./.test(type))

/** Waits until the events are written: those of refusals come a moment later. */
const untilEvents = (check: (events: readonly string[]) => void): Promise<void> =>
  eventually(async () => check(await listEvents()))

const linkOf = async (...args: string[]): Promise<URL> => {
  const { code, stdout, stderr } = await tessera([...args, '--secrets-to', 'stdout'])
  expect({ code, stderr }).toMatchObject({ code: 0 })
  return new URL(stdout.trim())
}

describe('set-up', () => {
  test('a link makes the first administrator, once, and signs that person in', async () => {
    const link = await linkOf('admin', 'bootstrap', '--link')
    expect(link.href).toMatch(/^https:\/\/localhost:\d+\/setup#[0-9A-Za-z]{43}$/)
    const form = { token: link.hash.slice(1), name: 'Anna', password: PASSWORD }
    const created = await visitor.post('/setup', form)
    expect(created.status).toBe(303)
    expect(created.headers.get('set-cookie')).toMatch(
      new RegExp(`^${COOKIE}=[0-9A-Za-z]{43}; Path=/; HttpOnly; Secure; SameSite=Strict$`),
    )
    await visitor.get('/account')
    expect(visitor.page).toContain('<dd>admin</dd>')
    const again = await new Visitor(server.admin).post('/setup', { ...form, name: 'eve' })
    expect(again.status).toBe(403)
    expect((await signIn(new Visitor(server.admin), 'eve')).status).toBe(401)
    const expected = ['account.link', 'account.add', 'session.start', 'session.start wrong_credentials']
    await untilEvents((events) => expect(events).toEqual(expected))
  })

  test.each([
    ['a weak password', { password: 'short' }, 422, 'at least 12 characters'],
    ['a password of 1,025 bytes', { password: 'x'.repeat(1_025) }, 422, 'at most 1024 bytes'],
    ['the name as password', { name: 'anna-the-first', password: 'Anna-The-First' }, 422, 'must not be the name'],
    ['a name with a colon', { name: 'sign-on:anna' }, 422, 'the name of an account'],
    ['markup as name', { name: '<script>alert(1)</script>' }, 422, 'the name of an account'],
  ])('keeps the link after %s', async (_, wrong, status, problem) => {
    const link = await linkOf('admin', 'bootstrap', '--link')
    const form = { token: link.hash.slice(1), name: 'anna', password: PASSWORD }
    const refused = await visitor.post('/setup', { ...form, ...wrong })
    expect(refused.status).toBe(status)
    expect(visitor.problem?.toLowerCase()).toContain(problem)
    expect(visitor.page).not.toContain('<script>alert')
    expect((await visitor.post('/setup', form)).status).toBe(303)
  })

  test('links expire, replace each other, and end when an account exists', async () => {
    const [first, second] = [await linkOf('admin', 'bootstrap', '--link'), await linkOf('admin', 'bootstrap', '--link')]
    const use = (link: URL) => visitor.post('/setup', { token: link.hash.slice(1), name: 'anna', password: PASSWORD })
    expect((await use(first)).status).toBe(403)
    clock.advance(24 * 3_600_000 + 60_000)
    expect((await use(second)).status).toBe(403)
    const third = await linkOf('admin', 'bootstrap', '--link')
    clock.step(-24 * 3_600_000 - 60_000)
    await bootstrap('bert')
    expect((await use(third)).status).toBe(403)
  })

  test('a reset link sets the password, once, and ends every session', async () => {
    await bootstrap()
    await signIn()
    const link = await linkOf('admin', 'reset', 'anna')
    expect(link.pathname).toBe('/reset')
    const form = { token: link.hash.slice(1), password: 'another tile of clay' }
    expect((await visitor.post('/setup', { ...form, name: 'eve' })).status).toBe(403)
    expect((await visitor.post('/reset', form)).status).toBe(303)
    expect((await visitor.post('/reset', form)).status).toBe(403)
    expect((await visitor.get('/account')).status).toBe(303)
    expect((await signIn()).status).toBe(401)
    expect((await signIn(visitor, 'anna', form.password)).status).toBe(303)
    expect((await tessera(['admin', 'reset', 'nobody', '--secrets-to', 'stdout'])).stderr).toContain(
      'there is no such account',
    )
  })

  test('the command takes the password from a file or the environment, and refuses what contradicts itself', async () => {
    expect(await tessera(['admin', 'bootstrap', '--name', 'a', '--password-env', 'P'], { P: PASSWORD })).toMatchObject({
      code: 0,
    })
    for (const args of [
      [],
      ['--link', '--name', 'b'],
      ['--name', 'b', '--password-env', 'P', '--password-file', 'f'],
      ['--name', 'B!', '--password-env', 'P'],
      ['--name', 'a', '--password-env', 'P'],
    ]) {
      const { code, stdout } = await tessera(['admin', 'bootstrap', ...args], { P: PASSWORD })
      expect({ code, stdout }, args.join(' ')).toEqual({ code: expect.toBeOneOf([1, 2, 4, 5]), stdout: '' })
    }
  })
})

describe('sign-in', () => {
  beforeEach(() => bootstrap())

  test('unknown, wrong and disabled look the same, and are recorded', async () => {
    const wrong = await signIn(visitor, 'anna', 'not the password')
    const unknown = await signIn(visitor, 'nobody', 'not the password')
    expect([wrong.status, unknown.status]).toEqual([401, 401])
    expect(await wrong.text()).toBe(await unknown.text())
    expect(wrong.headers.get('set-cookie')).toBeNull()
    await eventually(async () => {
      const refused = (await server.audit()).filter(({ result }) => result === 'refused')
      expect(refused.map(({ detail }) => detail['name'])).toEqual(['anna', 'nobody'])
    })
  })

  test('guessing is slowed, for unknown names as for known ones', async () => {
    for (const name of ['anna', 'nobody']) {
      const statuses: number[] = []
      for (let index = 0; index < 7; index += 1)
        statuses.push((await signIn(visitor, name, `wrong password ${index}`)).status)
      expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429])
      expect(visitor.problem).toContain('Try again in')
    }
    expect((await signIn()).status).toBe(429)
    clock.advance(2_000)
    expect((await signIn()).status).toBe(303)
    await untilEvents((events) => expect(events).toContain('session.start too_many_guesses'))
  })

  test('a client of the same name shares no count with an account', async () => {
    for (let index = 0; index < 7; index += 1)
      await server.token({ grant_type: 'client_credentials', client_id: 'anna', client_secret: `wrong ${index}` })
    expect((await signIn()).status).toBe(303)
  })

  test('a session that somebody fixed before is not used', async () => {
    const fixed = 'A'.repeat(43)
    const victim = new Visitor(server.admin, new Map([[COOKIE, fixed]]))
    await signIn(victim)
    expect(victim.cookies.get(COOKIE)).not.toBe(fixed)
    expect((await new Visitor(server.admin, new Map([[COOKIE, fixed]])).get('/account')).status).toBe(303)
  })

  test('a session ends when it is idle, and after its whole life', async () => {
    await signIn()
    for (let minutes = 0; minutes < 12 * 60 - 25; minutes += 25) {
      expect((await visitor.get('/account')).status).toBe(200)
      clock.advance(25 * 60_000)
    }
    clock.advance(25 * 60_000)
    expect((await visitor.get('/account')).status).toBe(303)
    await signIn()
    clock.advance(30 * 60_000 - 1)
    expect((await visitor.get('/account')).status).toBe(200)
    clock.advance(30 * 60_000)
    expect((await visitor.get('/account')).status).toBe(303)
  })

  test('signing out ends one session, and signing out everywhere all of them', async () => {
    const others = [new Visitor(server.admin), new Visitor(server.admin)] as const
    for (const one of [visitor, ...others]) await signIn(one)
    await visitor.get('/account')
    const window = visitor.clone()
    expect((await visitor.post('/sign-out', {})).status).toBe(303)
    expect(visitor.cookies.has(COOKIE)).toBe(false)
    expect((await window.get('/account')).status).toBe(303)
    expect((await others[0].get('/account')).status).toBe(200)
    await others[0].post('/sign-out/everywhere', {})
    expect((await others[1].get('/account')).status).toBe(303)
    await untilEvents((events) => expect(events.filter((type) => type === 'session.end')).toHaveLength(2))
  })

  test('a change of the password ends every other session', async () => {
    const other = new Visitor(server.admin)
    await signIn()
    await signIn(other)
    await visitor.get('/account')
    const change = (password: string, next: string) =>
      visitor.post('/account/password', { password, new_password: next })
    expect((await change('wrong password', 'another tile of clay')).status).toBe(401)
    await visitor.get('/account')
    expect((await change(PASSWORD, 'short')).status).toBe(422)
    await visitor.get('/account')
    expect((await change(PASSWORD, 'another tile of clay')).status).toBe(303)
    expect((await visitor.get('/account')).status).toBe(200)
    expect((await other.get('/account')).status).toBe(303)
  })

  test.each([
    ['another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    ['another port of this host', { 'sec-fetch-site': 'same-site', origin: 'https://localhost:1' }],
    ['an old browser on another site', { 'sec-fetch-site': '', origin: 'https://evil.example' }],
    ['an old browser on a framed page', { 'sec-fetch-site': '', origin: 'null' }],
  ])('cross-site-request: a form of %s does nothing', async (_, headers) => {
    await signIn()
    await visitor.get('/account')
    for (const path of ['/sign-in', '/sign-in/code', '/setup', '/reset', '/sign-out/everywhere', '/device/confirm']) {
      const refused = await visitor.post(path, { name: 'anna', password: PASSWORD }, headers)
      expect({ path, status: refused.status }).toEqual({ path, status: 403 })
      expect(refused.headers.get('set-cookie')).toBeNull()
      await visitor.get('/account')
    }
    expect(visitor.page).toContain('Your account')
  })

  test('cross-site-request: a name of another site that leads here does nothing (DNS rebinding)', async () => {
    const headers = {
      host: 'evil.example',
      origin: 'https://evil.example',
      'sec-fetch-site': 'same-origin',
      'content-type': 'application/x-www-form-urlencoded',
    }
    const status = await new Promise((resolve, reject) => {
      const sent = request(
        `${server.admin}/sign-in`,
        { method: 'POST', headers, servername: 'localhost' },
        (response) => resolve(response.resume().statusCode),
      )
      sent.on('error', reject)
      sent.end(new URLSearchParams({ name: 'anna', password: PASSWORD }).toString())
    })
    expect(status).toBe(403)
  })

  test('cross-site-request: a change needs the token of this session', async () => {
    await signIn()
    await visitor.get('/account')
    const mine = visitor.hidden('csrf')
    const other = new Visitor(server.admin)
    await signIn(other)
    await other.get('/account')
    for (const csrf of ['', mine, 'x'.repeat(43), 'x'.repeat(60_000)]) {
      const refused = await other.post('/sign-out/everywhere', { csrf })
      expect(refused.status).toBe(403)
    }
    expect((await other.post('/sign-out/everywhere', `csrf=${mine}`, { 'content-type': 'text/plain' })).status).toBe(
      400,
    )
    expect((await other.get('/account')).status).toBe(200)
  })

  test('huge and odd values are refused, and cost no hash', async () => {
    for (const [name, password] of [
      ['a'.repeat(30_000), 'x'],
      ['anna', 'x'.repeat(1_025)],
      ['anna', 'é'.repeat(513)],
      ['__proto__', 'x'],
      ['', ''],
    ] as const)
      expect((await signIn(visitor, name, password)).status).toBe(401)
    expect((await visitor.get('/account', { cookie: `${COOKIE}=${'a'.repeat(10_000)}` })).status).toBe(303)
    expect((await visitor.get('/account', { cookie: `${COOKIE}=a; ${COOKIE}=b` })).status).toBe(303)
    expect((await visitor.get('/account', { authorization: `Bearer tsl_${'a'.repeat(10_000)}` })).status).toBe(303)
    await eventually(async () => {
      const [first] = (await server.audit()).filter(({ result }) => result === 'refused')
      expect(first?.detail['name']).toBe('a'.repeat(64))
    })
  })

  test.each(['//evil.example', '/\\evil.example', 'https://evil.example', '/a\tb', `/${'a'.repeat(2_100)}`])(
    'the way back leads to no other site: %s',
    async (next) => {
      await visitor.get(`/sign-in?next=${encodeURIComponent(next)}`)
      expect(visitor.page).not.toContain('name="next"')
      const answer = await visitor.post('/sign-in', { name: 'anna', password: PASSWORD, next })
      expect(answer.headers.get('location') ?? '/').toBe('/')
    },
  )

  test('cross-site-request: every page forbids frames, scripts of others, and caches', async () => {
    await signIn()
    for (const path of ['/setup', '/reset', '/sign-in', '/account', '/device']) {
      const { headers, status } = await visitor.get(path)
      expect(status).toBe(200)
      expect(headers.get('content-security-policy')).toMatch(
        /^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
      )
      expect(headers.get('x-frame-options')).toBe('DENY')
      expect(headers.get('cache-control')).toBe('no-store')
      expect(visitor.page).not.toMatch(/ on\w+=|(?:src|href)="https?:/)
    }
  })
})

describe('the second factor', () => {
  beforeEach(async () => {
    await bootstrap()
    await signIn()
  })

  /** Sets a second factor up. */
  const enrol = async () => {
    await visitor.get('/account')
    await visitor.post('/account/second-factor', { password: PASSWORD })
    const base32 = /<code>([A-Z2-7 ]+)<\/code>/.exec(visitor.page)?.[1]?.replaceAll(' ', '') ?? ''
    expect(visitor.page).toContain(`secret=${base32}&amp;issuer=`)
    const bits = [...base32].map((digit) =>
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(digit).toString(2).padStart(5, '0'),
    )
    const secret = Buffer.from(
      bits
        .join('')
        .match(/.{8}/g)
        ?.map((byte) => Number.parseInt(byte, 2)) ?? [],
    )
    const code = (steps = 0) => totpCode(secret, Math.floor(clock.now() / 30_000) + steps)
    await visitor.post('/account/second-factor/confirm', { code: code() })
    const codes = [...visitor.page.matchAll(/<li>([A-Z2-7-]+)<\/li>/g)].map(([, one = '']) => one)
    expect(codes).toHaveLength(10)
    return { code, codes }
  }

  /** Signs in with the password in a new browser, and then gives codes. */
  const challenged = async () => {
    const one = new Visitor(server.admin)
    await signIn(one)
    const challenge = one.hidden('challenge')
    return { one, give: async (code: string) => (await one.post('/sign-in/code', { challenge, code })).status }
  }

  test('a code of the app is asked for, and counts once, within one step of skew', async () => {
    const { code } = await enrol()
    clock.advance(60_000)
    const { one, give } = await challenged()
    expect(one.cookies.has(COOKIE)).toBe(false)
    expect(await give(code(-2))).toBe(401)
    expect(await give(code(2))).toBe(401)
    expect(await give(code(-1))).toBe(303)
    expect((await one.get('/account')).status).toBe(200)
    const second = await challenged()
    expect(await second.give(code(-1))).toBe(401)
    expect(await second.give(code(1))).toBe(303)
    expect(await (await challenged()).give(code())).toBe(401)
  })

  test('two sign-ins at once can not use one code', async () => {
    const { code } = await enrol()
    clock.advance(60_000)
    const [one, other] = [await challenged(), await challenged()]
    expect((await Promise.all([one.give(code()), other.give(code())])).toSorted()).toEqual([303, 401])
  })

  test('a recovery code signs in once, however it is typed', async () => {
    const { codes } = await enrol()
    const [first = '', second = ''] = codes
    expect(await (await challenged()).give(first.toLowerCase().replaceAll('-', ' '))).toBe(303)
    expect(await (await challenged()).give(first)).toBe(401)
    await visitor.get('/account')
    expect(visitor.page).toContain('9 recovery codes are left')
    await visitor.post('/account/recovery-codes', { password: PASSWORD })
    expect(await (await challenged()).give(second)).toBe(401)
  })

  test('codes are guessed slowly, from however many addresses', async () => {
    const { code } = await enrol()
    clock.advance(60_000)
    const { give } = await challenged()
    const statuses: number[] = []
    for (let index = 0; index < 6; index += 1) statuses.push(await give(`00000${index}`))
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429])
    expect(await give(code())).toBe(429)
    clock.advance(1_000)
    expect(await give(code())).toBe(303)
  })

  test('one code that is tried in every time step counts as many guesses', async () => {
    await enrol()
    const { give } = await challenged()
    const statuses: number[] = []
    for (let step = 0; step < 5; step += 1) {
      clock.advance(30_000)
      statuses.push(await give('000000'), await give('000000'))
    }
    expect(statuses).toEqual([...Array.from({ length: 9 }, () => 401), 429])
  })

  test('a challenge expires, ends with the password, and can not be forged', async () => {
    const { code } = await enrol()
    clock.advance(60_000)
    const late = await challenged()
    clock.advance(5 * 60_000)
    expect(await late.give(code())).toBe(401)
    const { one } = late
    for (const challenge of ['', 'x', 'x'.repeat(5_000), Buffer.alloc(100).toString('base64url')])
      expect((await one.post('/sign-in/code', { challenge, code: code() })).status).toBe(401)
    const before = await challenged()
    await visitor.get('/account')
    await visitor.post('/account/password', { password: PASSWORD, new_password: 'another tile of clay' })
    expect(await before.give(code(1))).toBe(401)
  })

  test('it is removed with the password, or by an operator who resets the account', async () => {
    await enrol()
    await visitor.get('/account')
    expect((await visitor.post('/account/second-factor/remove', { password: 'wrong password' })).status).toBe(401)
    await visitor.get('/account')
    expect((await visitor.post('/account/second-factor/remove', { password: PASSWORD })).status).toBe(303)
    expect((await signIn(new Visitor(server.admin))).status).toBe(303)
    await enrol()
    const link = await linkOf('admin', 'reset', 'anna', '--second-factor')
    await visitor.post('/reset', { token: link.hash.slice(1), password: 'another tile of clay' })
    expect((await signIn(new Visitor(server.admin), 'anna', 'another tile of clay')).status).toBe(303)
  })

  test('no page, event or row shows the secret or a code', async () => {
    const { codes } = await enrol()
    const told = JSON.stringify(await server.audit())
    for (const code of codes) expect(told).not.toContain(code)
    expect(told).not.toContain(PASSWORD)
  })
})
