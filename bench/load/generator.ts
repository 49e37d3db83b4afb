import { randomUUID } from 'node:crypto'
import { createInterface } from 'node:readline'
import { Connection } from './connection.ts'
import { Histogram } from './histogram.ts'
import type { LoadOrder, LoadOutcome, LoadResult, SignedValue } from './order.ts'
import { signedValue } from './signed-value.ts'

/** Runs an order. Rejects at the first answer that isn't 200, or any other failure. */
async function fill(order: LoadOrder): Promise<LoadResult> {
  // Requests are made before the measurement, so that sending one only writes prepared bytes.
  const next = order.signed === undefined ? inTurn(order) : madeOnTheSpot(order, order.signed)
  const connections: Connection[] = []
  const failed = Promise.withResolvers<never>()
  const onFailure = (why: string) => failed.reject(new Error(why))
  try {
    for (let opened = 0; opened < order.connections; opened += 1) {
      connections.push(await Connection.open(order.port, onFailure))
    }
    return await Promise.race([failed.promise, load(order, next, connections)])
  } finally {
    for (const connection of connections) connection.close()
  }
}

function load(order: LoadOrder, next: () => Buffer, connections: readonly Connection[]): Promise<LoadResult> {
  return order.rate === undefined
    ? loadFully(order, next, connections)
    : loadAtRate({ ...order, rate: order.rate }, next, connections)
}

/** Keeps a request under way on each connection all the time. */
function loadFully(
  { seconds, atLeast }: LoadOrder,
  next: () => Buffer,
  connections: readonly Connection[],
): Promise<LoadResult> {
  const { promise, resolve } = Promise.withResolvers<LoadResult>()
  const durations = new Histogram()
  const start = performance.now()
  const since = watchLoad(start)
  const deadline = start + seconds * 1000
  let sent = 0
  let answered = 0

  function send(connection: Connection): void {
    sent += 1
    connection.send(next(), onAnswer)
  }

  function onAnswer(connection: Connection, sentAt: number): void {
    const now = performance.now()
    answered += 1
    if (now < deadline) durations.record(now - sentAt)
    if (now < deadline || answered < atLeast) send(connection)
    else if (answered === sent) finish(now)
  }

  function finish(now: number): void {
    resolve({ answered, rps: durations.count / seconds, ...quantiles(durations), ...since(now) })
  }

  for (const connection of connections) send(connection)
  return promise
}

/** Sends requests when they are due, whether or not earlier ones are answered. Waits for all answers. */
function loadAtRate(
  { seconds, rate }: LoadOrder & { readonly rate: number },
  next: () => Buffer,
  connections: readonly Connection[],
): Promise<LoadResult> {
  const { promise, resolve } = Promise.withResolvers<LoadResult>()
  const durations = new Histogram()
  const start = performance.now()
  const since = watchLoad(start)
  const deadline = start + seconds * 1000
  const gap = () => (-Math.log(1 - Math.random()) / rate) * 1000
  const idle = [...connections]
  const waiting: number[] = []
  let due = start + gap()

  function sendWaiting(): void {
    while (idle.length > 0 && waiting.length > 0) {
      const connection = idle.pop()
      const dueAt = waiting.shift()
      if (connection === undefined || dueAt === undefined) return
      connection.send(next(), () => {
        durations.record(performance.now() - dueAt)
        idle.push(connection)
        sendWaiting()
      })
    }
  }

  function turn(): void {
    const now = performance.now()
    for (; due <= now && due < deadline; due += gap()) waiting.push(due)
    sendWaiting()
    if (due < deadline || idle.length < connections.length) {
      // Timers may be a millisecond late, which is longer than an answer takes.
      setImmediate(turn)
      return
    }
    const answered = durations.count
    resolve({ answered, rps: answered / seconds, ...quantiles(durations), ...since(now) })
  }

  turn()
  return promise
}

const quantiles = (durations: Histogram) => ({ p50_ms: durations.quantile(0.5), p99_ms: durations.quantile(0.99) })

/**
 * Returns a function that takes the time, and gives the elapsed time and the part of its core that this process has
 * used.
 */
function watchLoad(start: number): (now: number) => Pick<LoadResult, 'elapsed_ms' | 'loadBusy'> {
  const usage = process.cpuUsage()
  return (now) => {
    const { user, system } = process.cpuUsage(usage)
    return { elapsed_ms: now - start, loadBusy: (user + system) / 1000 / (now - start) }
  }
}

function inTurn({ head, values, tail, from }: LoadOrder): () => Buffer {
  const requests = values.map((value) => Buffer.from(head + value + tail, 'latin1'))
  let sent = from
  return () => {
    const request = requests[sent % requests.length]
    sent += 1
    if (request === undefined) throw new Error('there is no request to send')
    return request
  }
}

function madeOnTheSpot({ head, tail }: LoadOrder, signed: SignedValue): () => Buffer {
  const sign = signedValue(signed)
  return () => Buffer.from(head + sign(randomUUID(), Math.floor(Date.now() / 1000)) + tail, 'latin1')
}

// Each line of standard input is an order. Each line of standard output is its outcome.
for await (const line of createInterface({ input: process.stdin })) {
  const order: LoadOrder = JSON.parse(line)
  const outcome: LoadOutcome = await fill(order).catch((error: unknown) => ({
    failure: error instanceof Error ? error.message : String(error),
  }))
  process.stdout.write(`${JSON.stringify(outcome)}\n`)
}
