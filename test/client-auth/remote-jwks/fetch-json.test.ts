import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Fault, FetchError } from '../../../src/client-auth/remote-jwks/fetch-error.ts'
import type { JsonFetcher } from '../../../src/client-auth/remote-jwks/fetch-json.ts'
import type { HostAddress } from '../../../src/client-auth/remote-jwks/resolve.ts'
import {
  type Certificate,
  makeCertificate,
  type Source,
  sendJson,
  startSource,
  startTcp,
  startTls,
  testFetcher,
} from '../../harness/source.ts'
import { A_SECOND } from '../../harness/until.ts'

let certificate: Certificate
beforeAll(async () => {
  certificate = await makeCertificate('keys.example', 'other.example')
})

const started: Source[] = []
async function keep(starting: Promise<Source>): Promise<Source> {
  const source = await starting
  started.push(source)
  return source
}
afterEach(async () => {
  await Promise.all(started.splice(0).map((source) => source.stop()))
})

const at = (address: string): HostAddress => ({ address, family: address.includes(':') ? 6 : 4 })
const resolvesTo =
  (...addresses: readonly string[]) =>
  async () =>
    addresses.map(at)

async function faultOf(fetcher: JsonFetcher, url: string): Promise<FetchError> {
  const error = await fetcher.get(url).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error instanceof FetchError) return error
  throw new Error('it was no FetchError', { cause: error })
}

describe('a document', () => {
  test('comes with its headers and final URL, and the request asks for no compression', async () => {
    const sent: unknown[] = []
    const source = await keep(
      startSource(certificate, (request, response) => {
        sent.push(request.headers)
        sendJson(response, { keys: [] }, { 'cache-control': 'max-age=300', age: '3' })
      }),
    )
    const fetched = await testFetcher({ certificate }).get(source.url('/jwks?a=b'))
    expect(fetched).toMatchObject({
      json: { keys: [] },
      headers: { 'cache-control': 'max-age=300', age: '3' },
      finalUrl: source.url('/jwks?a=b'),
    })
    expect(source.paths).toEqual(['/jwks?a=b'])
    expect(sent).toEqual([
      {
        accept: 'application/json',
        'accept-encoding': 'identity',
        'user-agent': 'Tessera',
        host: `127.0.0.1:${source.port}`,
        connection: 'close',
      },
    ])
  })

  test('is found by the name in the URL, which TLS and HTTP get too', async () => {
    const names: unknown[] = []
    const source = await keep(
      startSource(certificate, (request, response) => {
        const { socket } = request
        names.push(request.headers.host, 'servername' in socket && socket.servername)
        sendJson(response, true)
      }),
    )
    const fetcher = testFetcher({ certificate, lookup: resolvesTo('127.0.0.1') })
    await fetcher.get(source.url('/', 'keys.example'))
    expect(names).toEqual([`keys.example:${source.port}`, 'keys.example'])
  })

  test('is found through the system’s resolver', async () => {
    const localhost = await makeCertificate('localhost')
    const source = await keep(startSource(localhost, (_request, response) => sendJson(response, 1)))
    expect(await testFetcher({ certificate: localhost }).get(source.url('/', 'localhost'))).toMatchObject({ json: 1 })
  })

  test('is found at an IPv6 address', async () => {
    const source = await keep(startSource(certificate, (_request, response) => sendJson(response, 6), '::1'))
    const fetcher = testFetcher({ certificate, allowed: ['::1'] })
    expect(await fetcher.get(source.url('/', '[::1]'))).toMatchObject({ json: 6 })
  })

  test('may begin with a byte order mark (RFC 8259 §8.1)', async () => {
    const source = await keep(startSource(certificate, (_request, response) => response.end('\ufeff{"a":"\ufeff"}')))
    expect(await testFetcher({ certificate }).get(source.url())).toMatchObject({ json: { a: '\ufeff' } })
  })

  test('may be as large as the limit', async () => {
    const source = await keep(startSource(certificate, (_request, response) => response.end(`"${'a'.repeat(98)}"`)))
    const fetcher = testFetcher({ certificate, limits: { size: 100 } })
    expect(await fetcher.get(source.url())).toMatchObject({ json: 'a'.repeat(98) })
  })

  test.each([
    ['says itself that it is not compressed', { 'content-encoding': 'Identity' }],
    ['states no length', { 'transfer-encoding': 'chunked' }],
  ])('may be one that %s', async (_name, headers) => {
    const source = await keep(startSource(certificate, (_request, response) => sendJson(response, 1, headers)))
    expect(await testFetcher({ certificate }).get(source.url())).toMatchObject({ json: 1 })
  })

  test('may come in 400 pieces, and not in any number', async () => {
    const inPieces = (most: number) =>
      keep(
        startSource(certificate, async (_request, response) => {
          for (let sent = 1; sent < most && !response.destroyed; sent += 1)
            await new Promise<unknown>((resolve) => response.write(' ', () => setImmediate(resolve)))
          response.end('1')
        }),
      )
    const fetcher = testFetcher({ certificate })
    expect(await fetcher.get((await inPieces(400)).url())).toMatchObject({ json: 1 })
    // A busy machine reads several pieces at once, so that their number is open.
    expect(await faultOf(fetcher, (await inPieces(Number.POSITIVE_INFINITY)).url())).toMatchObject({
      fault: 'too_large',
      message: 'the document comes in over 400 pieces',
    })
  })

  test('is fetched over a connection of its own', async () => {
    const source = await keep(startSource(certificate, (_request, response) => sendJson(response, 1)))
    const fetcher = testFetcher({ certificate })
    await fetcher.get(source.url())
    await fetcher.get(source.url())
    expect(source.connections()).toBe(2)
  })
})

