import { createHmac } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import { z } from 'zod'
import type { Sink } from '../../../src/audit/export/sink.ts'
import { type ConfiguredSink, openSink } from '../../../src/audit/export/sinks.ts'
import { BEGINNING } from '../../../src/audit/export/store.ts'
import { AddressRules } from '../../../src/client-auth/remote-jwks/addresses.ts'
import { Outbound } from '../../../src/outbound/outbound.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { until } from '../../harness/until.ts'
import { expectAll, haveArrived, type Log, openLog, outbound, startExporter } from './setting.ts'

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const tls = { cert: readFileSync(inject('tls').cert), key: readFileSync(inject('tls').key) }
const means = { transport: outbound, clock: systemClock, version: '1.2.3' }

let log: Log
let folder: string
const closing: (() => void)[] = []
beforeEach(async () => {
  log = await openLog()
  folder = mkdtempSync(join(tmpdir(), 'tessera-sink-'))
})
afterEach(async () => {
  for (const close of closing.splice(0)) close()
  await log.close()
  rmSync(folder, { recursive: true })
})

/** A receiver of one protocol. */
interface Receiver {
  readonly sink: (port: number) => ConfiguredSink
  /** Begins to listen. @param behave how it treats the next deliveries; it takes them once the list is empty */
  listen(behave: Behaviour[], arrived: string[]): Promise<{ readonly port: number; readonly server: Server }>
}

type Behaviour = 'refuses' | 'hangs' | 'cuts' | 'takes and cuts'

const requestIds = z.object({ request_id: z.string() })
const idIn = (json: string): string => requestIds.parse(JSON.parse(json)).request_id

/** A receiver of requests. @param read the ids in a body */
const overHttp =
  (isTls: boolean, read: (body: string, request: IncomingMessage) => readonly string[]): Receiver['listen'] =>
  async (behave, arrived) => {
    const answer = async (request: IncomingMessage, response: ServerResponse) => {
      const chunks: Buffer[] = []
      const body: AsyncIterable<Buffer> = request
      for await (const chunk of body) chunks.push(chunk)
      const how = behave.shift()
      if (how === undefined || how === 'takes and cuts')
        arrived.push(...read(Buffer.concat(chunks).toString(), request))
      if (how === 'hangs') return
      if (how === 'cuts' || how === 'takes and cuts') request.socket.destroy()
      else response.writeHead(how === 'refuses' ? 500 : 200).end(how === 'refuses' ? 'no room' : '{}')
    }
    return listening(isTls ? createHttpsServer(tls, answer) : createHttpServer(answer))
  }

/** A receiver of syslog that reads counted octets to the end of the connection. */
const overTcp =
  (isTls: boolean): Receiver['listen'] =>
  async (behave, arrived) => {
    const connections: Socket[] = []
    const take = (socket: Socket) => {
      const connection = connections.shift()
      const how = behave.shift()
      const chunks: Buffer[] = []
      socket.on('error', () => {})
      if (how === 'refuses' || how === 'cuts') {
        socket.destroy()
        return
      }
      socket.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        // Syslog can't tell an early orderly end from an acknowledgement if the sender stands still meanwhile.
        if (how === 'takes and cuts') connection?.resetAndDestroy()
      })
      socket.on('end', () => {
        if (how === 'hangs') return
        arrived.push(...framesIn(Buffer.concat(chunks)).map((frame) => idIn(frame.slice(frame.indexOf('{')))))
        socket.end()
      })
    }
    const options = { allowHalfOpen: true }
    const server = isTls ? createTlsServer({ ...tls, ...options }, take) : createTcpServer(options, take)
    return listening(server.prependListener('connection', (connection: Socket) => connections.push(connection)))
  }

async function listening<One extends Server>(server: One) {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const address: unknown = server.address()
  return { port: z.object({ port: z.number() }).parse(address).port satisfies AddressInfo['port'], server }
}

