import { once } from 'node:events'
import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadOptions } from '../../src/config/load.ts'
import { resolveConfig } from '../../src/config/resolve.ts'
import { startTestServer, type TestServer } from '../harness/server.ts'

const REQUEST = 'GET /pf/heartbeat.ping HTTP/1.1\r\nHost: localhost\r\n\r\n'
const POST = 'POST /as/token.oauth2 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n'

const portOf = ({ issuer }: TestServer) => Number(new URL(issuer).port)

async function open(server: TestServer): Promise<Socket> {
  const socket = connectTls({ port: portOf(server), host: '127.0.0.1', rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  socket.on('error', () => {})
  return socket
}

/** Sends text, and waits for an answer. */
async function exchange(socket: Socket, text: string): Promise<string> {
  socket.write(text)
  const [chunk] = (await once(socket, 'data')) as [Buffer]
  return chunk.toString('latin1')
}

/** Each client is cut off by the limit of this name. */
const limits: [option: string, dawdle: (server: TestServer) => Promise<Socket>][] = [
  [
    'http.handshake_timeout',
    async (server) => {
      const socket = connectPlain({ port: portOf(server), host: '127.0.0.1' })
      await once(socket, 'connect')
      return socket.on('error', () => {})
    },
  ],
  ['http.headers_timeout', open],
  [
    'http.headers_timeout',
    async (server) => {
      const socket = await open(server)
      socket.write(POST)
      return socket
    },
  ],
  [
    'http.request_timeout',
    async (server) => {
      const socket = await open(server)
      socket.write(`${POST}Content-Length: 100\r\n\r\ngrant_type=`)
      return socket
    },
  ],
  [
    'http.keep_alive_timeout',
    async (server) => {
      const socket = await open(server)
      expect(await exchange(socket, REQUEST)).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
      return socket
    },
  ],
]

describe('slow connections', () => {
  const names = [...new Set(limits.map(([option]) => option))]
  let quick: TestServer
  let slow: TestServer
  beforeAll(async () => {
    const all = (seconds: string) => Object.fromEntries(names.map((name) => [name, seconds]))
    quick = await startTestServer({ options: all('1') })
    slow = await startTestServer({ options: all('6') })
  })
  afterAll(async () => {
    await quick.stop()
    await slow.stop()
  })

  test.concurrent.each(limits)('are cut off by %s', async (_option, dawdle) => {
    const closed: string[] = []
    const watch = async (server: TestServer, name: string) => {
      const socket = await dawdle(server)
      socket.resume()
      await once(socket, 'close')
      closed.push(name)
    }
    await Promise.all([watch(slow, 'slow'), watch(quick, 'quick')])
    expect(closed).toEqual(['quick', 'slow'])
  })

  test('the time for a whole request is at least that for its headers', () => {
    const flags = {
      'http.headers_timeout': '20',
      issuer: 'https://a.example',
      storage: 'sqlite:x',
      'tls.cert': quick.config.tls.cert ?? '',
      'tls.key': quick.config.tls.key ?? '',
      master_key: Buffer.alloc(32).toString('base64'),
    }
    expect(() => resolveConfig(loadOptions({ env: {}, flags }))).toThrow(
      'http.request_timeout is 15: must be at least http.headers_timeout, 20',
    )
  })
})

describe('idle connections', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer({ options: { 'http.idle_connections': '3' } })
  })
  afterAll(() => server.stop())

  test('are kept for longer than Google Cloud’s load balancer keeps them', async () => {
    const socket = await open(server)
    expect(await exchange(socket, REQUEST)).toMatch(/^Keep-Alive: timeout=620\r$/m)
    socket.destroy()
  })

  test('are closed, the longest idle first, when there are too many; those with a request under way stay', async () => {
    const busy = await open(server)
    await exchange(busy, REQUEST)
    busy.write(`${POST}Content-Length: 10\r\n\r\ngrant_`)
    const idle: Socket[] = []
    const closed: number[] = []
    for (let turn = 0; turn < 6; turn += 1) {
      const socket = await open(server)
      socket.once('close', () => closed.push(turn))
      await exchange(socket, REQUEST)
      // A reused connection becomes the last to go.
      if (turn === 3) await exchange(idle[1] ?? socket, REQUEST)
      idle.push(socket)
    }
    await expect.poll(() => closed.length, { timeout: 10_000 }).toBe(3)
    expect(closed).toEqual([0, 2, 3])
    expect(await exchange(busy, 'type')).toMatch(/^HTTP\/1\.1 400 Bad Request\r/)
    for (const socket of [busy, ...idle]) socket.destroy()
  })

  test('a pipelined request is not cut off', async () => {
    const pipelining = await open(server)
    pipelining.write(`${REQUEST}${POST}Content-Length: 10\r\n\r\ngrant_`)
    await once(pipelining, 'data')
    for (let turn = 0; turn < 5; turn += 1) await exchange(await open(server), REQUEST)
    expect(await exchange(pipelining, 'type')).toMatch(/HTTP\/1\.1 400 Bad Request\r/)
    pipelining.destroy()
  })
})
