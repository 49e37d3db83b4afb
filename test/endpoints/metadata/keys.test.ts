import { calculateJwkThumbprint, decodeProtectedHeader, type JWK } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MODEL, SECRET } from '../../harness/model.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ manifest: MODEL })
})
afterAll(() => server.stop())

/** The members that only a key's owner may have: RFC 7518 §6.2.2, §6.3.2 and §6.4.1, and RFC 8037 §2. */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

describe.each(['/pf/JWKS', '/.well-known/jwks.json'])('%s', (path) => {
  const get = (init: RequestInit = {}) => fetch(server.issuer + path, init)
  const keys = async () => ((await (await get()).json()) as { keys: JWK[] }).keys

  test('is a key set of public keys, each with the members that verifiers select by (RFC 7517 §4)', async () => {
    expect(await keys()).toEqual([
      {
        kty: 'EC',
        crv: 'P-256',
        x: expect.stringMatching(/^[\w-]{43}$/),
        y: expect.stringMatching(/^[\w-]{43}$/),
        kid: expect.any(String),
        use: 'sig',
        alg: 'ES256',
      },
    ])
  })

  test('has no private member', async () => {
    const members = (await keys()).flatMap((key) => Object.keys(key))
    expect(members.filter((member) => PRIVATE_MEMBERS.includes(member))).toEqual([])
  })

  test('has the key that tokens name, identified by its thumbprint (RFC 7638)', async () => {
    const response = await server.token({ grant_type: 'client_credentials' }, basic('auditor', SECRET))
    const { access_token } = (await response.json()) as { access_token: string }
    const { kid, alg } = decodeProtectedHeader(access_token)
    const key = (await keys()).find((published) => published.kid === kid)
    expect(key).toMatchObject({ alg })
    expect(await calculateJwkThumbprint(key ?? {})).toBe(kid)
  })

  test('is JSON that may be cached for five minutes', async () => {
    const { status, headers } = await get()
    expect(status).toBe(200)
    expect(headers.get('content-type')).toMatch(/^application\/json\b/)
    expect(headers.get('cache-control')).toBe('public, max-age=300')
    expect(headers.get('pragma')).toBeNull()
    expect(headers.get('etag')).toMatch(/^"[\w-]{43}"$/)
  })

  const conditions: [string, (etag: string) => string, number][] = [
    ['the same', (etag) => etag, 304],
    ['the weak form', (etag) => `W/${etag}`, 304],
    ['a list with it', (etag) => `"other", ${etag}`, 304],
    ['a list with its weak form, without spaces', (etag) => `"other",W/${etag},"third"`, 304],
    ['anything', () => '*', 304],
    ['another', () => '"other"', 200],
    ['a list of others', () => '"other", W/"third"', 200],
    ['the tag without quotes', (etag) => etag.slice(1, -1), 200],
  ]
  test.each(conditions)('If-None-Match with %s', async (_name, ifNoneMatch, status) => {
    const { headers } = await get()
    const etag = headers.get('etag') ?? ''
    // Without no-store, fetch itself adds headers to a conditional request.
    const response = await get({ headers: { 'if-none-match': ifNoneMatch(etag) }, cache: 'no-store' })
    expect(response.status).toBe(status)
    expect(response.headers.get('etag')).toBe(etag)
    expect(response.headers.get('cache-control')).toBe('public, max-age=300')
    expect((await response.text()) === '').toBe(status === 304)
  })

  test('answers HEAD as GET, without the body', async () => {
    const [head, full] = [await get({ method: 'HEAD' }), await get()]
    expect(head.status).toBe(200)
    expect(await head.text()).toBe('')
    for (const name of ['content-type', 'content-length', 'cache-control', 'etag']) {
      expect(head.headers.get(name)).toBe(full.headers.get(name))
    }
  })
})

test('both paths are one key set', async () => {
  const [pf, wellKnown] = await Promise.all(
    ['/pf/JWKS', '/.well-known/jwks.json'].map(async (path) => {
      const response = await fetch(server.issuer + path)
      return { etag: response.headers.get('etag'), body: await response.text() }
    }),
  )
  expect(pf).toEqual(wellKnown)
})