/** Frames of RFC 6587 §3.4.1: a length, a space, and so many bytes. */
function framesIn(bytes: Buffer): readonly string[] {
  const frames: string[] = []
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(' ', at)
    const length = Number(bytes.toString('latin1', at, space))
    frames.push(bytes.toString('utf8', space + 1, space + 1 + length))
    at = space + 1 + length
  }
  return frames
}

const otlpBody = z.object({
  resourceLogs: z.tuple([
    z.object({
      scopeLogs: z.tuple([
        z.object({ logRecords: z.array(z.looseObject({ body: z.object({ stringValue: z.string() }) })) }),
      ]),
    }),
  ]),
})
const webhookBody = z.object({
  type: z.literal('audit.events'),
  events: z.array(z.looseObject({ request_id: z.string() })),
})

function readWebhook(body: string, { headers }: IncomingMessage): readonly string[] {
  const { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': signature } = headers
  const key = Buffer.from(SECRET.slice('whsec_'.length), 'base64')
  expect(signature).toBe(`v1,${createHmac('sha256', key).update(`${id}.${time}.${body}`).digest('base64')}`)
  expect(Math.abs(Number(time) - Date.now() / 1000)).toBeLessThan(60)
  return webhookBody.parse(JSON.parse(body)).events.map(({ request_id }) => request_id)
}

const receivers: Readonly<Record<string, Receiver>> = {
  'OTLP over HTTP': {
    sink: (port) => ({ name: 's', kind: 'otlp', url: `http://127.0.0.1:${port}/v1/logs`, headers: {} }),
    listen: overHttp(false, (body) =>
      otlpBody
        .parse(JSON.parse(body))
        .resourceLogs[0].scopeLogs[0].logRecords.map(({ body: { stringValue } }) => idIn(stringValue)),
    ),
  },
  'a webhook': {
    sink: (port) => ({ name: 's', kind: 'webhook', url: `https://localhost:${port}/hook`, secret: SECRET }),
    listen: overHttp(true, readWebhook),
  },
  'syslog over TCP': {
    sink: (port) => ({ name: 's', kind: 'syslog', host: '127.0.0.1', port, protocol: 'tcp' }),
    listen: overTcp(false),
  },
  'syslog over TLS': {
    sink: (port) => ({ name: 's', kind: 'syslog', host: 'localhost', port, protocol: 'tls' }),
    listen: overTcp(true),
  },
}

describe.each(Object.entries(receivers))('%s', (_name, { sink, listen }) => {
  test('a receiver that refuses, hangs, cuts and comes back, and a process that dies in between, lose no event', async () => {
    const arrived: string[] = []
    const behave: Behaviour[] = ['refuses', 'cuts', 'hangs', 'takes and cuts']
    const { port } = await listen(behave, arrived)
    await log.write(7, 250)
    await log.write(8, 30)
    const first = startExporter(log, openSink(sink(port), means))
    await until(async () => haveArrived(log, arrived))
    expect(first.exporter.counts.failures).toBeGreaterThanOrEqual(4)
    expect(first.failures).not.toEqual([])
    // The process dies while it delivers: it gives nothing back.
    behave.push('hangs', 'cuts')
    await log.write(7, 40)
    await until(async () => behave.length < 2)
    const gone = log.store.exports.release
    log.store.exports.release = async () => {}
    await first.exporter.stop()
    log.store.exports.release = gone
    await log.write(8, 5)
    const second = startExporter(log, openSink(sink(port), means))
    await until(async () => haveArrived(log, arrived) && second.exporter.counts.exported >= 45)
    await second.exporter.stop()
    expectAll(log, arrived)
  })
})

test('syslog in datagrams: a message each, and a long one without its detail', async () => {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  closing.push(() => socket.close())
  const messages: string[] = []
  socket.on('message', (message) => messages.push(message.toString()))
  await log.write(1, 2)
  await log.db.logs
    .updateTable('audit_event')
    .set({ detail: JSON.stringify({ long: 'é'.repeat(8_000) }) })
    .where('seq', '=', 2)
    .execute()
  const { port } = socket.address()
  await deliver(openSink({ name: 's', kind: 'syslog', host: '127.0.0.1', port, protocol: 'udp' }, means))
  await until(async () => messages.length === 2)
  expect(messages[0]).toMatch(
    /^<110>1 \d{4}-\d\d-\d\dT[\d:.]+Z \S+ tessera \d+ token\.issue - \{"tenant":"default","seq":1,.*\\u00e9.*"hash":"hash 1"\}$/,
  )
  expect(JSON.parse(messages[1]?.slice(messages[1].indexOf('{')) ?? '')).toMatchObject({
    cut: true,
    request_id: 'c1-2',
  })
})

test('many datagrams at once arrive, and Node warns of no leak', async () => {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  closing.push(() => socket.close())
  const warnings: string[] = []
  const note = ({ name }: Error) => warnings.push(name)
  process.on('warning', note)
  closing.push(() => process.off('warning', note))
  let arrived = 0
  socket.on('message', () => (arrived += 1))
  await log.write(1, 20)
  const { port } = socket.address()
  await deliver(openSink({ name: 's', kind: 'syslog', host: '127.0.0.1', port, protocol: 'udp' }, means))
  await until(async () => arrived === 20)
  expect(warnings).not.toContain('MaxListenersExceededWarning')
})

/** Delivers everything once. */
async function deliver(sink: Sink): Promise<void> {
  const { events } = await log.store.exports.nextEvents(BEGINNING, { events: 100, bytes: 1_000_000 })
  try {
    await sink.deliver(events, new AbortController().signal)
  } finally {
    await sink.close()
  }
}

test('a file is appended to, only its owner reads it, and it is opened again after it was moved', async () => {
  const path = join(folder, 'audit.jsonl')
  const sink = () => openSink({ name: 's', kind: 'file', path }, means)
  writeFileSync(path, '{"part of a li', { mode: 0o600 })
  await log.write(1, 2)
  await deliver(sink())
  const [part, ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n')
  expect(part).toBe('{"part of a li')
  expect(lines.map(idIn)).toEqual(['c1-1', 'c1-2'])
  const kept = sink()
  const { events } = await log.store.exports.nextEvents(BEGINNING, { events: 1, bytes: 1 })
  const { signal } = new AbortController()
  await kept.deliver(events, signal)
  renameSync(path, `${path}.1`)
  await kept.deliver(events, signal)
  await kept.close()
  expect(readFileSync(path, 'utf8').trimEnd().split('\n').map(idIn)).toEqual(['c1-1'])
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(readFileSync(`${path}.1`, 'utf8').trimEnd().split('\n')).toHaveLength(4)
})

test('an address that the configuration does not allow is not connected to', async () => {
  const arrived: string[] = []
  const transport = new Outbound({ addresses: new AddressRules() })
  await log.write(1, 1)
  for (const { sink, listen } of Object.values(receivers)) {
    const { port } = await listen([], arrived)
    await expect(deliver(openSink(sink(port), { ...means, transport }))).rejects.toThrow('see outbound.allow')
  }
  await expect(
    deliver(
      openSink({ name: 's', kind: 'syslog', host: '127.0.0.1', port: 9, protocol: 'udp' }, { ...means, transport }),
    ),
  ).rejects.toThrow('see outbound.allow')
  expect(arrived).toEqual([])
})

test('a collector that rejects some records does not get them again', async () => {
  let requests = 0
  const { port } = await listening(
    createHttpServer((request, response) => {
      requests += 1
      request
        .resume()
        .on('end', () => response.end('{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"too old"}}'))
    }),
  )
  await log.write(1, 3)
  const { exporter, losses } = startExporter(
    log,
    openSink({ name: 's', kind: 'otlp', url: `http://127.0.0.1:${port}/v1/logs`, headers: {} }, means),
  )
  await until(async () => exporter.counts.exported === 3)
  await exporter.stop()
  expect(requests).toBe(1)
  expect(losses).toEqual([expect.stringContaining('the collector has rejected 2 records')])
})