describe('redirects', () => {
  const chain = (length: number) =>
    keep(
      startSource(certificate, (request, response) => {
        const step = Number(request.url?.slice(1))
        if (step === length) sendJson(response, 'end')
        else response.writeHead([301, 302, 303, 307, 308][step % 5] ?? 302, { location: `/${step + 1}` }).end()
      }),
    )

  test('are followed three times', async () => {
    const source = await chain(3)
    expect(await testFetcher({ certificate }).get(source.url('/0'))).toMatchObject({
      json: 'end',
      finalUrl: source.url('/3'),
    })
  })

  test('are not followed a fourth time', async () => {
    const source = await chain(4)
    expect(await faultOf(testFetcher({ certificate }), source.url('/0'))).toMatchObject({
      fault: 'redirect',
      url: source.url('/0'),
      message: 'there are more than 3 redirects',
    })
    expect(source.paths).toEqual(['/0', '/1', '/2', '/3'])
  })

  test('may have a fragment, which is left out', async () => {
    const source = await keep(
      startSource(certificate, ({ url }, response) => {
        if (url === '/') response.writeHead(302, { location: '/moved#keys' }).end()
        else sendJson(response, 1)
      }),
    )
    expect(await testFetcher({ certificate }).get(source.url())).toMatchObject({ finalUrl: source.url('/moved') })
  })

  const refused: [string, string | undefined, Fault, RegExp][] = [
    ['to plain http', 'http://127.0.0.1/', 'redirect', /must begin with https/],
    ['redirects with a password', 'https://a:b@127.0.0.1/', 'redirect', /user name or password/],
    ['nowhere', undefined, 'redirect', /leads nowhere/],
    ['to text that isn’t a URL', 'https://', 'redirect', /leads nowhere/],
    ['to a URL of 3,000 characters', `/${'a'.repeat(3_000)}`, 'redirect', /at most 2000/],
    ['to a file', 'file:///etc/passwd', 'redirect', /must begin with https/],
  ]
  test.each(refused)('%s are not followed', async (_name, location, fault, message) => {
    const source = await keep(
      startSource(certificate, (_request, response) => response.writeHead(302, location ? { location } : {}).end()),
    )
    const error = await faultOf(testFetcher({ certificate }), source.url())
    expect(error.fault).toBe(fault)
    expect(error.message).toMatch(message)
    expect(source.connections()).toBe(1)
  })
})

