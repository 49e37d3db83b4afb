import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { MODEL, SECRET } from '../harness/model.ts'
import { connectTo } from '../harness/raw.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'

/** Moved by hand: the listener looks once a second, and what it allows is counted in this time. */
const clock = { ms: 5_000, now: () => Date.now(), monotonic: () => clock.ms }

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
  /** The reason why the connection ended; undefined while it is open. */
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
  return { socket, port: socket.localPort ?? 0, ended: () => ended }
}

/** Sends requests until the server takes no more of them: what is in the way of these is answers that nobody takes. */
async function fill({ socket }: Client, request: string): Promise<void> {
  for (let sent = 0; sent < 400 && socket.writableLength < 1_000_000; sent += 1) {
    socket.write(request.repeat(100))
    await sleep(1)
  }
}

/** Bytes that the system keeps of the server's for this client, and how many connections it has to it; of Linux. */
function keptFor({ port }: Client): number[] {
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'].filter((file) => existsSync(file))
  const lines = tables.flatMap((file) => readFileSync(file, 'utf8').split('\n').slice(1))
  const entries = lines.map((line) => line.trim().split(/\s+/))
  const isToClient = (remote = '') => Number.parseInt(remote.split(':')[1] ?? '', 16) === port
  return entries
    .filter(([, , remote]) => isToClient(remote))
    .map(([, , , , queues = '']) => Number.parseInt(queues.split(':')[0] ?? '', 16))
}

/** Lets so much time pass that the listener sees what was before it and what was after. */
async function pass(milliseconds: number): Promise<void> {
  await sleep(1_200)
  clock.ms += milliseconds
  await sleep(1_200)
}

/** Waits until something is so, letting the server do its work. */
async function eventually(check: () => boolean): Promise<void> {
  const start = performance.now()
  while (!check()) {
    if (performance.now() - start > 10_000) throw new Error('it is not so after 10 s')
    await sleep(10)
  }
}

/** Lets time pass until the connection is cut. @returns how much did at the most, in seconds */
async function secondsUntilCut({ socket, ended, ...client }: Client): Promise<number> {
  for (let seconds = 5; seconds <= 60; seconds += 5) {
    await pass(5_000)
    if (keptFor({ socket, ended, ...client }).length > 0) continue
    // Only now does it look at what came: its system tells it of the end as soon as it does.
    socket.resume()
    await eventually(() => ended() !== undefined)
    return seconds
  }
  throw new Error('it was never cut')
}

/** A client that takes each answer before it asks again. */
const ask = () => server.token({ grant_type: 'client_credentials' }, basic('reporter', SECRET))

describe.each(listeners)('66: %s', (_name, address, request) => {
  test('a client that never reads is cut off, and the system keeps nothing for it', async () => {
    const client = await open(address())
    client.socket.pause()
    await fill(client, request)
    expect(await secondsUntilCut(client)).toBeLessThanOrEqual(35)
    expect((await ask()).status).toBe(200)
  })

  test('a client that reads a little now and then is cut off as well', async () => {
    const client = await open(address())
    client.socket.pause()
    const dribbling = setInterval(() => client.socket.read(100), 50)
    await fill(client, request)
    expect(await secondsUntilCut(client)).toBeLessThanOrEqual(35)
    clearInterval(dribbling)
  })

  test('a client whose answers the system holds, and that then says nothing, is cut off', async () => {
    const client = await open(address())
    client.socket.pause()
    client.socket.write(request.repeat(40))
    await pass(9_000)
    expect(keptFor(client)).toHaveLength(1)
    expect(await secondsUntilCut(client)).toBeLessThanOrEqual(20)
  })
})

test('a client that takes all its answers gets them, however many it asked for at once', async () => {
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
  // It asked ahead, so it is not kept for long while it is idle; it is told so in order.
  await pass(11_000)
  await eventually(() => client.ended() !== undefined)
  expect(client.ended()).toBe('end')
})

test('a client that asks one thing after the other is kept while it is idle', async () => {
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
