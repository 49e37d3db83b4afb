import { request as httpsRequest } from 'node:https'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MODEL, SECRET } from '../../harness/model.ts'
import { sendRaw } from '../../harness/raw.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ manifest: MODEL })
})
afterAll(() => server.stop())

const auth = basic('reporter', SECRET)
const FORM = 'application/x-www-form-urlencoded'
const PATH = '/as/token.oauth2'

async function expectRefusal(response: Response, status: number, error: string): Promise<void> {
  const text = await response.text()
  expect({ status: response.status, error: (JSON.parse(text) as { error: string }).error }).toEqual({ status, error })
  expect(response.headers.get('content-type')).toBe('application/json;charset=UTF-8')
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  expect(response.headers.has('www-authenticate')).toBe(status === 401)
  expect(text).not.toContain(SECRET)
  expect(text).not.toMatch(/\bat .*:\d+/)
}

/** Sends bytes with their own Content-Length, on a connection that is closed afterwards. */
const raw = (head: string, body: string | Buffer = '') =>
  sendRaw(
    server.issuer,
    Buffer.concat([
      Buffer.from(
        `${head}\r\nHost: localhost\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`,
        'latin1',
      ),
      Buffer.from(body),
    ]),
  )

describe('the form', () => {
  const GOOD = 'grant_type=client_credentials&scope=edit'
  const cases: [string, string, string][] = [
    ['repeated-parameter: scope twice', `${GOOD}&scope=edit`, 'invalid_request'],
    ['repeated-parameter: grant_type twice', `${GOOD}&grant_type=client_credentials`, 'invalid_request'],
    ['repeated-parameter: a parameter twice, once empty', `${GOOD}&scope=`, 'invalid_request'],
    ['repeated-parameter: an unknown parameter twice', `${GOOD}&x=1&x=2`, 'invalid_request'],
    ['repeated-parameter: a parameter twice, once encoded', `${GOOD}&%73cope=edit`, 'invalid_request'],
    ['control-characters: NUL', `${GOOD}&x=%00`, 'invalid_request'],
    ['control-characters: CR', `${GOOD}&x=a%0Db`, 'invalid_request'],
    ['control-characters: LF', `${GOOD}&x=a%0Ab`, 'invalid_request'],
    ['control-characters: NUL in a name', `${GOOD}&x%00=1`, 'invalid_request'],
    ['control-characters: bad UTF-8', `${GOOD}&x=%FF`, 'invalid_request'],
    ['control-characters: an overlong encoding', `${GOOD}&x=%C0%AF`, 'invalid_request'],
    ['control-characters: a lone surrogate', `${GOOD}&x=%ED%A0%80`, 'invalid_request'],
    ['empty-parameter: an empty grant_type counts as omitted', 'grant_type=&scope=edit', 'invalid_request'],
    ['unavailable-grant: no grant', 'scope=edit', 'invalid_request'],
    ['unavailable-grant: an unknown grant', 'grant_type=password', 'unsupported_grant_type'],
    [
      'unavailable-grant: a grant named like a member of every object',
      'grant_type=constructor',
      'unsupported_grant_type',
    ],
    ['excessive-scope: illegal characters', 'grant_type=client_credentials&scope=ed%22it', 'invalid_scope'],
    ['excessive-scope: non-ASCII', 'grant_type=client_credentials&scope=%C3%A9dit', 'invalid_scope'],
    ['excessive-scope: two spaces between', 'grant_type=client_credentials&scope=edit++delete', 'invalid_scope'],
    ['excessive-scope: 10,000 scopes', `grant_type=client_credentials&scope=${'a+'.repeat(10_000)}a`, 'invalid_scope'],
    [
      'excessive-scope: a scope of 257 characters',
      `grant_type=client_credentials&scope=${'a'.repeat(257)}`,
      'invalid_scope',
    ],
    ['bad-resource: 11 resources', `${GOOD}${'&resource=https%3A%2F%2Fapi.example.com'.repeat(11)}`, 'invalid_target'],
    [
      'hostile-parameter-names: 10,000 parameters',
      `${GOOD}${Array.from({ length: 10_000 }, (_, i) => `&${i}`).join('')}`,
      'invalid_request',
    ],
    ['hostile-parameter-names: __proto__ as scope', 'grant_type=client_credentials&scope=__proto__', 'invalid_scope'],
    ['bad-resource: a resource that isn’t a URI', `${GOOD}&resource=%3A%3A`, 'invalid_target'],
  ]
  test.each(cases)('%s', async (_name, body, error) => {
    await expectRefusal(await server.token(`${body}`, { ...auth }), 400, error)
  })

  test('bytes that are not UTF-8, unencoded', async () => {
    const head = `POST ${PATH} HTTP/1.1\r\nContent-Type: ${FORM}\r\nAuthorization: ${auth.authorization}`
    const body = Buffer.concat([Buffer.from('grant_type=client_credentials&x='), Buffer.from([0xff, 0xfe])])
    expect(await raw(head, body)).toMatchObject({ status: 400 })
  })

  test.each([
    ['empty-parameter: parameters without a value', 'grant_type=client_credentials&scope=&resource=&x'],
    [
      'hostile-parameter-names: names of members of every object',
      'grant_type=client_credentials&__proto__=1&constructor=2&a[b]=3',
    ],
    [
      'hostile-parameter-names: thousands of unknown parameters',
      `grant_type=client_credentials${Array.from({ length: 5000 }, (_, i) => `&a${i}=1`).join('')}`,
    ],
    ['ampersands with nothing between them', '&&grant_type=client_credentials&&'],
  ])('%s: ignored', async (_name, body) => {
    expect((await server.token(body, auth)).status).toBe(200)
    expect(Object.prototype).not.toHaveProperty('1')
  })

  test.each([
    ['wrong-content-type: JSON', 'application/json'],
    ['wrong-content-type: multipart', 'multipart/form-data; boundary=x'],
    ['wrong-content-type: a type with only a common prefix', `${FORM}x`],
    ['wrong-content-type: nonsense', ';;;'],
  ])('%s', async (_name, type) => {
    await expectRefusal(await server.token(GOOD, { ...auth, 'content-type': type }), 400, 'invalid_request')
  })

  test('wrong-content-type: no content type', async () => {
    const head = `POST ${PATH} HTTP/1.1\r\nAuthorization: ${auth.authorization}`
    expect(await raw(head, GOOD)).toMatchObject({ status: 400, body: expect.stringContaining('invalid_request') })
  })

  test.each([`${FORM};charset=UTF-8`, `${FORM} ; charset=utf-8`, 'Application/X-WWW-Form-URLEncoded'])(
    'the content type %s is accepted',
    async (type) => {
      expect((await server.token(GOOD, { ...auth, 'content-type': type })).status).toBe(200)
    },
  )

  test.each(['gzip', 'deflate', 'br', 'identity, gzip'])('compressed-body: Content-Encoding %s', async (encoding) => {
    await expectRefusal(await server.token(GOOD, { ...auth, 'content-encoding': encoding }), 415, 'invalid_request')
  })
})

