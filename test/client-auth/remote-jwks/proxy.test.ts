import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, type IncomingMessage, type Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { AddressRules } from '../../../src/client-auth/remote-jwks/addresses.ts'
import { FetchError } from '../../../src/client-auth/remote-jwks/fetch-error.ts'
import { JsonFetcher } from '../../../src/client-auth/remote-jwks/fetch-json.ts'
import { OutboundProxy, proxyOf } from '../../../src/client-auth/remote-jwks/proxy.ts'
import { loadOptions } from '../../../src/config/load.ts'
import { claimsOf, formOf } from '../../harness/assertions.ts'
import { oneApi } from '../../harness/model.ts'
import { startTestServer } from '../../harness/server.ts'
import {
  type Certificate,
  makeCertificate,
  type Source,
  sendJson,
  startSource,
  startTcp,
} from '../../harness/source.ts'
import { makeSigner, signWith } from '../../harness/tokens.ts'

let certificate: Certificate
let proxyCertificate: Certificate
beforeAll(async () => {
  certificate = await makeCertificate('keys.example', 'other.example')
  proxyCertificate = await makeCertificate('localhost')
})

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

async function keep(starting: Promise<Source>): Promise<Source> {
  const source = await starting
  stops.push(() => source.stop())
  return source
}

/** A proxy that connects every request to one port of this machine, and records the requests. */
interface TestProxy {
  readonly url: string
  readonly asked: IncomingMessage[]
  open(): number
}

