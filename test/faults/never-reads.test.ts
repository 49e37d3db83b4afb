import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { standingClock } from '../harness/clock.ts'
import { extent } from '../harness/extent.ts'
import { MODEL, SECRET } from '../harness/model.ts'
import { connectTo } from '../harness/raw.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'

/** Moved by hand: the listener checks once a second, and its limits count in this clock's time. */
const clock = standingClock()

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ manifest: MODEL, clock })
})
afterAll(() => server.stop())

const opened: TLSSocket[] = []
afterEach(() => {
  for (const socket of opened.splice(0)) socket.destroy()
})

const REQUEST = 'GET /.well-known/openid-configuration HTTP/1.1\r\nHost: localhost\r\n\r\n'
const HEARTBEAT = 'GET PATH HTTP/1.1\r\nHost: localhost\r\n\r\n'
const listeners: [string, () => string, string][] = [
  ['the OAuth listener', () => server.issuer, REQUEST],
  ['the admin listener', () => server.admin, HEARTBEAT.replace('PATH', '/metrics')],
]

interface Client {
  readonly socket: TLSSocket
  readonly port: number
  readonly serverPort: number
  /** The reason why the connection ended, or undefined while it is open. */
  ended(): string | undefined
}

async function open(address: string): Promise<Client> {
  const socket = await connectTo(address)
  opened.push(socket)
  let ended: string | undefined
  socket.on('error', (error: NodeJS.ErrnoException) => {
    ended ??= error.code
  })
  socket.on('end', () => {
    ended ??= 'end'
  })
  return { socket, port: socket.localPort ?? 0, serverPort: socket.remotePort ?? 0, ended: () => ended }
}

/** Sends requests until the server stops reading them, because unread answers block it. */
async function fill({ socket }: Client, request: string): Promise<void> {
  for (let sent = 0; sent < 400 && socket.writableLength < 1_000_000; sent += 1) {
    socket.write(request.repeat(100))
    await sleep(1)
  }
}

/**
 * The bytes that the system buffers for this client, for each of the server's connections to it. Works on Linux only.
 */
function keptFor({ port, serverPort }: Client): number[] {
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'].filter((file) => existsSync(file))
  const lines = tables.flatMap((file) => readFileSync(file, 'utf8').split('\n').slice(1))
  const entries = lines.map((line) => line.trim().split(/\s+/))
  const portOf = (address = '') => Number.parseInt(address.split(':')[1] ?? '', 16)
  return (
    entries
      // Connections to two listeners may have the same port at the client.
      .filter(([, local, remote]) => portOf(local) === serverPort && portOf(remote) === port)
      .map(([, , , , queues = '']) => Number.parseInt(queues.split(':')[0] ?? '', 16))
  )
}

/** Lets time pass in such a way that the listener checks both before and after. */
async function pass(milliseconds: number): Promise<void> {
  await sleep(1_200)
  clock.advance(milliseconds)
  await sleep(1_200)
}

/** Waits until `check` holds, and lets the server work meanwhile. */
async function eventually(check: () => boolean): Promise<void> {
  const start = performance.now()
  while (!check()) {
    if (performance.now() - start > 10_000) throw new Error('it is not so after 10 s')
    await sleep(10)
  }
}

/** Seconds from one check of the connections to the next. */
const STEP = extent(13, 5)

/** Lets time pass until a connection is cut. @returns an upper bound of the time that this took, in seconds */
async function secondsUntilCut(client: Client, passed: () => Promise<number>): Promise<number> {
  for (;;) {
    const seconds = await passed()
    if (keptFor(client).length === 0) {
      // The client reads only now, because reading lets its system report the end.
      client.socket.resume()
      await eventually(() => client.ended() !== undefined)
      return seconds
    }
    if (seconds > 60) throw new Error('it was never cut')
  }
}

/** Another client that reads each answer before its next request. */
const ask = () => server.token({ grant_type: 'client_credentials' }, basic('reporter', SECRET))

interface Dawdler {
  readonly name: string
  readonly client: Client
  /** Seconds within which the server must cut the client off. */
  readonly within: number
}

/** Opens clients at one listener that leave answers unread, in every way. */
async function dawdle(listener: string, address: string, request: string): Promise<readonly Dawdler[]> {
  const [idle, dribbling, silent] = [await open(address), await open(address), await open(address)]
  for (const { socket } of [idle, dribbling, silent]) socket.pause()
  const reading = setInterval(() => dribbling.socket.read(100), 50)
  dribbling.socket.once('close', () => clearInterval(reading))
  await Promise.all([idle, dribbling].map((client) => fill(client, request)))
  silent.socket.write(request.repeat(40))
  return [
    { name: `a client of ${listener} that never reads`, client: idle, within: 35 },
    { name: `a client of ${listener} that reads a little now and then`, client: dribbling, within: 35 },
    { name: `a client of ${listener} that says nothing after its requests`, client: silent, within: 29 },
  ]
}

test('never-reads: clients that never read, hardly read or fall silent are cut off, and the system buffers nothing for them', async () => {
  const dawdlers = (
    await Promise.all(listeners.map(([name, address, request]) => dawdle(name, address(), request)))
  ).flat()
  await pass(9_000)
  for (const { name, client, within } of dawdlers) if (within < 30) expect(keptFor(client), name).toHaveLength(1)
  let seconds = 9
  let passing: Promise<number> | undefined
  // All clients share one clock: the first caller lets time pass, and the others wait with it.
  const passed = () => {
    passing ??= pass(STEP * 1_000).then(() => {
      passing = undefined
      seconds += STEP
      return seconds
    })
    return passing
  }
  const taken = await Promise.all(dawdlers.map(({ client }) => secondsUntilCut(client, passed)))
  for (const [index, { name, within }] of dawdlers.entries())
    expect(taken[index], name).toBeLessThanOrEqual(Math.ceil(within / STEP) * STEP)
  expect((await ask()).status).toBe(200)
})

test('a client that reads all its answers gets them, however many it requested at once', async () => {
  const client = await open(server.issuer)
  let answers = ''
  client.socket.on('data', (chunk: Buffer) => {
    answers += chunk.toString('latin1')
  })
  for (let sent = 0; sent < 20; sent += 1) {
    client.socket.write(REQUEST.repeat(20))
    await sleep(5)
  }
  await eventually(() => answers.split('HTTP/1.1 200').length === 401)
  // A client that pipelines isn't kept while it is idle. The last answer tells it so.
  await pass(11_000)
  await eventually(() => client.ended() !== undefined)
  expect(client.ended()).toBe('end')
})

test('a client that sends one request after the other is kept while it is idle', async () => {
  const client = await open(server.issuer)
  let answers = ''
  client.socket.on('data', (chunk: Buffer) => {
    answers += chunk.toString('latin1')
  })
  const askTo = async (count: number) => {
    client.socket.write(REQUEST)
    await eventually(() => answers.split('HTTP/1.1 200').length === count + 1)
  }
  for (let asked = 1; asked <= 40; asked += 1) await askTo(asked)
  await pass(60_000)
  expect(client.ended()).toBeUndefined()
  await askTo(41)
})
