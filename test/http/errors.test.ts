import { globSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MODEL, SECRET } from '../harness/model.ts'
import { connectPlainTo, connectTo, type RawResponse, sendPieces } from '../harness/raw.ts'
import { scrape } from '../harness/scrape.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ manifest: MODEL })
})
afterAll(() => server.stop())

/** Each listener, with a path that answers GET, and whether its errors are problems (RFC 9457). */
const listeners: [string, () => string, string, boolean][] = [
  ['the OAuth listener', () => server.issuer, '/pf/heartbeat.ping', false],
  ['the admin listener', () => server.admin, '/healthz', true],
]

interface Expected {
  /** The error of each answer, or its status if it has no error. */
  readonly answers: readonly (number | readonly [status: number, error: string])[]
  /** Whether the connection ends after the last answer. Otherwise another request over it is answered. */
  readonly isLast?: boolean
}

const HOST = 'Host: localhost\r\n'
const bad = (status: number): readonly [number, string] => [status, 'invalid_request']

/** The bytes to send, with `PATH` for the path. */
const cases: Record<string, [sent: string, expected: Expected]> = {
  'a good request': [`GET PATH HTTP/1.1\r\n${HOST}\r\n`, { answers: [200] }],
  'no Host': ['GET PATH HTTP/1.1\r\n\r\n', { answers: [bad(400)] }],
  'two Hosts': [`GET PATH HTTP/1.1\r\n${HOST}Host: other\r\n\r\n`, { answers: [bad(400)] }],
  'two equal Hosts': [`GET PATH HTTP/1.1\r\n${HOST}hOST: localhost\r\n\r\n`, { answers: [bad(400)] }],
  'an empty Host': ['GET PATH HTTP/1.1\r\nHost: \r\n\r\n', { answers: [bad(400)] }],
  'a Host with a space': ['GET PATH HTTP/1.1\r\nHost: a b\r\n\r\n', { answers: [bad(400)] }],
  'a Host with a path': ['GET PATH HTTP/1.1\r\nHost: a/b\r\n\r\n', { answers: [bad(400)] }],
  'a Host with a user': ['GET PATH HTTP/1.1\r\nHost: u@a\r\n\r\n', { answers: [bad(400)] }],
  'a Host with an invalid port': ['GET PATH HTTP/1.1\r\nHost: a:b\r\n\r\n', { answers: [bad(400)] }],
  'two hosts in one Host': ['GET PATH HTTP/1.1\r\nHost: a, b\r\n\r\n', { answers: [bad(400)] }],
  'a Host with an incomplete escape': ['GET PATH HTTP/1.1\r\nHost: a%4\r\n\r\n', { answers: [bad(400)] }],
  'a Host with an unclosed bracket': ['GET PATH HTTP/1.1\r\nHost: [::1\r\n\r\n', { answers: [bad(400)] }],
  'a Host of 10,000 characters': [`GET PATH HTTP/1.1\r\nHost: ${'a'.repeat(10_000)}\r\n\r\n`, { answers: [bad(400)] }],
  'a Host with a port': ['GET PATH HTTP/1.1\r\nHost: a:1\r\n\r\n', { answers: [200] }],
  'a Host with an empty port': ['GET PATH HTTP/1.1\r\nHost: a:\r\n\r\n', { answers: [200] }],
  'a Host of IPv6': ['GET PATH HTTP/1.1\r\nHost: [::1]:443\r\n\r\n', { answers: [200] }],
  'a Host with every character that a name may have': [
    "GET PATH HTTP/1.1\r\nHost: a-b_c.%41~!$&'()*+,;=\r\n\r\n",
    { answers: [200] },
  ],
  'HTTP/1.0 without a Host': ['GET PATH HTTP/1.0\r\n\r\n', { answers: [200], isLast: true }],
  'HTTP/1.0 with keep-alive': [`GET PATH HTTP/1.0\r\nConnection: keep-alive\r\n\r\n`, { answers: [200] }],
  'HTTP/1.0 with two Hosts': [`GET PATH HTTP/1.0\r\n${HOST}${HOST}\r\n`, { answers: [bad(400)], isLast: true }],
  'HTTP/1.0 with a bad Host': ['GET PATH HTTP/1.0\r\nHost: /\r\n\r\n', { answers: [bad(400)], isLast: true }],
  'HTTP/1.0 with Transfer-Encoding': [
    'POST PATH HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    { answers: [bad(400)], isLast: true },
  ],
  'no version, as in HTTP/0.9': ['GET PATH\r\n\r\n', { answers: [bad(400)], isLast: true }],
  'HTTP/1.2': [`GET PATH HTTP/1.2\r\n${HOST}\r\n`, { answers: [bad(400)], isLast: true }],
  'a version with trailing text': [`GET PATH HTTP/1.1x\r\n${HOST}\r\n`, { answers: [bad(400)], isLast: true }],
  'HTTP/2.0': [`GET PATH HTTP/2.0\r\n${HOST}\r\n`, { answers: [bad(400)], isLast: true }],
  'HTTP/3.0': [`GET PATH HTTP/3.0\r\n${HOST}\r\n`, { answers: [bad(400)], isLast: true }],
  'the preface of HTTP/2': ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', { answers: [bad(400)], isLast: true }],
  'two Authorizations': [
    `GET PATH HTTP/1.1\r\n${HOST}Authorization: Basic YTpi\r\nauthorization: Basic YTpi\r\n\r\n`,
    { answers: [bad(400)] },
  ],
  'two Content-Types': [
    `GET PATH HTTP/1.1\r\n${HOST}Content-Type: application/json\r\ncontent-TYPE: text/plain\r\n\r\n`,
    { answers: [bad(400)] },
  ],
  'another method': [`DELETE PATH HTTP/1.1\r\n${HOST}\r\n`, { answers: [bad(405)] }],
  'another method, with a body': [
    `DELETE PATH HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nabcde`,
    { answers: [bad(405)] },
  ],
  'an invalid method': [`FOO PATH HTTP/1.1\r\n${HOST}\r\n`, { answers: [bad(400)], isLast: true }],
  'a method in lower case': [`get PATH HTTP/1.1\r\n${HOST}\r\n`, { answers: [bad(400)], isLast: true }],
  TRACE: [`TRACE PATH HTTP/1.1\r\n${HOST}\r\n`, { answers: [bad(405)] }],
  CONNECT: [`CONNECT localhost:1 HTTP/1.1\r\n${HOST}\r\n`, { answers: [bad(405)], isLast: true }],
  'CONNECT, and bytes for the tunnel': [
    `CONNECT localhost:1 HTTP/1.1\r\n${HOST}\r\n\x16\x03\x01`,
    { answers: [bad(405)], isLast: true },
  ],
  'OPTIONS of the whole server': [`OPTIONS * HTTP/1.1\r\n${HOST}\r\n`, { answers: [bad(404)] }],
  'an upgrade to WebSocket, which is ignored': [
    `GET PATH HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    { answers: [200], isLast: true },
  ],
  'an upgrade to HTTP/2, which is ignored': [
    `GET PATH HTTP/1.1\r\n${HOST}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n`,
    { answers: [200], isLast: true },
  ],
  'an unknown expectation': [
    `GET PATH HTTP/1.1\r\n${HOST}Expect: 200-ok\r\nContent-Length: 2\r\n\r\nab`,
    { answers: [bad(417)], isLast: true },
  ],
  'two expectations': [
    `GET PATH HTTP/1.1\r\n${HOST}Expect: 100-continue, x\r\nContent-Length: 2\r\n\r\nab`,
    { answers: [bad(417)], isLast: true },
  ],
  'an expectation at an unknown path': [
    `GET /nowhere HTTP/1.1\r\n${HOST}Expect: x\r\n\r\n`,
    { answers: [bad(404)], isLast: true },
  ],
  '100-continue': [
    `GET PATH HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 2\r\n\r\nab`,
    { answers: [100, 200] },
  ],
  '100-continue for an oversized body': [
    `GET PATH HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 99999999\r\n\r\n`,
    { answers: [bad(413)], isLast: true },
  ],
  '100-continue for another method': [
    `PUT PATH HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n`,
    { answers: [bad(405)], isLast: true },
  ],
  'an unknown path': [`GET /nowhere HTTP/1.1\r\n${HOST}\r\n`, { answers: [bad(404)] }],
  'an absolute URI of another scheme': [`GET ftp://evilPATH HTTP/1.1\r\n${HOST}\r\n`, { answers: [bad(404)] }],
  'an absolute URI': [`GET https://evilPATH HTTP/1.1\r\n${HOST}\r\n`, { answers: [200] }],
  'an absolute URI, and no Host': ['GET https://evilPATH HTTP/1.1\r\n\r\n', { answers: [bad(400)] }],
  'a target of 8,000 characters': [`GET PATH?${'a'.repeat(7_950)} HTTP/1.1\r\n${HOST}\r\n`, { answers: [200] }],
  'a longer target': [`GET PATH?${'a'.repeat(8_000)} HTTP/1.1\r\n${HOST}\r\n`, { answers: [bad(414)] }],
  'a target beyond all limits': [
    `GET PATH?${'a'.repeat(40_000)} HTTP/1.1\r\n${HOST}\r\n`,
    { answers: [bad(431)], isLast: true },
  ],
  'headers over 16 KiB': [
    `GET PATH HTTP/1.1\r\n${HOST}X: ${'a'.repeat(40_000)}\r\n\r\n`,
    { answers: [bad(431)], isLast: true },
  ],
  'many headers over 16 KiB': [
    `GET PATH HTTP/1.1\r\n${HOST}${'x: 1\r\n'.repeat(5_000)}\r\n`,
    { answers: [bad(431)], isLast: true },
  ],
  'an oversized body': [
    `GET PATH HTTP/1.1\r\n${HOST}Content-Length: 99999999\r\n\r\n`,
    { answers: [bad(413)], isLast: true },
  ],
  'not HTTP': ['\x00\x01\x02\r\n\r\n', { answers: [bad(400)], isLast: true }],
  'bare LF': ['GET PATH HTTP/1.1\nHost: localhost\n\n', { answers: [bad(400)], isLast: true }],
  'a folded header': [`GET PATH HTTP/1.1\r\n${HOST}X: a\r\n b\r\n\r\n`, { answers: [bad(400)], isLast: true }],
  'NUL in a header': [`GET PATH HTTP/1.1\r\n${HOST}X: a\x00b\r\n\r\n`, { answers: [bad(400)], isLast: true }],
  'a space before the colon': [`GET PATH HTTP/1.1\r\n${HOST}X : a\r\n\r\n`, { answers: [bad(400)], isLast: true }],
  'Content-Length and Transfer-Encoding': [
    `GET PATH HTTP/1.1\r\n${HOST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    { answers: [bad(400)], isLast: true },
  ],
  'two Content-Lengths': [
    `GET PATH HTTP/1.1\r\n${HOST}Content-Length: 5\r\nContent-Length: 5\r\n\r\nabcde`,
    { answers: [bad(400)], isLast: true },
  ],
  'a length with a sign': [
    `GET PATH HTTP/1.1\r\n${HOST}Content-Length: +5\r\n\r\nabcde`,
    { answers: [bad(400)], isLast: true },
  ],
  'an unknown transfer coding': [
    `GET PATH HTTP/1.1\r\n${HOST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
    { answers: [bad(400)], isLast: true },
  ],
  'a transfer coding before chunked, which a proxy might undo': [
    `GET PATH HTTP/1.1\r\n${HOST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    { answers: [bad(400)], isLast: true },
  ],
  'chunked in capitals': [
    `GET PATH HTTP/1.1\r\n${HOST}Transfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n`,
    { answers: [200] },
  ],
  'a chunk without a size, after its request has begun': [
    `GET PATH HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\nx\r\n`,
    { answers: [bad(400)], isLast: true },
  ],
  'a chunk of a negative size': [
    `GET PATH HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n-1\r\nab\r\n0\r\n\r\n`,
    { answers: [bad(400)], isLast: true },
  ],
  'a good request, and then garbage': [
    `GET PATH HTTP/1.1\r\n${HOST}\r\nnonsense\r\n\r\n`,
    { answers: [200, bad(400)], isLast: true },
  ],
  'three good requests, and then a truncated one': [
    `${`GET PATH HTTP/1.1\r\n${HOST}\r\n`.repeat(3)}GET PATH HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\nx\r\n`,
    { answers: [200, 200, 200, bad(400)], isLast: true },
  ],
  'a good request, and then CONNECT': [
    `GET PATH HTTP/1.1\r\n${HOST}\r\nCONNECT a:1 HTTP/1.1\r\n${HOST}\r\n`,
    { answers: [200, bad(405)], isLast: true },
  ],
  'a request after the last': [
    `GET PATH HTTP/1.1\r\n${HOST}Connection: close\r\n\r\nGET PATH HTTP/1.1\r\n${HOST}\r\n`,
    { answers: [200], isLast: true },
  ],
  'four hundred requests at once': [
    `GET PATH HTTP/1.1\r\n${HOST}\r\n`.repeat(400),
    { answers: Array<number>(400).fill(200) },
  ],
}

type Format = (answer: Record<string, unknown>, status: number, requestId: string) => string

/** The error of an answer in the format of RFC 6749. */
const asOAuth: Format = (answer, _status, requestId) => {
  expect(Object.keys(answer)).toEqual(['error', 'error_description'])
  expect(answer['error_description']).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/)
  expect(answer['error_description']).toContain(` (request ${requestId})`)
  return String(answer['error'])
}
/** RFC 9457 has no error codes. The cases have only such as are `invalid_request` in RFC 6749. */
const asProblem: Format = (answer, status, requestId) => {
  expect(Object.keys(answer)).toEqual(['type', 'title', 'status', 'detail', 'request_id'])
  expect(answer).toMatchObject({ status, request_id: requestId, type: expect.stringMatching(/\/problems\/[a-z-]+$/) })
  expect(answer['detail']).toMatch(/^[\x20-\x7e]+$/)
  return 'invalid_request'
}

function expectOurs({ status, headers, body }: RawResponse, isProblem = false): readonly [number, string] {
  const type = isProblem ? 'application/problem+json' : 'application/json;charset=UTF-8'
  expect(headers).toMatchObject({ 'content-type': type, 'cache-control': 'no-store' })
  expect(headers['x-request-id']).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/)
  expect(Number(headers['content-length'])).toBe(body.length)
  if (status === 405) expect(headers['allow']).toMatch(/^GET, HEAD/)
  const answer = JSON.parse(body) as Record<string, unknown>
  return [status, (isProblem ? asProblem : asOAuth)(answer, status, String(headers['x-request-id']))]
}

describe.each(listeners)('every HTTP error has our format: %s', (_name, address, path, isProblem) => {
  const last = `GET ${path} HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`
  const check = (answers: readonly RawResponse[], { answers: expected, isLast = false }: Expected) => {
    const seen = answers.map((answer) => (answer.status < 400 ? answer.status : expectOurs(answer, isProblem)))
    expect(seen).toEqual(isLast ? expected : [...expected, 200])
    expect(answers.at(-1)?.headers['connection']).toBe('close')
  }

  test.each(Object.entries(cases))('%s', async (_case, [sent, expected]) => {
    const bytes = Buffer.from(sent.replaceAll('PATH', path) + (expected.isLast === true ? '' : last), 'latin1')
    check(await sendPieces(await connectTo(address()), [bytes]), expected)
  })

  test.each(Object.entries(cases).filter(([, [sent]]) => sent.length < 500))(
    '%s, byte by byte',
    async (_case, [sent, expected]) => {
      const bytes = Buffer.from(sent.replaceAll('PATH', path) + (expected.isLast === true ? '' : last), 'latin1')
      check(
        await sendPieces(
          await connectTo(address()),
          Array.from(bytes, (byte) => Buffer.from([byte])),
        ),
        expected,
      )
    },
  )

  test.each(['GET', 'POST', 'HEAD', 'PUT', 'CONNECT'])('%s as plain HTTP to its port of TLS', async (method) => {
    const answers = await sendPieces(await connectPlainTo(address()), [`${method} ${path} HTTP/1.1\r\n${HOST}\r\n`])
    expect(answers.map((answer) => expectOurs(answer, isProblem))).toEqual([bad(400)])
    expect(answers[0]?.headers['connection']).toBe('close')
    expect(answers[0]?.body).toContain('https://')
    const hint = `; the token endpoint is ${server.issuer}/as/token.oauth2 (request `
    expect(answers[0]?.body.includes(hint)).toBe(address() === server.issuer)
  })

  test('nothing, or bytes that are neither TLS nor HTTP: closed without an answer', async () => {
    expect(await sendPieces(await connectPlainTo(address()), ['SSH-2.0-OpenSSH_9.9\r\n'])).toEqual([])
  })
})

describe('at the token endpoint', () => {
  const body = 'grant_type=client_credentials&scope=edit'
  const HEAD = `POST /as/token.oauth2 HTTP/1.1\r\n${HOST}`
  const LENGTH = `Content-Length: ${body.length}\r\n`
  const FORM = 'Content-Type: application/x-www-form-urlencoded\r\n'
  const AUTH = `Authorization: ${basic('reporter', SECRET).authorization}\r\n`
  const tokenCases: Record<string, [sent: string, statuses: readonly number[]]> = {
    'a good request': [`${HEAD}${FORM}${AUTH}${LENGTH}\r\n${body}`, [200]],
    'two Content-Types, of which the first is right': [
      `${HEAD}${FORM}Content-Type: application/json\r\n${AUTH}${LENGTH}\r\n${body}`,
      [400],
    ],
    'two Content-Types, of which the second is right': [
      `${HEAD}Content-Type: application/json\r\n${FORM}${AUTH}${LENGTH}\r\n${body}`,
      [400],
    ],
    'two Authorizations, both right': [`${HEAD}${FORM}${AUTH}${AUTH}${LENGTH}\r\n${body}`, [400]],
    'two DPoPs': [`${HEAD}${FORM}${AUTH}DPoP: a\r\nDPoP: b\r\n${LENGTH}\r\n${body}`, [400]],
    'two Content-Encodings': [
      `${HEAD}${FORM}${AUTH}Content-Encoding: identity\r\nContent-Encoding: gzip\r\n${LENGTH}\r\n${body}`,
      [415],
    ],
    'an Authorization among the trailers': [
      `${HEAD}${FORM}Transfer-Encoding: chunked\r\n\r\n28\r\n${body}\r\n0\r\n${AUTH}\r\n`,
      [401],
    ],
    '100-continue': [`${HEAD}${FORM}${AUTH}Expect: 100-continue\r\n${LENGTH}\r\n${body}`, [100, 200]],
    'a truncated body, after a good request': [
      `${HEAD}${FORM}${AUTH}${LENGTH}\r\n${body}${HEAD}${FORM}${AUTH}Transfer-Encoding: chunked\r\n\r\n28\r\n${body}\r\nx`,
      [200, 400],
    ],
  }
  test.each(Object.entries(tokenCases))('%s', async (_name, [sent, statuses]) => {
    const last = `GET /pf/heartbeat.ping HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`
    const answers = await sendPieces(await connectTo(server.issuer), [sent, last])
    for (const answer of answers) if (answer.status >= 400) expectOurs(answer)
    const isLast = answers.length === statuses.length
    expect(answers.map(({ status }) => status)).toEqual(isLast ? statuses : [...statuses, 200])
  })
})

/** Each header that the source reads, and the treatment of a repeated one. */
const whenTwice: Readonly<Record<string, string>> = {
  host: 'refused',
  authorization: 'refused',
  'content-type': 'refused',
  dpop: 'joined, and refused as an invalid proof',
  'content-encoding': 'joined, and refused as an unsupported coding',
  'transfer-encoding': 'refused by the parser',
  'content-length': 'refused by the parser',
  expect: 'joined, and refused as unknown',
  upgrade: 'ignored',
  accept: 'a list',
  'if-none-match': 'a list',
  'x-forwarded-for': 'a list',
  forwarded: 'a list',
  'client-cert': 'joined, and refused as malformed',
  'client-cert-chain': 'a list',
  traceparent: 'joined, and ignored as invalid',
  'user-agent': 'the first one is recorded, and otherwise unused',
}

test('the table has every header that the source reads, with the treatment of a repeated one', () => {
  const READS = /(?<!response\.)headers\[['"]([\w-]+)['"]\]|headers\.(\w+)|headers: \{ '?([a-z][\w-]*)/g
  const OF_CODE = ['ts', 'readonly']
  // Headers of fetched documents are not headers of requests.
  const files = globSync('src/{http,endpoints,client-auth,sender-constraint,grants,observability}/**/*.ts').filter(
    (file) => !file.startsWith('src/client-auth/remote-jwks/'),
  )
  const read = files.flatMap((file) =>
    Array.from(readFileSync(file, 'utf8').matchAll(READS), ([, ...names]) => names.find((name) => name !== undefined)),
  )
  const names = [...new Set(read)].filter((name) => name !== undefined && !OF_CODE.includes(name))
  expect(names.length).toBeGreaterThan(8)
  expect(names.filter((name) => !Object.hasOwn(whenTwice, name ?? ''))).toEqual([])
})

test('the table has all of them', async () => {
  const before = await scrape(server.admin)
  for (const sent of ['CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n', 'nonsense\r\n\r\n', 'GET /x\r\n\r\n']) {
    await sendPieces(await connectTo(server.issuer), [sent])
  }
  await sendPieces(await connectPlainTo(server.issuer), ['GET / HTTP/1.1\r\n\r\n'])
  const after = await scrape(server.admin)
  for (const reason of ['method_not_allowed', 'malformed_request', 'http_version', 'https_required']) {
    const [was, is] = [before, after].map(({ value }) => value('tessera_refusals_total', { reason }) ?? 0)
    expect({ reason, counted: (is ?? 0) - (was ?? 0) }).toEqual({ reason, counted: 1 })
  }
})