async function startProxy(status = 200, isWithTls = false, shown = proxyCertificate): Promise<TestProxy> {
  const asked: IncomingMessage[] = []
  const open = new Set<Socket>()
  const server: Server = isWithTls ? createHttpsServer(shown) : createHttpServer()
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    asked.push(request)
    open.add(socket.on('error', () => {}).once('close', () => open.delete(socket)))
    if (status !== 200) {
      socket.end(`HTTP/1.1 ${status} No\r\n\r\n`)
      return
    }
    const port = Number(request.url?.split(':').at(-1))
    const onwards = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      socket.pipe(onwards).pipe(socket)
    })
    onwards.on('error', () => socket.destroy())
    // Needed to see the end of the other side, too.
    onwards.once('close', () => socket.resume())
    socket.once('close', () => onwards.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stops.push(async () => {
    for (const socket of open) socket.destroy()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  return { url: `${isWithTls ? 'https' : 'http'}://127.0.0.1:${port}`, asked, open: () => open.size }
}

interface Changes {
  readonly direct?: readonly string[]
  readonly allowed?: readonly string[]
  readonly lookup?: (host: string) => Promise<readonly { address: string; family: number }[]>
  readonly time?: number
}

/** Names that go through the proxy must not be resolved here. */
const noLookup = async (host: string) => {
  throw new Error(`${host} was resolved here`)
}

const fetcherThrough = (proxy: string, { direct, allowed = [], lookup = noLookup, time = 5_000 }: Changes = {}) =>
  new JsonFetcher({
    addresses: new AddressRules(allowed),
    ca: [certificate.cert, proxyCertificate.cert],
    lookup,
    proxy: new OutboundProxy(new URL(proxy), direct),
    limits: { time },
  })

async function faultOf(fetcher: JsonFetcher, url: string): Promise<FetchError> {
  const error = await fetcher.get(url).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error instanceof FetchError) return error
  throw new Error('it was no FetchError', { cause: error })
}

describe('through a proxy', () => {
  test.each([false, true])(
    'a document comes from a host that only the proxy can resolve; the proxy with TLS: %s',
    async (isWithTls) => {
      const source = await keep(
        startSource(certificate, ({ socket }, response) =>
          sendJson(response, { asked: Reflect.get(socket, 'servername') }),
        ),
      )
      const proxy = await startProxy(200, isWithTls)
      const { json } = await fetcherThrough(proxy.url).get(source.url('/jwks', 'keys.example'))
      expect(json).toEqual({ asked: 'keys.example' })
      expect(proxy.asked.map(({ url, headers }) => [url, headers.host, headers['proxy-authorization']])).toEqual([
        [`keys.example:${source.port}`, `keys.example:${source.port}`, undefined],
      ])
      await expect.poll(proxy.open).toBe(0)
    },
  )

  test.each([false, true])(
    'a host that falls silent: the connection ends with the time of the fetch; the proxy with TLS: %s',
    async (isWithTls) => {
      const silent = await keep(startTcp((socket) => socket.resume()))
      const proxy = await startProxy(200, isWithTls)
      const fetcher = fetcherThrough(proxy.url, { time: 300 })
      expect(await faultOf(fetcher, `https://keys.example:${silent.port}/`)).toMatchObject({ fault: 'timeout' })
      await expect.poll(proxy.open).toBe(0)
    },
  )

  test('a proxy with TLS must show a certificate for its own name', async () => {
    const proxy = await startProxy(403, true)
    const named = proxy.url.replace('127.0.0.1', 'localhost')
    const url = 'https://keys.example/jwks'
    expect(await faultOf(fetcherThrough(named), url)).toMatchObject({ message: expect.stringContaining('status 403') })
    expect(proxy.asked.map(({ socket }) => Reflect.get(socket, 'servername'))).toEqual(['localhost'])
    const other = (await startProxy(403, true, certificate)).url.replace('127.0.0.1', 'localhost')
    expect(await faultOf(fetcherThrough(other), url)).toMatchObject({
      fault: 'proxy',
      message: expect.not.stringContaining('status'),
    })
  })

  test('the request names port 443, too', async () => {
    const proxy = await startProxy(403)
    await faultOf(fetcherThrough(proxy.url), 'https://keys.example/jwks')
    expect(proxy.asked[0]?.url).toBe('keys.example:443')
  })

  test('user and password go only to the proxy', async () => {
    const sent: unknown[] = []
    const source = await keep(
      startSource(certificate, ({ headers }, response) => {
        sent.push(headers)
        sendJson(response, {})
      }),
    )
    const proxy = await startProxy()
    await fetcherThrough(proxy.url.replace('//', '//us%40er:p%3Ass@')).get(source.url('/', 'keys.example'))
    const expected = `Basic ${Buffer.from('us@er:p:ss').toString('base64')}`
    expect(proxy.asked[0]?.headers['proxy-authorization']).toBe(expected)
    expect(JSON.stringify(sent)).not.toContain('roxy')
  })

  test('a user may have no password', async () => {
    const proxy = await startProxy(403)
    await faultOf(fetcherThrough(proxy.url.replace('//', '//user@')), 'https://keys.example/jwks')
    expect(proxy.asked[0]?.headers['proxy-authorization']).toBe(`Basic ${Buffer.from('user:').toString('base64')}`)
  })

  test('redirects go through it, each to its own host', async () => {
    const source = await keep(
      startSource(certificate, ({ url, headers }, response) => {
        if (url === '/jwks') response.writeHead(302, { location: `https://other.example:${source.port}/moved` }).end()
        else sendJson(response, { host: headers.host })
      }),
    )
    const proxy = await startProxy()
    const { json } = await fetcherThrough(proxy.url).get(source.url('/jwks', 'keys.example'))
    expect(json).toEqual({ host: `other.example:${source.port}` })
    expect(proxy.asked.map(({ url }) => url)).toEqual([`keys.example:${source.port}`, `other.example:${source.port}`])
  })

  test.each([false, true])(
    'the certificate must be that of the URL’s host; the proxy with TLS: %s',
    async (isWithTls) => {
      const source = await keep(startSource(certificate, (_request, response) => sendJson(response, {})))
      const proxy = await startProxy(200, isWithTls)
      expect(await faultOf(fetcherThrough(proxy.url), source.url('/', 'third.example'))).toMatchObject({ fault: 'tls' })
      await expect.poll(proxy.open).toBe(0)
    },
  )

  test('exempt hosts are fetched directly, under the same rules', async () => {
    const source = await keep(startSource(certificate, (_request, response) => sendJson(response, {})))
    const proxy = await startProxy()
    const lookup = async () => [{ address: '127.0.0.1', family: 4 }]
    for (const direct of ['keys.example', 'example', '.example', '*.example', 'EXAMPLE']) {
      const allowed = fetcherThrough(proxy.url, { direct: [direct], allowed: ['127.0.0.1'], lookup })
      expect(await allowed.get(source.url('/', 'keys.example'))).toMatchObject({ json: {} })
      const refused = fetcherThrough(proxy.url, { direct: [direct], lookup })
      expect(await faultOf(refused, source.url('/', 'keys.example'))).toMatchObject({ fault: 'address_refused' })
    }
    expect(proxy.asked).toEqual([])
    const other = fetcherThrough(proxy.url, { direct: ['xample', 's.example'], lookup })
    await other.get(source.url('/', 'keys.example'))
    expect(proxy.asked).toHaveLength(1)
  })
})

describe('inward-fetch: forbidden targets aren’t requested from the proxy either', () => {
  test.each([
    'https://127.0.0.1/jwks',
    'https://10.0.0.1/jwks',
    'https://169.254.169.254/latest',
    'https://0x7f.1/jwks',
    'https://2130706433/jwks',
    'https://[::1]/jwks',
    'https://[::ffff:10.0.0.1]/jwks',
    'https://[fd00:ec2::254]/latest',
    'https://localhost/jwks',
    'https://keys.localhost/jwks',
    'https://localhost./jwks',
  ])('%s', async (url) => {
    const proxy = await startProxy()
    expect(await faultOf(fetcherThrough(proxy.url), url)).toMatchObject({
      fault: 'address_refused',
      message: expect.stringMatching(/^the URL must not lead to /),
    })
    expect(proxy.asked).toEqual([])
  })

  test('by a redirect', async () => {
    const source = await keep(
      startSource(certificate, (_request, response) =>
        response.writeHead(302, { location: 'https://169.254.169.254/' }).end(),
      ),
    )
    const proxy = await startProxy()
    const fault = await faultOf(fetcherThrough(proxy.url), source.url('/', 'keys.example'))
    expect(fault).toMatchObject({ fault: 'address_refused', url: 'https://169.254.169.254/' })
    expect(proxy.asked).toHaveLength(1)
  })

  test('an allowed address is', async () => {
    const source = await keep(startSource(certificate, (_request, response) => sendJson(response, {})))
    const proxy = await startProxy()
    await fetcherThrough(proxy.url, { allowed: ['127.0.0.1'] }).get(source.url('/', '127.0.0.1'))
    expect(proxy.asked.map(({ url }) => url)).toEqual([`127.0.0.1:${source.port}`])
  })
})

describe('a proxy that fails to connect', () => {
  const URL_OF_KEYS = 'https://keys.example/jwks'
  const SECRET = 'p4ssw0rd'
  const withSecret = (url: string) => url.replace('//', `//user:${SECRET}@`)

  test.each([
    [407, /requires a user and password/],
    [403, /refuses the connection with status 403/],
    [502, /refuses the connection with status 502/],
    [302, /refuses the connection with status 302/],
  ])('it answers %s', async (status, message) => {
    const proxy = await startProxy(status)
    const fault = await faultOf(fetcherThrough(withSecret(proxy.url)), URL_OF_KEYS)
    expect(fault).toMatchObject({ fault: 'proxy', url: URL_OF_KEYS, message: expect.stringMatching(message) })
    expect(JSON.stringify({ ...fault, message: fault.message, stack: fault.stack })).not.toContain(SECRET)
  })

  const talks: [string, string, string, string][] = [
    [
      'bytes that aren’t HTTP',
      'SSH-2.0-OpenSSH\r\n',
      'proxy',
      'the proxy can not be used: the other side does not speak HTTP',
    ],
    [
      'a length that is none',
      'HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n',
      'proxy',
      'the proxy can not be used: the connection failed',
    ],
    [
      'endless headers',
      `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}`,
      'proxy',
      'the proxy can not be used: its headers are too long',
    ],
    ['nothing more', '', 'proxy', 'the proxy can not be used: the other side broke the connection off'],
    ['bytes that aren’t TLS', 'HTTP/1.1 200 OK\r\n\r\nhello', 'tls', 'no TLS connection could be made'],
    [
      'a status that comes before another',
      'HTTP/1.1 100 Continue\r\n\r\n',
      'proxy',
      'the proxy refuses the connection with status 100',
    ],
    [
      'a status of a redirect',
      'HTTP/1.1 300 Multiple Choices\r\n\r\n',
      'proxy',
      'the proxy refuses the connection with status 300',
    ],
  ]
  test.each(talks)('it answers %s', async (_name, text, fault, message) => {
    const source = await keep(startTcp((socket) => socket.once('data', () => socket.end(text))))
    expect(await faultOf(fetcherThrough(`http://127.0.0.1:${source.port}`), URL_OF_KEYS)).toMatchObject({
      fault,
      message: expect.stringContaining(message),
    })
  })

  test('its refusal ends the connection to it', async () => {
    const closed = Promise.withResolvers<void>()
    const source = await keep(
      startTcp((socket) => {
        socket.once('data', () => socket.write('HTTP/1.1 403 No\r\n\r\n'))
        socket.once('close', () => closed.resolve())
      }),
    )
    await faultOf(fetcherThrough(`http://127.0.0.1:${source.port}`), URL_OF_KEYS)
    await closed.promise
  })

  test('it doesn’t listen', async () => {
    const gone = await startTcp(() => {})
    await gone.stop()
    const fault = await faultOf(fetcherThrough(withSecret(`http://127.0.0.1:${gone.port}`)), URL_OF_KEYS)
    expect(fault).toMatchObject({ fault: 'proxy', message: 'the proxy can not be used: nothing listens there' })
    expect(fault.message).not.toContain(SECRET)
  })

  test('it never answers: the fetch ends in time and closes its connection', async () => {
    const silent = await keep(startTcp(() => {}))
    const fetcher = fetcherThrough(`http://127.0.0.1:${silent.port}`, { time: 100 })
    expect(await faultOf(fetcher, URL_OF_KEYS)).toMatchObject({ fault: 'timeout' })
  })
})

describe('the setting', () => {
  test('may be missing', () => {
    expect(proxyOf({ no_proxy: ['keys.example'] })).toBeUndefined()
  })

  const load = (proxy: string) => loadOptions({ env: { TESSERA_OUTBOUND_PROXY: proxy } })

  test.each(['http://proxy.example.com:3128', 'https://proxy.example.com', 'http://us%40er:p%3Ass@10.0.0.1:3128/'])(
    '%s',
    (proxy) => {
      expect(load(proxy).outbound.proxy).toBe(proxy)
    },
  )

  test.each([
    'proxy.example.com:3128',
    'socks5://proxy.example.com',
    'http://proxy.example.com/path',
    'http://us%er:hush-hush@proxy.example.com',
    'http://',
  ])('%s is refused without showing a password', (proxy) => {
    expect(() => load(proxy)).toThrow(/^TESSERA_OUTBOUND_PROXY is .*: must be http:\/\/ or https:\/\/ and a host/)
    expect(() => load(proxy)).not.toThrow('hush')
  })
})

test('a server fetches its clients’ keys through it', async () => {
  const signer = await makeSigner('ES256')
  const source = await keep(
    startSource(certificate, (_request, response) => sendJson(response, { keys: [signer.publicJwk] })),
  )
  const proxy = await startProxy()
  const folder = mkdtempSync(join(tmpdir(), 'tessera-proxy-'))
  writeFileSync(join(folder, 'ca.pem'), certificate.cert)
  const server = await startTestServer({
    manifest: `
${oneApi('read')}
clients: [{ client_id: caller, scopes: [read], credentials: [{ jwks_uri: "${source.url('/jwks', 'keys.example')}" }] }]
`,
    options: { 'outbound.proxy': proxy.url, 'outbound.ca': join(folder, 'ca.pem') },
    lookup: noLookup,
  })
  stops.push(async () => {
    await server.stop()
    rmSync(folder, { recursive: true })
  })
  const assertion = await signWith(signer, claimsOf(server.issuer, 'caller', Math.floor(Date.now() / 1000)))
  expect((await server.token(formOf(assertion))).status).toBe(200)
  expect(proxy.asked.map(({ url }) => url)).toEqual([`keys.example:${source.port}`])
})