describe('the size of a body (oversized-body)', () => {
  test('just below 64 KiB: the body is read to its end, in several TLS records at once or little by little', async () => {
    const body = `x=${'a'.repeat(65_000)}&grant_type=client_credentials&scope=edit`
    expect((await server.token(body, auth)).status).toBe(200)
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { 'content-type': FORM, 'content-length': body.length, ...auth }
      const request = httpsRequest(`${server.issuer}${PATH}`, { method: 'POST', headers }, (response) => {
        response.resume()
        resolve(response.statusCode)
      }).on('error', reject)
      request.write(body.slice(0, 30_000))
      setTimeout(() => request.write(body.slice(30_000, 65_010)), 50)
      setTimeout(() => request.end(body.slice(65_010)), 100)
    })
    expect(status).toBe(200)
  })

  test('over 64 KiB: 413, the connection is closed, and the refusal is recorded', async () => {
    const body = `grant_type=client_credentials&x=${'a'.repeat(65_536)}`
    const response = await server.token(body, auth)
    expect(response.headers.get('connection')).toBe('close')
    await expectRefusal(response, 413, 'invalid_request')
    const [event] = await server.audit(response.headers.get('x-request-id'))
    expect(event).toMatchObject({ result: 'refused', reason: 'body_too_large' })
  })

  test('endless chunks: cut off without memory growth', async () => {
    const before = process.memoryUsage().rss
    const outcome = await new Promise<string>((resolve) => {
      const request = httpsRequest(`${server.issuer}${PATH}`, {
        method: 'POST',
        headers: { 'content-type': FORM, ...auth },
      })
      let sent = 0
      request.on('response', (response) => resolve(String(response.statusCode)))
      request.on('error', () => resolve('cut'))
      const chunk = Buffer.alloc(64 * 1024, 'a')
      const more = () => {
        while (sent < 512 * 1024 * 1024 && !request.destroyed) {
          sent += chunk.length
          if (!request.write(chunk)) return request.once('drain', more)
        }
        return undefined
      }
      more()
    })
    expect(['413', 'cut']).toContain(outcome)
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024)
  })
})

