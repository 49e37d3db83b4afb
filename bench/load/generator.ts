import { createInterface } from 'node:readline'
import { Connection } from './connection.ts'
import { Histogram } from './histogram.ts'
import type { LoadOrder, LoadOutcome, LoadResult } from './order.ts'

/** Fills an order. Rejects with the first answer that is not 200, or any other way in which it can't be filled. */
async function fill(order: LoadOrder): Promise<LoadResult> {
  // Made before the time runs: while it does, sending a request is one write of bytes that are there.
  const requests = order.values.map((value) => Buffer.from(order.head + value + order.tail, 'latin1'))
  const connections: Connection[] = []
  const failed = Promise.withResolvers<never>()
  const onFailure = (why: string) => failed.reject(new Error(why))
  try {
    for (let opened = 0; opened < order.connections; opened += 1) {
      connections.push(await Connection.open(order.port, onFailure))
    }
    return await Promise.race([failed.promise, load(order, requests, connections)])
  } finally {
    for (const connection of connections) connection.close()
  }
}

function load(
  { seconds, atLeast }: LoadOrder,
  requests: readonly Buffer[],
  connections: readonly Connection[],
): Promise<LoadResult> {
  const { promise, resolve, reject } = Promise.withResolvers<LoadResult>()
  const durations = new Histogram()
  const usage = process.cpuUsage()
  const start = performance.now()
  const deadline = start + seconds * 1000
  let sent = 0
  let answered = 0

  function send(connection: Connection): void {
    const request = requests[sent % requests.length]
    sent += 1
    if (request === undefined) reject(new Error('there is no request to send'))
    else connection.send(request, onAnswer)
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

// An order a line on standard input; its outcome, a line on standard output.
for await (const line of createInterface({ input: process.stdin })) {
  const order: LoadOrder = JSON.parse(line)
  const outcome: LoadOutcome = await fill(order).catch((error: unknown) => ({
    failure: error instanceof Error ? error.message : String(error),
  }))
  process.stdout.write(`${JSON.stringify(outcome)}\n`)
}
