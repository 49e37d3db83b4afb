import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { Agent } from 'node:https'
import { connect as connectPlain, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { expect, test } from 'vitest'
import { environmentOf, startTessera } from '../harness/cli.ts'
import { extent, report } from '../harness/extent.ts'
import { Caller, GRANT, makeFleet } from '../harness/fleet.ts'
import { residentBytes } from '../harness/memory.ts'
import { SECRET } from '../harness/model.ts'
import { connectTo } from '../harness/raw.ts'
import { applyTo, basic, startTestServer, testConfig } from '../harness/server.ts'
import { quantile, startTraffic } from '../harness/traffic.ts'

const SOCKETS = extent(500, 5_000)
/**
 * Bytes of memory that each socket may cost, including TLS. With few sockets, the growth of the heap is a part of it.
 */
const MOST_EACH = extent(80_000, 60_000)
/** Seconds. The long form uses the defaults. */
const TIMEOUTS = {
  'http.handshake_timeout': String(extent(3, 10)),
  'http.headers_timeout': String(extent(3, 10)),
  'http.request_timeout': String(extent(4, 15)),
}
const CHANGES = Object.fromEntries(
  Object.entries(TIMEOUTS).map(([name, value]) => [`TESSERA_${name.toUpperCase().replace('.', '_')}`, value]),
)
/** The longest timeout, plus the delay of a busy machine. */
const CUT_AFTER_MS = Number(TIMEOUTS['http.request_timeout']) * 1000 + 5_000

const HEAD = 'POST /as/token.oauth2 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n'

/** The bytes that slow senders send before they slow down: none, or TLS only, part of the head, or part of the body. */
const beginnings: readonly (string | undefined)[] = [
  undefined,
  '',
  HEAD,
  `${HEAD}Content-Length: 100\r\n\r\ngrant_type=`,
]

async function open(port: number, turn: number): Promise<Socket> {
  const beginning = beginnings[turn % beginnings.length]
  const address = { port, host: '127.0.0.1' }
  if (beginning === undefined) {
    const socket = connectPlain(address)
    await once(socket, 'connect')
    return socket
  }
  const socket = connectTls({ ...address, rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  socket.write(beginning)
  return socket
}

test.concurrent(`slow-senders: ${SOCKETS} slow sockets are cut off, and other clients notice nothing`, async ({
  onTestFinished,
}) => {
  const fleet = await makeFleet()
  const { config, folder } = await testConfig()
  await applyTo(config, fleet.manifest)
  const command = startTessera(['serve'], environmentOf(config, CHANGES))
  onTestFinished(async () => void (await command.stop('SIGKILL')))
  await command.printed(/is served on/)
  const agent = new Agent({ keepAlive: true })
  const caller = new Caller(config.issuer, agent)
  await caller.ask()
  const before = residentBytes(command.child.pid)

  const sockets: Socket[] = []
  let closed = 0
  const lifetimes: number[] = []
  for (let turn = 0; turn < SOCKETS; turn += 1) {
    const socket = await open(config.runtime.port, turn)
    const from = performance.now()
    sockets.push(socket)
    socket.on('error', () => {})
    socket.resume()
    socket.on('close', () => {
      closed += 1
      lifetimes.push(performance.now() - from)
    })
  }
  const heldAtOnce = SOCKETS - closed
  // One byte now and then keeps each connection from being idle.
  const dawdling = setInterval(() => {
    for (const [turn, socket] of sockets.entries())
      if (turn % beginnings.length >= 2 && socket.writable) socket.write('x')
  }, 1_000)
  const traffic = startTraffic(async () => String((await caller.ask()).status), { concurrency: 4, pause: 10 })
  const most = residentBytes(command.child.pid)
  const deadline = performance.now() + CUT_AFTER_MS
  while (closed < SOCKETS && performance.now() < deadline) await sleep(100)
  clearInterval(dawdling)
  await traffic.stop()
  for (const socket of sockets) socket.destroy()
  agent.destroy()
  report('sockets that dawdle', {
    sockets: SOCKETS,
    'held at once': heldAtOnce,
    'cut off': lifetimes.length,
    'after at most (ms)': Math.round(Math.max(...lifetimes)),
    'KB each': Math.round((most - before) / SOCKETS / 1000),
    ...traffic.outcomes(),
    'p99 (ms)': Math.round(
      quantile(
        traffic.samples.map(({ elapsed }) => elapsed),
        0.99,
      ),
    ),
  })
  expect(Object.keys(traffic.outcomes())).toEqual(['200'])
  expect(lifetimes).toHaveLength(SOCKETS)
  expect(Math.max(...lifetimes)).toBeLessThan(CUT_AFTER_MS)
  expect((most - before) / SOCKETS).toBeLessThan(MOST_EACH)
  expect(await command.stop()).toBe(0)
  rmSync(folder, { recursive: true })
}, 120_000)

test.concurrent('slow-senders: slow headers, slow bodies and idle connections get 408, and harm nobody', async ({
  onTestFinished,
}) => {
  const fleet = await makeFleet()
  const server = await startTestServer({ manifest: fleet.manifest, options: TIMEOUTS })
  onTestFinished(() => server.stop())
  const opened = await Promise.all(Array.from({ length: 60 }, () => connectTo(server.issuer)))
  const received = opened.map(() => '')
  const closed = opened.map(
    (socket, index) =>
      new Promise<number>((resolve) => {
        const start = performance.now()
        socket.on('error', () => {})
        socket.on('data', (chunk: Buffer) => {
          received[index] += chunk.toString('latin1')
        })
        socket.once('close', () => resolve(performance.now() - start))
      }),
  )
  for (const [index, socket] of opened.entries()) {
    if (index % 3 === 1) socket.write('POST /as/token.oauth2 HTTP/1.1\r\nHost: loc')
    if (index % 3 === 2) socket.write(`${HEAD}Content-Length: 1000\r\n\r\ngrant_`)
  }
  expect((await server.token(GRANT, basic('caller', SECRET))).status).toBe(200)
  expect(Math.max(...(await Promise.all(closed)))).toBeLessThan(CUT_AFTER_MS + 5_000)
  for (const text of received) {
    expect(text).toMatch(/^HTTP\/1\.1 408 .*\r\n/)
    expect(text).toMatch(/\r\nCache-Control: no-store\r\n/)
    expect(text).toMatch(/\r\nX-Request-Id: [0-9a-f-]{36}\r\n/)
    expect(text).toContain('"error":"invalid_request"')
  }
}, 120_000)