describe('inward-fetch: nothing connects', () => {
  let victim: Source
  beforeAll(async () => {
    victim = await startSource(certificate, (_request, response) => sendJson(response, 'secret'), '127.0.0.2')
  })
  afterAll(() => victim.stop())
  afterEach(() => expect(victim.connections()).toBe(0))

  const direct: [string, (port: number) => string, readonly string[]][] = [
    ['an address', (port) => `https://127.0.0.2:${port}/`, []],
    ['an address in decimal', (port) => `https://2130706434:${port}/`, []],
    ['an IPv4-mapped address', (port) => `https://[::ffff:127.0.0.2]:${port}/`, []],
    ['a name', (port) => `https://keys.example:${port}/`, ['127.0.0.2']],
    ['a name with an IPv4-mapped address', (port) => `https://keys.example:${port}/`, ['::ffff:127.0.0.2']],
    ['a name with a NAT64 address', (port) => `https://keys.example:${port}/`, ['64:ff9b::127.0.0.2']],
    [
      'a name with several addresses',
      (port) => `https://keys.example:${port}/`,
      ['127.0.0.2', '::ffff:127.0.0.2', '::1'],
    ],
  ]
  test.each(direct)('to %s that is forbidden', async (_name, url, addresses) => {
    const fetcher = testFetcher({ certificate, lookup: resolvesTo(...addresses) })
    expect(await faultOf(fetcher, url(victim.port))).toMatchObject({ fault: 'address_refused' })
  })

  test('and the message names four of the addresses, with the reason for each', async () => {
    const many = ['127.0.0.2', '10.0.0.1', '192.168.0.1', '169.254.169.254', '::1']
    const error = await faultOf(testFetcher({ lookup: resolvesTo(...many) }), 'https://keys.example/')
    expect(error.message).toBe(
      'keys.example is at 127.0.0.2 (loopback, RFC 1122), 10.0.0.1 (private, RFC 1918), 192.168.0.1 (private, RFC 1918), ' +
        '169.254.169.254 (cloud metadata), which the configuration does not allow: see outbound.allow',
    )
  })

  const redirects: [string, (port: number) => string][] = [
    ['an address', (port) => `https://127.0.0.2:${port}/`],
    ['an IPv4-mapped address', (port) => `https://[::ffff:7f00:2]:${port}/`],
    ['a name', (port) => `https://other.example:${port}/`],
    ['a bare address without a scheme', (port) => `//127.0.0.2:${port}/`],
  ]
  test.each(redirects)('to the target of a redirect: %s that is forbidden', async (_name, url) => {
    const source = await keep(
      startSource(certificate, (_request, response) => response.writeHead(302, { location: url(victim.port) }).end()),
    )
    const fetcher = testFetcher({ certificate, lookup: resolvesTo('127.0.0.2') })
    expect(await faultOf(fetcher, source.url())).toMatchObject({ fault: 'address_refused' })
    expect(source.connections()).toBe(1)
  })

  test('to another address than the checked one, if the name rebinds at once', async () => {
    // Both addresses have the same port, so that only the address tells which one is reached.
    let asked = 0
    const lookup = async () => {
      asked += 1
      return [at(asked === 1 ? '127.0.0.1' : '127.0.0.2')]
    }
    const fetcher = testFetcher({ certificate, lookup })
    expect(await faultOf(fetcher, victim.url('/', 'keys.example'))).toMatchObject({ fault: 'connect' })
    expect(asked).toBe(1)
  })

  test('if the name rebinds between a redirect and its target', async () => {
    let asked = 0
    const lookup = async () => {
      asked += 1
      return [at(asked === 1 ? '127.0.0.1' : '127.0.0.2')]
    }
    const source = await keep(
      startSource(certificate, (_request, response) =>
        response.writeHead(307, { location: victim.url('/', 'keys.example') }).end(),
      ),
    )
    const fetcher = testFetcher({ certificate, lookup })
    expect(await faultOf(fetcher, source.url('/', 'keys.example'))).toMatchObject({ fault: 'address_refused' })
    expect({ asked, connections: source.connections() }).toEqual({ asked: 2, connections: 1 })
  })

  test('to the forbidden one of several addresses, in any order', async () => {
    const fetcher = testFetcher({ certificate, lookup: resolvesTo('127.0.0.2', '127.0.0.1') })
    const source = await keep(startSource(certificate, (_request, response) => sendJson(response, 'right')))
    expect(await fetcher.get(source.url('/', 'keys.example'))).toMatchObject({ json: 'right' })
    expect(await faultOf(fetcher, victim.url('/', 'keys.example'))).toMatchObject({ fault: 'connect' })
  })
})

