import { once } from 'node:events'
import { globSync, readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:tls'
import { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { cpuOf, expectCheap } from '../harness/cpu.ts'
import { ecKeys, p256, toPem } from '../harness/der.ts'
import { MODEL, SECRET } from '../harness/model.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'
import { crowd, honest, hostileCertificates } from './certificates.ts'
import type { Sending } from './client-thread.ts'
import { fill, fillWithNames, nestedArrays, plausibleSignature } from './shapes.ts'

// largest-inputs, over TLS: each measurement includes the handshake and everything that the request causes.

const thread = new Worker(new URL('./client-thread.ts', import.meta.url))
const servers: TestServer[] = []
afterAll(async () => {
  await thread.terminate()
  await Promise.all(servers.map((server) => server.stop()))
})

async function start(options: Parameters<typeof startTestServer>[0]): Promise<TestServer> {
  const server = await startTestServer(options)
  servers.push(server)
  for (let count = 0; count < 20; count += 1) await send(server, { pieces: [tokenRequest()] })
  return server
}

async function sendTo(port: number, sending: Omit<Sending, 'port'>): Promise<string> {
  thread.postMessage({ port, ...sending } satisfies Sending)
  const [answer] = await once(thread, 'message')
  return String(answer)
}

const send = ({ config }: TestServer, sending: Omit<Sending, 'port'>): Promise<string> =>
  sendTo(config.runtime.port, sending)

/**
 * Requires that a connection and its request cost little CPU, and cause no defect. @param anyway milliseconds of CPU
 * that any server would take
 */
async function expectCheapRequest(server: TestServer, sending: Omit<Sending, 'port'>, anyway = 0): Promise<void> {
  let answer = ''
  await expectCheap(async () => {
    answer = await send(server, sending)
  }, anyway)
  expect(answer).not.toMatch(/^HTTP\/1\.1 5/)
}

interface BareServer {
  send(sending: Omit<Sending, 'port'>): Promise<void>
  stop(): void
}

/** A server that requests certificates and does nothing with them. */
async function startBare(): Promise<BareServer> {
  const { cert, key } = inject('tls')
  const pem = { cert: readFileSync(cert), key: readFileSync(key) }
  const listener = createServer({ ...pem, requestCert: true, rejectUnauthorized: false }, (socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
    socket.on('error', () => {})
  })
  await once(listener.listen(0, '127.0.0.1'), 'listening')
  const { port } = listener.address() as AddressInfo
  return { send: async (sending) => void (await sendTo(port, sending)), stop: () => listener.close() }
}

const AUTHORIZATION = basic('reporter', SECRET).authorization
const GOOD = 'grant_type=client_credentials&scope=edit'
const FORM = 'application/x-www-form-urlencoded'

function tokenRequest(body = GOOD, headers: object = {}, target = '/as/token.oauth2'): string {
  const all = { host: 'localhost', authorization: AUTHORIZATION, 'content-type': FORM, ...headers }
  const lines = Object.entries({ 'content-length': body.length, ...all }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  return `POST ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body}`
}

const fetching = (headers: object, target: string): string =>
  `GET ${target} HTTP/1.1\r\n${Object.entries({ host: 'localhost', ...headers })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`

const encode = (text: string): string => Buffer.from(text).toString('base64url')

/** Hostile values for any field. @param length the length of each escaped value */
const fields = (length: number): Readonly<Record<string, string>> => ({
  letters: 'a'.repeat(length),
  'names between spaces': fillWithNames(length, (name) => name, '+'),
  escapes: fill(length, '%41'),
  'UTF-8': fill(length, '%F0%9F%98%80'),
  'a deeply nested JWT': `${encode('{"alg":"ES256"}')}.${encode(`{"iss":"a","sub":"a","aud":${nestedArrays(Math.min(length, 15_000) / 1.5)}}`)}.AA`,
  'a URL': `https://${fill(length - 8, 'a/../')}`,
})

/** A client with many keys that are slow to verify with. */
const jwks = Array.from({ length: 40 }, () => ecKeys('P-521').publicKey.export({ format: 'jwk' }))
const keyed = `  - client_id: keyed
    credentials: [${jwks.map((jwk, index) => `{ label: "${index}", jwks: { keys: [${JSON.stringify(jwk)}] } }`).join()}]
`

describe('a request', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await start({ manifest: MODEL + keyed })
  })

  const PARAMETERS = [
    ...['grant_type', 'scope', 'resource', 'audience', 'client_id', 'client_secret', 'token'],
    ...['client_assertion', 'client_assertion_type', 'token_type_hint', 'other'],
  ]
  const ENDPOINTS = ['/as/token.oauth2', '/as/introspect.oauth2', '/as/revoke_token.oauth2']
  const ofBody = PARAMETERS.flatMap((parameter) =>
    Object.entries(fields(60_000)).flatMap(([shape, value]) =>
      // The other two endpoints read a token and the same credentials.
      (parameter === 'token' ? ENDPOINTS : ENDPOINTS.slice(0, 1)).map((endpoint): [string, string, string, string] => [
        parameter,
        shape,
        endpoint,
        value,
      ]),
    ),
  )
  test.each(ofBody)('largest-inputs: %s of %s, to %s', async (parameter, _shape, endpoint, value) => {
    const others = new URLSearchParams({
      ...(endpoint === ENDPOINTS[0] ? { grant_type: 'client_credentials' } : { token: 'a' }),
      ...(parameter.startsWith('client_assertion') && {
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: 'a',
      }),
    })
    others.delete(parameter)
    const headers = parameter.startsWith('client_') ? { authorization: undefined } : {}
    const request = tokenRequest(`${parameter}=${value}&${others}`, headers, endpoint)
    await expectCheapRequest(server, { pieces: [request.replace('authorization: undefined\r\n', '')] })
  })

  const HEADERS = [
    ...['authorization', 'dpop', 'content-type', 'content-encoding', 'x-forwarded-for', 'traceparent', 'user-agent'],
    ...['accept', 'if-none-match', 'cookie', 'client-cert', 'client-cert-chain', 'transfer-encoding', 'other'],
    ...['forwarded', 'expect', 'upgrade'],
  ]
  const OF_FETCHES = ['if-none-match', 'user-agent']
  const values: Readonly<Record<string, string>> = {
    ...fields(14_000),
    commas: ','.repeat(14_000),
    addresses: fill(14_000, '10.0.0.1,'),
    'private keys': fill(14_000, '-----BEGIN '),
    'base64 of escapes': `Basic ${Buffer.from(`${fill(5_000, '%C3%A9')}:${fill(5_000, '%')}`).toString('base64')}`,
  }
  const ofHeaders = HEADERS.flatMap((header) =>
    Object.entries(values).map(([shape, value]): [string, string, string] => [header, shape, value]),
  )
  test.each(ofHeaders)('largest-inputs: the header %s of %s', async (header, _shape, value) => {
    await expectCheapRequest(server, { pieces: [tokenRequest(GOOD, { [header]: value })] })
    if (!OF_FETCHES.includes(header)) return
    await expectCheapRequest(server, { pieces: [fetching({ [header]: value }, '/pf/JWKS')] })
  })

  const chunked = (body: string, target?: string): string =>
    tokenRequest('', { 'transfer-encoding': 'chunked' }, target).replace('content-length: 0\r\n', '') + body
  const inChunks = (body: string, extension = ''): string =>
    `${[...body].map((character) => `1${extension}\r\n${character}\r\n`).join('')}0\r\n\r\n`
  const long = `${GOOD}&other=${'a'.repeat(65_000)}`
  const requests: Readonly<Record<string, readonly string[]>> = {
    'chunks of one byte': [chunked(inChunks(long))],
    'chunks of one byte, to an unknown path': [chunked(inChunks(long), '/nowhere')],
    'chunks of one byte, to a path for GET only': [chunked(inChunks(long), '/pf/JWKS')],
    'chunks with extensions': [chunked(inChunks(fill(3_000, 'a'), `;${'a'.repeat(60)}`))],
    trailers: [chunked(`0\r\n${'a:b\r\n'.repeat(3_000)}\r\n`)],
    'TLS records of one byte': [tokenRequest(long).slice(0, -65_000), ...'a'.repeat(2_000)],
    'different headers': [
      tokenRequest(GOOD, Object.fromEntries(Array.from({ length: 1_500 }, (_, index) => [`a${index}`, '']))),
    ],
    'one header repeated': [tokenRequest().replace('\r\n\r\n', `\r\n${'a:\r\n'.repeat(3_500)}\r\n`)],
    'X-Forwarded-For repeated': [tokenRequest().replace('\r\n\r\n', `\r\n${'X-Forwarded-For:a\r\n'.repeat(700)}\r\n`)],
    'a long path': [fetching({}, `/${'a'.repeat(15_000)}`)],
    'a path of dots': [fetching({}, fill(15_000, '/..'))],
    'a long query': [tokenRequest(GOOD, {}, `/as/token.oauth2?${'a=b&'.repeat(3_000)}`)],
    'a long authority': [tokenRequest(GOOD, {}, `https://${'a'.repeat(15_000)}/as/token.oauth2`)],
    'an endless line': [`POST ${'a'.repeat(15_000)}`, '\r\n\r\n'],
  }
  test.each(Object.entries(requests))('largest-inputs: %s', (_name, pieces) => expectCheapRequest(server, { pieces }))

  test('largest-inputs: an assertion that may be signed with any of forty keys', async () => {
    const now = Math.floor(Date.now() / 1000)
    const claims = { iss: 'keyed', sub: 'keyed', aud: server.issuer, jti: '1', exp: now + 60 }
    const signature = plausibleSignature(132).toString('base64url')
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: `${encode('{"alg":"ES512"}')}.${encode(JSON.stringify(claims))}.${signature}`,
    })
    const request = tokenRequest(body.toString()).replace(/authorization: .*\r\n/, '')
    await expectCheapRequest(server, { pieces: [request] })
    const id = /x-request-id: (\S+)/i.exec(await send(server, { pieces: [request] }))?.[1]
    expect(await server.audit(id)).toMatchObject([{ reason: 'assertion_signature' }])
  })

  test.each([
    ['X25519', true],
    ['P-256', true],
    ['P-384', true],
    ['P-521', false],
    ['X448', false],
    ['ffdhe2048', false],
    ['ffdhe3072', false],
  ])('largest-inputs: key exchange with %s: %s', async (group, isTaken) => {
    await expectCheapRequest(server, { group, pieces: [tokenRequest()] })
    expect((await send(server, { group, pieces: [tokenRequest()] })).startsWith('HTTP/1.1 200')).toBe(isTaken)
  })

  const key = p256.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  test('largest-inputs: no certificate is requested if no client needs one, so that OpenSSL checks no slow chain', async () => {
    const cert = crowd(90).map(toPem).join('')
    await expectCheapRequest(server, { cert, key, pieces: [tokenRequest()] })
  })

  test('largest-inputs: the tables above have every parameter and header that the source reads', () => {
    const source = globSync('src/{http,endpoints,client-auth,sender-constraint,grants,observability}/**/*.ts')
      .filter((file) => !file.startsWith('src/client-auth/remote-jwks/'))
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n')
    const found = (expression: RegExp): readonly string[] => [
      ...new Set([...source.matchAll(expression)].map(([, name = '']) => name)),
    ]
    const parameters = found(/form\.(?:get|all)\('([a-z_]+)'\)/g)
    expect(parameters.length).toBeGreaterThan(7)
    expect(PARAMETERS).toEqual(expect.arrayContaining([...parameters]))
    const headers = found(/(?<![/\w])headers(?:\.|\[')([a-z-]+)/g).filter((name) => name !== 'content-length')
    expect(headers.length).toBeGreaterThan(5)
    expect(HEADERS).toEqual(expect.arrayContaining([...headers]))
  })
})

describe('a client certificate, if clients have some', () => {
  let server: TestServer
  let bare: BareServer
  beforeAll(async () => {
    const edge = '  - { client_id: edge, scopes: [edit], credentials: [{ certificate: { subject_dn: "CN=edge" } }] }\n'
    server = await start({ manifest: MODEL + edge })
    bare = await startBare()
  })
  afterAll(() => bare.stop())

  const key = p256.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const pieces = [tokenRequest('grant_type=client_credentials&client_id=edge').replace(/authorization: .*\r\n/, '')]

  /** Requires that our own work costs little. OpenSSL's work comes before any code of ours sees a certificate. */
  async function expectCheapCertificate(sending: Omit<Sending, 'port'>): Promise<void> {
    const anyway = await cpuOf(() => bare.send(sending), { attempts: 3 })
    await expectCheapRequest(server, sending, anyway)
  }

  async function auditOf(answer: string) {
    const id = /x-request-id: (\S+)/i.exec(answer)?.[1]
    return server.audit(id ?? 'none')
  }

  test('largest-inputs: an honest one is processed', async () => {
    const answer = await send(server, { cert: toPem(honest), key, pieces })
    expect(answer).toMatch(/^HTTP\/1\.1 401/)
    expect(await auditOf(answer)).toMatchObject([{ reason: 'certificate_mismatch' }])
  })

  // Hostile certificates whose key the client has, since TLS requires it.
  const usable = (bytes: number) =>
    Object.entries(hostileCertificates(bytes)).filter(
      ([name]) => !/key|curve|P-521|not UTF-8|algorithm|signature/.test(name),
    )

  test.each(usable(15_800))('largest-inputs: one of 16 KiB: %s', async (_name, der) => {
    expect(der.length).toBeLessThanOrEqual(16 * 1024)
    await expectCheapCertificate({ cert: toPem(der), key, pieces })
  })

  test.each(usable(60_000).slice(0, 5))('largest-inputs: one of 60 KB: %s', async (_name, der) => {
    await expectCheapCertificate({ cert: toPem(der), key, pieces })
  })

  const tooLarge = usable(90_000).filter(([, der]) => der.length > 16 * 1024)
  test.each(tooLarge)('largest-inputs: one of 90 KB is refused unread, in TLS 1.2: %s', async (_name, der) => {
    const sending = { cert: toPem(der), key, version: 'TLSv1.2', pieces } as const
    await expectCheapCertificate(sending)
    const problem = 'a certificate is over 16384 bytes'
    const expected = { reason: 'certificate_malformed', detail: { problem } }
    expect(await auditOf(await send(server, sending))).toMatchObject([expected])
  })

  test('largest-inputs: a long chain that is slow to verify', async () => {
    const cert = crowd(30).map(toPem).join('')
    await expectCheapCertificate({ cert, key, pieces })
    const answer = await send(server, { cert: [honest, ...crowd(5)].map(toPem).join(''), key, pieces })
    expect(answer).toMatch(/^HTTP\/1\.1 401/)
  })

  test('largest-inputs: a chain with one oversized certificate is refused, as in a header', async () => {
    const [, large = honest] = usable(30_000)[0] ?? []
    const answer = await send(server, { cert: toPem(honest) + toPem(large), key, pieces })
    expect(await auditOf(answer)).toMatchObject([{ reason: 'certificate_malformed' }])
  })
})

describe('behind a proxy that passes certificates on', () => {
  const FORMATS = {
    'client-cert': (der: Buffer) => ({ 'client-cert': `:${der.toString('base64')}:` }),
    nginx: (der: Buffer) => ({ 'x-ssl-client-cert': encodeURIComponent(toPem(der)) }),
    'ingress-nginx': (der: Buffer) => ({ 'ssl-client-cert': encodeURIComponent(toPem(der)) }),
    envoy: (der: Buffer) => ({ 'x-forwarded-client-cert': `Cert="${encodeURIComponent(toPem(der))}"` }),
    haproxy: (der: Buffer) => ({ 'x-ssl-client-der': der.toString('base64') }),
  } as const

  describe.each(Object.entries(FORMATS))('%s', (format, headersOf) => {
    let server: TestServer
    beforeAll(async () => {
      const options = { 'runtime.trusted_proxies': '127.0.0.1,::1,10.0.0.0/8', 'runtime.certificate_header': format }
      server = await start({ manifest: MODEL, options })
    })

    const asAnybody = (headers: object): string =>
      tokenRequest('grant_type=client_credentials&client_id=reporter', headers).replace(/authorization: .*\r\n/, '')

    // All formats take the same path after the header is decoded, so that one gets every certificate.
    const certificates = Object.entries(hostileCertificates(15_800)).slice(0, format === 'envoy' ? undefined : 3)
    test.each(certificates)('largest-inputs: %s', async (_name, der) => {
      await expectCheapRequest(server, { pieces: [asAnybody(headersOf(der))] })
    })

    test("largest-inputs: an endless list of our proxies' addresses", async () => {
      await expectCheapRequest(server, { pieces: [asAnybody({ 'x-forwarded-for': fill(31_000, '10.1.2.3,') })] })
    })
  })
})
