import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { Histogram } from '../load/histogram.ts'
import { Balancer } from './balancer.ts'
import { anyKind, Requests } from './requests.ts'
import type { TrafficOrder, TrafficReport, TrafficSetup } from './traffic-order.ts'

/** Requests under way, while the load is full and at the most. */
const FULL = 32
const MOST = 128
const TICK_MS = 2
/** Characters of an unexpected answer that are kept. */
const SHOWN = 300
const REQUEST_ID = / \(request [\w-]+\)/

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const nextLine = async () => {
  const { value, done } = await lines.next()
  return done ? undefined : JSON.parse(value)
}

const setup: TrafficSetup = await nextLine()
const balancer = new Balancer(setup.backends)
await balancer.allReady()
const requests = new Requests(setup, balancer)
let durations = new Histogram()
const byKind: Record<string, number> = {}
const unexpected = new Map<string, number>()
let answered = 0
let unsent = 0
let full = 0
let underWay = 0
let rate = 0

async function sendOne(): Promise<void> {
  const kind = anyKind()
  const from = performance.now()
  underWay += 1
  try {
    await requests.send(kind)
    durations.record(performance.now() - from)
    answered += 1
    byKind[kind] = (byKind[kind] ?? 0) + 1
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    // Without the id of the request, so that the same failure is one line.
    const what = `${kind}: ${message.replace(REQUEST_ID, '')}`.slice(0, SHOWN)
    unexpected.set(what, (unexpected.get(what) ?? 0) + 1)
  } finally {
    underWay -= 1
  }
}

async function fill(seconds: number): Promise<void> {
  const before = answered
  const until = performance.now() + seconds * 1000
  const sender = async () => {
    while (performance.now() < until) await sendOne()
  }
  await Promise.all(Array.from({ length: FULL }, sender))
  full = (answered - before) / seconds
}

/** Sends requests at random moments, like those of independent clients. */
async function run(): Promise<void> {
  const gap = () => (-Math.log(1 - Math.random()) / rate) * 1000
  for (let due = performance.now() + gap(); rate > 0; await sleep(TICK_MS)) {
    for (; due <= performance.now(); due += gap()) {
      if (underWay < MOST) sendOne()
      else unsent += 1
    }
  }
}

async function obey(order: TrafficOrder): Promise<void> {
  switch (order.order) {
    case 'fill':
      return fill(order.seconds)
    case 'run':
      rate = order.rate
      durations = new Histogram()
      run()
      return
    case 'secret':
      requests.secret = order.secret
      return
    case 'report':
      return
    case 'stop':
      rate = 0
      while (underWay > 0) await sleep(TICK_MS)
  }
}

const report = (): TrafficReport => ({
  answered,
  byKind,
  unsent,
  full,
  p50_ms: durations.quantile(0.5),
  p99_ms: durations.quantile(0.99),
  unexpected: Array.from(unexpected, ([what, count]) => ({ what, count })),
})

for (let order: TrafficOrder | undefined = await nextLine(); order !== undefined; order = await nextLine()) {
  await obey(order)
  process.stdout.write(`${JSON.stringify(report())}\n`)
}
process.exit()
