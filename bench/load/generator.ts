import { randomUUID } from 'node:crypto'
import { createInterface } from 'node:readline'
import { Connection } from './connection.ts'
import { Histogram } from './histogram.ts'
import type { LoadOrder, LoadOutcome, LoadResult, SignedValue } from './order.ts'
import { signedValue } from './signed-value.ts'

/** Fills an order. Rejects with the first answer that is not 200, or any other way in which it can't be filled. */
async function fill(order: LoadOrder): Promise<LoadResult> {
  // Made before the time runs: while it does, sending a request is one write of bytes that are there.
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

function load(
  { seconds, atLeast }: LoadOrder,
  next: () => Buffer,
  connections: readonly Connection[],
): Promise<LoadResult> {
  const { promise, resolve } = Promise.withResolvers<LoadResult>()
  const durations = new Histogram()
  const usage = process.cpuUsage()
  const start = performance.now()
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
    const { user, system } = process.cpuUsage(usage)
    resolve({
      answered,
      rps: durations.count / seconds,
      p50_ms: durations.quantile(0.5),
      p99_ms: durations.quantile(0.99),
      loadBusy: (user + system) / 1000 / (now - start),
    })
  }

  for (const connection of connections) send(connection)
  return promise
}

function inTurn({ head, values, tail }: LoadOrder): () => Buffer {
  const requests = values.map((value) => Buffer.from(head + value + tail, 'latin1'))
  let sent = 0
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

// An order a line on standard input; its outcome, a line on standard output.
for await (const line of createInterface({ input: process.stdin })) {
  const order: LoadOrder = JSON.parse(line)
  const outcome: LoadOutcome = await fill(order).catch((error: unknown) => ({
    failure: error instanceof Error ? error.message : String(error),
  }))
  process.stdout.write(`${JSON.stringify(outcome)}\n`)
}
