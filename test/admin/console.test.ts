import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestServer, type TestServer } from '../harness/server.ts'
import { runOn, Visitor } from '../harness/visitor.ts'

const PASSWORD = 'a tessera is a small tile'
const BUILT = join(import.meta.dirname, '../../console/built')
const { file } = JSON.parse(readFileSync(join(BUILT, '.vite/manifest.json'), 'utf8'))['index.html']
const SCRIPT = `/${file}`

let server: TestServer
let anna: Visitor
beforeAll(async () => {
  server = await startTestServer()
  anna = new Visitor(server.admin)
  await runOn(server.config, ['admin', 'bootstrap', '--name', 'anna'], {}, PASSWORD)
  await anna.post('/sign-in', { name: 'anna', password: PASSWORD })
})
afterAll(() => server.stop())

/** An answer with its body as it travelled: `fetch` would unpack it. */
const ask = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  new Promise<{ status: number; headers: Record<string, unknown>; body: Buffer }>((resolve, reject) => {
    const sent = request(server.admin + path, { method, headers }, (answer) => {
      const parts: Buffer[] = []
      answer.on('data', (part) => parts.push(part))
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(parts) }),
      )
    })
    sent.on('error', reject)
    sent.end()
  })

describe('a page', () => {
  test('runs nothing but the bundle, has a new nonce each time, and is never stored', async () => {
    const nonces = new Set<string>()
    for (const path of ['/', '/clients', '/clients/a%2Fb', '/audit?live=true', '/settings/server']) {
      const { status, headers } = await anna.get(path)
      expect(status).toBe(200)
      const [, nonce = ''] =
        /^default-src 'none'; script-src 'self'; style-src 'self' 'nonce-([\w-]{22,})'; connect-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/.exec(
          headers.get('content-security-policy') ?? '',
        ) ?? []
      expect(anna.page).toContain(`<meta name="csp-nonce" content="${nonce}"`)
      expect(anna.page).not.toMatch(
        /%NONCE%|%CSRF%| on\w+=|<script(?![^>]* src="\/assets\/)|(?:src|href)="(?:https?:)?\/\//,
      )
      nonces.add(nonce)
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
      expect(headers.get('x-frame-options')).toBe('DENY')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
    }
    expect(nonces.size).toBe(5)
  })

  test('carries the token that a change of this session needs', async () => {
    await anna.get('/clients')
    const [, csrf = ''] = /<meta name="csrf-token" content="([\w-]+)"/.exec(anna.page) ?? []
    const add = (token: string) =>
      fetch(`${server.admin}/api/v1/clients`, {
        method: 'POST',
        headers: {
          cookie: [...anna.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
          'content-type': 'application/json',
          'sec-fetch-site': 'same-origin',
          'x-csrf-token': token,
        },
        body: JSON.stringify({ client_id: 'made' }),
      })
    expect((await add('another')).status).toBe(403)
    expect((await add(csrf)).status).toBe(201)
  })

  test.each([
    '/clients',
    '/clients/a%2Fb?tab=danger&dialog=rotate:one:two',
    `/apis/https%3A%2F%2Fapi.example.com?why=1&search=a+b~c,d!'(*)@`,
  ])('sends somebody without a session to the sign-in, and back: %s', async (path) => {
    const visitor = new Visitor(server.admin)
    const sent = await visitor.get(path)
    expect(sent.status).toBe(303)
    const there = sent.headers.get('location') ?? ''
    // A URL object writes a single quote in a query as %27.
    const asked = new URL(server.admin + path)
    expect(there).toBe(`/sign-in?next=${encodeURIComponent(asked.pathname + asked.search)}`)
    await visitor.get(there)
    const back = await visitor.post('/sign-in', {
      name: 'anna',
      password: PASSWORD,
      next: visitor.hidden('next').replaceAll('&amp;', '&').replaceAll('&#39;', "'"),
    })
    expect(back.headers.get('location')).toBe(asked.pathname + asked.search)
  })

  test('is asked for again when another site led here, since browsers then leave the cookie out', async () => {
    const path = '/clients?search=%22%3E%3Cb%3E&dialog=a:b'
    const led = await new Visitor(server.admin).get(path, { 'sec-fetch-site': 'cross-site' })
    expect(led.status).toBe(200)
    expect(led.headers.get('set-cookie')).toBeNull()
    const page = await led.text()
    expect(page).toContain(`<meta http-equiv="refresh" content="0; url=${path.replaceAll('&', '&amp;')}">`)
    expect((await anna.get(path, { 'sec-fetch-site': 'cross-site' })).headers.get('content-security-policy')).toContain(
      'nonce-',
    )
  })

  test.each(['//evil.example', '//evil.example/clients', '/\\evil.example', '/clients\\..//evil.example', '/assets/'])(
    'leads to no other site: %s',
    async (path) => {
      for (const headers of [{ 'sec-fetch-site': 'cross-site' }, {}]) {
        const { status, headers: answered, body } = await ask(path, headers)
        expect(status).toBe(404)
        expect(answered['location']).toBeUndefined()
        expect(body.toString()).not.toContain('http-equiv')
      }
    },
  )

  test('answers HEAD without content, and no other method', async () => {
    const cookie = [...anna.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const head = await ask('/clients', { cookie }, 'HEAD')
    expect({ status: head.status, bytes: head.body.length }).toEqual({ status: 200, bytes: 0 })
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      const answer = await ask('/clients', { cookie }, method)
      expect({ status: answer.status, allow: answer.headers['allow'] }).toEqual({ status: 405, allow: 'GET, HEAD' })
    }
  })

  test('says how to build the console where that was not done', async () => {
    const bare = await startTestServer({ consoleFolder: join(BUILT, 'assets') })
    try {
      const answer = await fetch(`${bare.admin}/clients`)
      expect(answer.status).toBe(503)
      expect(await answer.text()).toContain('npm run console')
      expect((await fetch(`${bare.admin}${SCRIPT}`)).status).toBe(404)
      expect((await fetch(`${bare.admin}/sign-in`)).status).toBe(200)
    } finally {
      await bare.stop()
    }
  })
})

describe('a file of the bundle', () => {
  test('is kept by browsers for ever, and never sent twice', async () => {
    const first = await ask(SCRIPT)
    expect(first.status).toBe(200)
    expect(first.headers).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      'content-type': 'text/javascript; charset=utf-8',
      'x-content-type-options': 'nosniff',
      vary: 'Accept-Encoding',
    })
    expect(first.body).toEqual(readFileSync(join(BUILT, SCRIPT)))
    const again = await ask(SCRIPT, { 'if-none-match': String(first.headers['etag']) })
    expect({ status: again.status, bytes: again.body.length }).toEqual({ status: 304, bytes: 0 })
    expect((await ask(SCRIPT, { 'if-none-match': '"another"' })).status).toBe(200)
    const packed = await ask(SCRIPT, { 'accept-encoding': 'br', 'if-none-match': String(first.headers['etag']) })
    expect(packed.status).toBe(200)
    expect(packed.headers['etag']).not.toBe(first.headers['etag'])
  })

  test('is asked for again if its name has no hash', async () => {
    expect((await ask('/tessera.svg')).headers).toMatchObject({ 'cache-control': 'public, no-cache' })
  })

  test.each([
    ['br', true],
    ['gzip, deflate, br, zstd', true],
    ['gzip;q=1.0, BR ; q=0.5', true],
    ['br;q=0', false],
    ['gzip, br;q=0.000', false],
    ['gzip', false],
    ['brotli', false],
    ['', false],
  ])('is compressed only for who takes it: %s', async (accepted, isCompressed) => {
    const { headers, body } = await ask(SCRIPT, { 'accept-encoding': accepted })
    expect(headers['content-encoding']).toBe(isCompressed ? 'br' : undefined)
    expect(body).toEqual(readFileSync(join(BUILT, isCompressed ? `${SCRIPT}.br` : SCRIPT)))
    expect(headers['content-length']).toBe(String(body.length))
  })

  test.each([
    '/assets/none.js',
    '/assets/../index.html',
    '/.vite/manifest.json',
    '/index.html',
    `${SCRIPT}.br`,
    `${SCRIPT}/`,
  ])('is one that the bundle has, and not %s', async (path) => {
    expect((await ask(path)).status).toBe(404)
  })

  test('answers HEAD without content, and no other method', async () => {
    const head = await ask(SCRIPT, {}, 'HEAD')
    expect({ status: head.status, bytes: head.body.length }).toEqual({ status: 200, bytes: 0 })
    const posted = await ask(SCRIPT, {}, 'POST')
    expect({ status: posted.status, allow: posted.headers['allow'] }).toEqual({ status: 405, allow: 'GET, HEAD' })
  })
})