test('inward-fetch: those addresses are reached if they are allowed', async () => {
  const source = await keep(startSource(certificate, (_request, response) => sendJson(response, 1), '127.0.0.2'))
  const fetcher = testFetcher({ certificate, allowed: ['127.0.0.0/8'], lookup: resolvesTo('127.0.0.2') })
  for (const host of ['127.0.0.2', '2130706434', 'keys.example']) {
    expect(await fetcher.get(source.url('/', host))).toMatchObject({ json: 1 })
  }
  expect(source.connections()).toBe(3)
})

describe('refused answers', () => {
  const http: [string, Fault, RegExp, Parameters<typeof startSource>[1]][] = [
    ['status 404', 'status', /404/, (_, response) => response.writeHead(404).end('{}')],
    ['status 500', 'status', /500/, (_, response) => response.writeHead(500).end('{}')],
    ['status 204', 'status', /204/, (_, response) => response.writeHead(204).end()],
    ['status 304', 'status', /304/, (_, response) => response.writeHead(304).end()],
    ['HTML', 'not_json', /not JSON/, (_, response) => response.end('<html>')],
    ['nothing', 'not_json', /not JSON/, (_, response) => response.end()],
    ['bad UTF-8', 'not_json', /UTF-8/, (_, response) => response.end(Buffer.from('"\xff"', 'latin1'))],
    [
      'a compressed answer',
      'compressed',
      /gzip/,
      (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{}')),
    ],
    [
      'a document with a Content-Length over the limit',
      'too_large',
      /over 1000 bytes/,
      (_, response) => response.writeHead(200, { 'content-length': '1001' }).write('{'),
    ],
    ['a document one byte too large', 'too_large', /1000/, (_, response) => response.end(`"${'a'.repeat(999)}"`)],
    [
      'an endless body',
      'too_large',
      /1000/,
      (_, response) => {
        function* endless() {
          for (;;) yield 'a'.repeat(100)
        }
        Readable.from(endless()).pipe(response)
      },
    ],
    [
      'a truncated body',
      'protocol',
      /broke/,
      (_, response) => {
        response.writeHead(200, { 'content-length': '100' }).write('{"keys":[]}')
        setTimeout(() => response.destroy(), 20)
      },
    ],
    ['a connection closed without an answer', 'protocol', /broke/, (request) => request.socket.destroy()],
  ]
  test.each(http)('%s', async (_name, fault, message, answer) => {
    const source = await keep(startSource(certificate, answer))
    const error = await faultOf(testFetcher({ certificate, limits: { size: 1_000 } }), source.url())
    expect(error.fault).toBe(fault)
    expect(error.message).toMatch(message)
    expect(error.url).toBe(source.url())
  })

  test.each<[string, Fault, Parameters<typeof startSource>[1]]>([
    ['a status', 'status', (_, response) => response.writeHead(500).write('{')],
    [
      'a compressed answer',
      'compressed',
      (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).write('x'),
    ],
  ])('%s ends the connection, although more would come', async (_name, fault, answer) => {
    const closed = Promise.withResolvers<void>()
    const source = await keep(
      startSource(certificate, (request, response) => {
        request.socket.once('close', () => closed.resolve())
        answer(request, response)
      }),
    )
    expect(await faultOf(testFetcher({ certificate }), source.url())).toMatchObject({ fault })
    await closed.promise
  })

  const NO_HTTP = 'the connection broke, or the answer was not HTTP'
  test.each([
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}', NO_HTTP],
    ['bytes that aren’t HTTP', 'SSH-2.0-x\r\n\r\n', `${NO_HTTP}: the other side does not speak HTTP`],
    ['endless headers', `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(20_000)}`, 'the headers are over 16384 bytes'],
  ])('%s: an administrator reads why', async (_name, sent, message) => {
    const source = await keep(startTls(certificate, (socket) => socket.write(sent)))
    expect((await faultOf(testFetcher({ certificate }), source.url())).message).toBe(message)
  })

  const tls: [string, Fault, string][] = [
    ['bytes that aren’t HTTP', 'protocol', 'SSH-2.0-x\r\n\r\n'],
    ['endless headers', 'too_large', `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(20_000)}`],
    ['an upgrade', 'protocol', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'],
    ['two lengths', 'protocol', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}'],
    ['a malformed chunk', 'protocol', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}'],
  ]
  test.each(tls)('%s', async (_name, fault, sent) => {
    const source = await keep(startTls(certificate, (socket) => socket.write(sent)))
    expect(await faultOf(testFetcher({ certificate }), source.url())).toMatchObject({ fault })
  })
})

describe('refused TLS connections', () => {
  test('a certificate of an unknown CA', async () => {
    const source = await keep(startSource(certificate, (_request, response) => sendJson(response, 1)))
    const error = await faultOf(testFetcher({}), source.url())
    expect(error).toMatchObject({ fault: 'tls', message: expect.stringContaining('self-signed') })
    expect(source.paths).toEqual([])
  })

  test('a certificate for another name', async () => {
    const source = await keep(startSource(certificate, (_request, response) => sendJson(response, 1)))
    const fetcher = testFetcher({ certificate, lookup: resolvesTo('127.0.0.1') })
    const error = await faultOf(fetcher, source.url('/', 'elsewhere.example'))
    expect(error).toMatchObject({ fault: 'tls', message: expect.stringContaining('for another name') })
    expect(source.paths).toEqual([])
  })

  test('a server without TLS', async () => {
    const source = await keep(startTcp((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n{}')))
    expect(await faultOf(testFetcher({ certificate }), source.url())).toMatchObject({ fault: 'tls' })
  })
})

describe('sources that don’t answer in time', () => {
  const silent: [string, () => Promise<Source>][] = [
    ['a handshake that stalls', () => startTcp(() => {})],
    ['headers that never come', () => startSource(certificate, () => {})],
    [
      'headers that come slowly',
      () =>
        startTls(certificate, (socket) => {
          socket.write('HTTP/1.1 200 OK\r\n')
          const timer = setInterval(() => socket.write('x: y\r\n'), 10)
          socket.once('close', () => clearInterval(timer))
        }),
    ],
    [
      'a body that comes slowly',
      () =>
        startSource(certificate, (_request, response) => {
          const timer = setInterval(() => response.write(' '), 10)
          response.once('close', () => clearInterval(timer))
        }),
    ],
    [
      'redirects that are each in time, but not together',
      () =>
        startSource(certificate, (_request, response) => {
          setTimeout(() => response.writeHead(302, { location: '/' }).end(), 120)
        }),
    ],
  ]
  test.each(silent)('%s', async (_name, start) => {
    const source = await keep(start())
    const fetcher = testFetcher({ certificate, limits: { time: 500, redirects: 10 } })
    const began = performance.now()
    expect(await faultOf(fetcher, source.url())).toMatchObject({ fault: 'timeout', url: source.url() })
    expect(performance.now() - began).toBeLessThan(A_SECOND)
    expect(source.connections()).toBeGreaterThan(0)
  })

  test('a resolver', async () => {
    const fetcher = testFetcher({ certificate, lookup: () => new Promise(() => {}), limits: { time: 50 } })
    expect(await faultOf(fetcher, 'https://keys.example/')).toMatchObject({ fault: 'timeout' })
  })
})

describe('an exchange', () => {
  const POST = { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'grüße' }

  test('sends the method, the headers and the body, and takes an answer of any status', async () => {
    const sent: unknown[] = []
    const source = await keep(
      startSource(certificate, async (request, response) => {
        const { 'content-type': type, 'content-length': length } = request.headers
        sent.push(request.method, type, length, Buffer.concat(await request.toArray()).toString())
        response.writeHead(418, { 'content-type': 'text/html' }).end('<p>')
      }),
    )
    const { status, type, body } = await testFetcher({ certificate }).exchange(source.url(), POST)
    expect([status, type, body.toString()]).toEqual([418, 'text/html', '<p>'])
    expect(sent).toEqual(['POST', 'text/plain', '7', POST.body])
  })

  test('follows no redirect', async () => {
    const source = await keep(
      startSource(certificate, (_request, response) => response.writeHead(302, { location: '/other' }).end()),
    )
    const answer = await testFetcher({ certificate }).exchange(source.url(), POST)
    expect(answer).toMatchObject({ status: 302, type: undefined })
    expect(source.paths).toEqual(['/'])
  })

  test.each<[string, string, string]>([
    ['plain http', 'http://127.0.0.1/', 'the URL must begin with https://'],
    ['no URL', 'nonsense', 'the URL must be an absolute URL'],
  ])('inward-fetch: is refused for %s', async (_name, url, message) => {
    await expect(testFetcher({}).exchange(url, POST)).rejects.toMatchObject({ fault: 'url_refused', url, message })
  })

  test('inward-fetch: connects to no forbidden address', async () => {
    const source = await keep(startSource(certificate, (_request, response) => sendJson(response, 1)))
    const fetcher = testFetcher({ certificate, allowed: [] })
    await expect(fetcher.exchange(source.url(), POST)).rejects.toMatchObject({ fault: 'address_refused' })
    expect(source.connections()).toBe(0)
  })

  test('is bounded in time and size', async () => {
    const silent = await keep(startSource(certificate, () => {}))
    const fetcher = testFetcher({ certificate, limits: { time: 100 } })
    await expect(fetcher.exchange(silent.url(), POST)).rejects.toMatchObject({
      fault: 'timeout',
      message: 'the document did not arrive within 0.1 s',
    })
    const large = await keep(startSource(certificate, (_request, response) => response.end('a'.repeat(11))))
    await expect(testFetcher({ certificate, limits: { size: 10 } }).exchange(large.url(), POST)).rejects.toMatchObject({
      fault: 'too_large',
    })
  })
})

describe('unreachable sources', () => {
  test('a name that does not resolve', async () => {
    const lookup = () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' }))
    const error = await faultOf(testFetcher({ lookup }), 'https://keys.example/')
    expect(error).toMatchObject({
      fault: 'dns',
      message: 'keys.example does not resolve: no host of that name is known',
    })
  })

  test('a name whose look-up fails for another reason', async () => {
    const cause = new Error('no')
    const error = await faultOf(testFetcher({ lookup: () => Promise.reject(cause) }), 'https://keys.example/')
    expect(error).toMatchObject({
      name: 'FetchError',
      message: 'keys.example does not resolve: its name could not be looked up',
      cause,
    })
  })

  test('a name without an address', async () => {
    expect(await faultOf(testFetcher({ lookup: resolvesTo() }), 'https://keys.example/')).toMatchObject({
      fault: 'dns',
      message: 'keys.example has no address',
    })
  })

  test('a port where nothing listens', async () => {
    const source = await startTcp(() => {})
    await source.stop()
    const error = await faultOf(testFetcher({}), source.url())
    expect(error).toMatchObject({ fault: 'connect', message: 'no connection could be made: nothing listens there' })
  })

  test.each(['http://127.0.0.1/', 'https://a:b@127.0.0.1/', 'nonsense'])('%s', async (url) => {
    expect(await faultOf(testFetcher({}), url)).toMatchObject({
      fault: 'url_refused',
      message: expect.stringMatching(/^the URL must /),
    })
  })
})