describe('the method and path', () => {
  test.each(['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND'])(
    'wrong-method: %s is refused with Allow',
    async (method) => {
      const response = await fetch(`${server.issuer}${PATH}`, { method, headers: auth })
      expect(response.headers.get('allow')).toBe('POST')
      await expectRefusal(response, 405, 'invalid_request')
    },
  )

  test('wrong-method: parameters in the query are refused, and not recorded', async () => {
    const url = `${server.issuer}${PATH}?client_id=reporter&client_secret=${SECRET}&grant_type=client_credentials`
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': FORM } })
    await expectRefusal(response, 400, 'invalid_request')
    const events = await server.audit(response.headers.get('x-request-id'))
    expect(events).toMatchObject([{ reason: 'query_parameters' }])
    expect(JSON.stringify(events)).not.toContain(SECRET)
  })

  test.each([
    '/as/token.oauth2;x',
    '/as%2ftoken.oauth2',
    '//as/token.oauth2',
    '/as//token.oauth2',
    '/x/../as/token.oauth2',
    '/as/token.oauth2/',
    '/AS/TOKEN.OAUTH2',
    '/%zz',
    '/healthz',
    '/readyz',
    '/api/v1/clients',
    '/__proto__',
  ])('odd-paths: %s is not found', async (path) => {
    const response = await raw(`POST ${path} HTTP/1.1\r\nContent-Type: ${FORM}`, 'grant_type=client_credentials')
    expect(response).toMatchObject({ status: 404, headers: { 'cache-control': 'no-store' } })
    expect(JSON.parse(response.body)).toMatchObject({ error: 'invalid_request' })
  })

  test('a request target in absolute form, as the guide writes it, is accepted (RFC 9112 §3.2.2)', async () => {
    const head = `POST ${server.issuer}${PATH} HTTP/1.1\r\nContent-Type: ${FORM}\r\nAuthorization: ${auth.authorization}`
    expect(await raw(head, 'grant_type=client_credentials')).toMatchObject({ status: 200 })
    expect(await raw(head.replace(PATH, `${PATH}?x=1`), 'grant_type=client_credentials')).toMatchObject({ status: 400 })
  })

  test.each(['https://evil.example.com', 'null'])('foreign-origin: Origin %s gets no CORS grant', async (origin) => {
    const response = await server.token({ grant_type: 'client_credentials' }, { ...auth, origin })
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
    const preflight = await fetch(`${server.issuer}${PATH}`, { method: 'OPTIONS', headers: { origin } })
    expect(preflight.status).toBe(405)
    expect([...preflight.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
  })

  test('forged-host: a forged Host and X-Forwarded-* change neither issuer nor recorded address', async () => {
    const forged = {
      'x-forwarded-host': 'evil.example.com',
      'x-forwarded-proto': 'http',
      'x-forwarded-for': '203.0.113.7',
    }
    const response = await server.token({ grant_type: 'client_credentials', scope: 'edit' }, { ...auth, ...forged })
    const { access_token } = (await response.json()) as { access_token: string }
    const claims = JSON.parse(Buffer.from(access_token.split('.')[1] ?? '', 'base64url').toString()) as { iss: string }
    expect(claims.iss).toBe(server.issuer)
    const [event] = await server.audit(response.headers.get('x-request-id'))
    expect(event?.remoteAddress).toMatch(/^(127\.0\.0\.1|::1)$/)
  })
})

describe('the connection', () => {
  const HEAD = `POST ${PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${FORM}\r\n`
  test.each([
    [
      'request-smuggling: Content-Length and Transfer-Encoding',
      `${HEAD}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
    ['request-smuggling: two Content-Lengths', `${HEAD}Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef`, 400],
    ['request-smuggling: bare LF', `POST ${PATH} HTTP/1.1\nHost: localhost\n\n`, 400],
    ['a header folded over lines', `${HEAD}X: a\r\n b\r\n\r\n`, 400],
    ['headers over 16 KiB', `${HEAD}X: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
    ['not HTTP at all', '\x16\x03\x01hello\r\n\r\n', 400],
  ])('%s: refused and closed', async (_name, bytes, status) => {
    const response = await sendRaw(server.issuer, bytes)
    expect(response).toMatchObject({ status, headers: { connection: 'close', 'cache-control': 'no-store' } })
    expect(response.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
    expect(JSON.parse(response.body)).toMatchObject({ error: 'invalid_request' })
  })

  test('two Authorization headers', async () => {
    const head = `POST ${PATH} HTTP/1.1\r\nContent-Type: ${FORM}\r\nAuthorization: ${auth.authorization}\r\nauthorization: Basic eDp5`
    expect(await raw(head, 'grant_type=client_credentials')).toMatchObject({ status: 400 })
  })
})

describe('oversized requests are recorded as such (largest-inputs)', () => {
  const GOOD = 'grant_type=client_credentials&scope=edit'
  test.each([
    ['too_many_parameters', `${GOOD}${Array.from({ length: 6_000 }, (_, i) => `&${i}`).join('')}`],
    ['too_many_targets', `${GOOD}${'&resource=https%3A%2F%2Fapi.example.com'.repeat(11)}`],
    ['malformed_scope', `grant_type=client_credentials&scope=${'a'.repeat(257)}`],
  ])('%s', async (reason, body) => {
    const response = await server.token(body, auth)
    expect(response.status).toBe(400)
    expect(await server.audit(response.headers.get('x-request-id'))).toMatchObject([{ reason }])
  })

  const inChunks = (count: number, path = PATH): string => {
    const body = GOOD.padEnd(count + GOOD.length - 1, '&')
    const pieces = [body.slice(0, GOOD.length), ...body.slice(GOOD.length)]
    const chunks = pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('')
    const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${FORM}\r\nConnection: close`
    return `${head}\r\nAuthorization: ${auth.authorization}\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`
  }

  test('a body in 256 chunks is read; one in 257 is cut off with 413', async () => {
    expect(await sendRaw(server.issuer, inChunks(256))).toMatchObject({ status: 200 })
    const { status, headers } = await sendRaw(server.issuer, inChunks(257))
    expect([status, headers['connection']]).toEqual([413, 'close'])
    const [event] = await server.audit(headers['x-request-id'])
    expect(event).toMatchObject({ reason: 'body_too_large' })
  })

  test('chunks that no endpoint will read end their connection', async () => {
    const { status, headers } = await sendRaw(server.issuer, inChunks(5_000, '/nowhere'))
    expect([status, headers['connection']]).toEqual([404, 'close'])
  })
})

test('megabyte-fields: a megabyte in any field is refused quickly, on every path that reads it', async () => {
  const start = process.cpuUsage()
  const big = 'a'.repeat(60_000)
  const tries = [
    { scope: `${big}"` },
    { resource: `https:${'/'.repeat(60_000)}` },
    { client_id: big },
    { grant_type: big },
    { [big]: 'x' },
    { x: `${'%'.repeat(20_000)}` },
  ]
  for (const fields of tries) {
    const response = await server.token({ grant_type: 'client_credentials', ...fields }, auth)
    expect(response.status).toBeLessThan(500)
  }
  const { user, system } = process.cpuUsage(start)
  // Client and server both run here. The limit is generous, and still far below the time of a backtracking expression.
  expect((user + system) / 1000 / tries.length).toBeLessThan(250)
})

test('log-injection: control characters in requests stay within one line of the log', async () => {
  const response = await server.token(
    { grant_type: 'client_credentials' },
    { ...basic('x\u202ey', 'z'), 'user-agent': 'a\tb\u009b1m'.replace('\u009b', '') },
  )
  expect(response.status).toBe(401)
  const [event] = await server.audit(response.headers.get('x-request-id'))
  expect(event).toMatchObject({ clientId: 'x\u202ey', reason: 'unknown_client' })
})
