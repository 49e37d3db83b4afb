import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { sizeFor } from '../../simulation/capacity.ts'
import { simulate } from '../../simulation/command.ts'
import { constants, inSource } from '../../simulation/constants.ts'
import { scenarios } from '../../simulation/failures.ts'
import { erlangC, meanOf, type Service, waiting } from '../../simulation/formulas.ts'
import { computedLatency, simulatedLatency } from '../../simulation/latency.ts'
import { help, parseOptions } from '../../simulation/options.ts'
import { drawWork, type Job, poisson, type QueueResult, simulateQueue } from '../../simulation/queue.ts'
import { seeded } from '../../simulation/random.ts'
import { report } from '../../simulation/report.ts'

const oneKind = (cv: number): Service => ({ kinds: [{ share: 1, mean: 1 }], cv })
const mixed: Service = {
  kinds: [
    { share: 0.8, mean: 0.5 },
    { share: 0.2, mean: 3 },
  ],
  cv: 0.5,
}

const options = (line: string) => {
  const parsed = parseOptions(line === '' ? [] : line.split(' '))
  if (parsed === undefined) throw new Error('help was asked for')
  return parsed
}
const capacityOf = (line: string) => sizeFor(options(line).plan, constants)

const jobsOf = (service: Service, rate: number, seconds: number, seed = 1): readonly Job[] => [
  ...poisson(seeded(seed), service, { seconds, most: rate }),
]
const meanOfAll = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
const meanResponse = ({ done }: QueueResult): number => meanOfAll(done.map(({ job, endedAt }) => endedAt - job.at))

const LOADS = [
  { name: 'one server, half busy', servers: 1, rate: 0.5 },
  { name: 'one server, overloaded', servers: 1, rate: 1.5 },
  { name: 'eight servers, nearly busy', servers: 8, rate: 7.2 },
]

test.each(LOADS)('work is conserved: $name', ({ servers, rate }) => {
  const jobs = jobsOf(mixed, rate, 1_000)
  const result = simulateQueue(servers, jobs)
  expect(result.done).toHaveLength(jobs.length)
  expect(result.busy).toBeCloseTo(
    jobs.reduce((sum, { work }) => sum + work, 0),
    4,
  )
  expect(result.busy).toBeLessThanOrEqual(servers * result.endedAt)
  // Little's law relates two independent counts.
  expect(result.meanPresent * result.endedAt).toBeCloseTo(jobs.length * meanResponse(result), 2)
})

test.each(LOADS)('no server idles while work waits, or does two things at once: $name', ({ servers, rate }) => {
  const { done } = simulateQueue(servers, jobsOf(mixed, rate, 200))
  const ends = new Map<number, number>()
  for (const { job, startedAt, endedAt, server } of done.toSorted((one, other) => one.startedAt - other.startedAt)) {
    expect(startedAt).toBeGreaterThanOrEqual(job.at)
    expect(startedAt).toBeGreaterThanOrEqual(ends.get(server) ?? 0)
    if (startedAt > job.at) {
      // A job waited only while all servers were busy with earlier work.
      expect(ends.size).toBe(servers)
      expect(Math.min(...ends.values())).toBeGreaterThanOrEqual(startedAt - 1e-9)
    }
    ends.set(server, endedAt)
  }
})

test('twice the servers finish the same work no later, and sooner on average', () => {
  const jobs = jobsOf(mixed, 5, 2_000)
  const four = simulateQueue(4, jobs)
  const eight = simulateQueue(8, jobs)
  const doneBy = ({ done }: QueueResult, time: number) => done.filter(({ endedAt }) => endedAt <= time).length
  for (const time of [100, 500, 1_000, 2_000]) expect(doneBy(eight, time)).toBeGreaterThanOrEqual(doneBy(four, time))
  expect(meanResponse(eight)).toBeLessThan(meanResponse(four))
})

test('a job that follows another comes at its end, and lets others in between', () => {
  const { done } = simulateQueue(1, [
    { at: 1, work: 2, isOwn: true, next: { at: 1, work: 2, isOwn: true } },
    { at: 2, work: 1 },
  ])
  expect(done.map(({ job, startedAt, endedAt }) => [job.isOwn === true, startedAt, endedAt])).toEqual([
    [true, 1, 3],
    [false, 3, 4],
    [true, 4, 6],
  ])
})

test.each([
  { name: 'M/M/1, 30 % busy', servers: 1, rate: 0.3, cv: 1 },
  { name: 'M/M/1, 60 % busy', servers: 1, rate: 0.6, cv: 1 },
  { name: 'M/M/1, 80 % busy', servers: 1, rate: 0.8, cv: 1 },
  { name: 'M/M/4, 80 % busy', servers: 4, rate: 3.2, cv: 1 },
  { name: 'M/D/1, 70 % busy', servers: 1, rate: 0.7, cv: 0 },
])('the simulated mean is within 5 % of the formula: $name', ({ servers, rate, cv }) => {
  const service = oneKind(cv)
  const result = simulateQueue(servers, jobsOf(service, rate, 25_000 / rate))
  const computed = meanOf(service) + waiting(servers, rate, service).mean
  // The closed form 1 / (µ − λ).
  if (servers === 1 && cv === 1) expect(computed).toBeCloseTo(1 / (1 - rate), 9)
  expect(Math.abs(meanResponse(result) / computed - 1)).toBeLessThan(0.05)
})

test.each([
  { servers: 1, load: 0.5, chance: 0.5 },
  { servers: 2, load: 1, chance: 1 / 3 },
  { servers: 3, load: 2, chance: 4 / 9 },
])('Erlang C of $servers servers and load $load', ({ servers, load, chance }) => {
  expect(erlangC(servers, load)).toBeCloseTo(chance, 12)
})

test.each([0, 0.5, 1, 2])('work of one kind has the requested mean and spread: %d', (cv) => {
  const uniform = seeded(7)
  const draws = Array.from({ length: 40_000 }, () => drawWork(uniform, oneKind(cv)))
  const mean = meanOfAll(draws)
  const spread = Math.sqrt(meanOfAll(draws.map((draw) => (draw - mean) ** 2)))
  expect(mean).toBeCloseTo(1, 1)
  expect(Math.abs(spread - cv)).toBeLessThan(0.05 * Math.max(1, cv))
})

const PLANS = [
  '',
  '--rate 1 --survive nothing --cores-per-node 1',
  '--rate 250000 --mix private_key_jwt=1',
  '--rate 900000 --regions 3 --survive region --cores-per-node 64 --connections-per-process 5',
  '--rate 900000 --regions 2 --survive region --database-rows 1000000',
  '--rate 10000000 --regions 10 --survive region --clients 2000000 --audit elsewhere',
  '--rate 50000 --clients 1000000 --cache 1000 --requests-per-connection 1',
]

test.each(PLANS)('a sized plan serves its load, also after the worst loss: %s', (line) => {
  const { plan, cell, utilisation, utilisationAfterLoss, databases, nodes, cores } = capacityOf(line)
  expect(utilisation).toBeLessThanOrEqual(plan.utilisation + 1e-9)
  expect(utilisationAfterLoss).toBeLessThanOrEqual(plan.utilisationAfterLoss + 1e-9)
  expect(cell.requests * databases).toBeCloseTo(plan.rate * (1 + plan.introspections), 3)
  expect(nodes).toBe(databases * cell.nodes)
  expect(cores).toBe(nodes * plan.coresPerNode)
  expect(cell.connections).toBeLessThanOrEqual(plan.databaseConnections)
})

test.each(PLANS)('twice the cores serve twice the rate: %s', (line) => {
  const { plan, cores } = capacityOf(line)
  const twice = sizeFor({ ...plan, rate: 2 * plan.rate, clients: 2 * plan.clients }, constants)
  // The spare nodes of each database needn't be doubled, so that fewer cores may do. Rounding adds at most a whole node
  // in each.
  expect(twice.cores).toBeLessThanOrEqual(2 * cores + twice.databases * plan.coresPerNode)
  expect(twice.cores).toBeGreaterThanOrEqual(cores)
})

test.each(['', '--rate 44000 --survive nothing --requests-per-connection 0 --utilisation 0.9'])(
  'percentiles by formula are within 15 % of simulated ones: %s',
  (line) => {
    const capacity = capacityOf(line)
    const [computed, simulated] = [computedLatency(capacity, 1), simulatedLatency(capacity, 1, 60_000)]
    for (const model of ['shared', 'perWorker'] as const) {
      for (const part of ['p50', 'p99'] as const) {
        const ratio = computed[model][part] / simulated[model][part]
        expect(ratio, `${model} ${part}`).toBeGreaterThan(0.85)
        expect(ratio, `${model} ${part}`).toBeLessThan(1.15)
      }
    }
  },
)

/** A load that a simulation serves in milliseconds. */
const SMALL = '--rate 1000 --requests 1000'

test('the same seed gives the same report, and another seed another one', () => {
  const one = report(options(`--seed 5 ${SMALL}`))
  expect(report(options(`--seed 5 ${SMALL}`))).toBe(one)
  expect(report(options(`--seed 6 ${SMALL}`))).not.toBe(one)
})

const severity = { detection: 5, away: 20, verifiers: 1_000, revoked: 100_000 }
const findingsOf = (name: keyof typeof scenarios, line: string) =>
  new Map(scenarios[name].explore({ capacity: capacityOf(line), constants, severity, seed: 1 }))

test.each([
  // Secrets: 17,000 a second, until the 100,000 events are full after 100,000 / (20,000 × 1.1) = 4.55 s. Assertions and
  // proofs: none of 3,000. Introspections: 1 s of 2,000. Refused: 17,000 × 15.45 + 3,000 × 20 + 2,000 × 19.
  { line: '--rate 20000 --survive nothing', full: '4.55 s', refused: '361,000 of 440,000' },
  { line: '--rate 1000 --survive nothing --introspections 0', full: '100 s', refused: '3,000 of 20,000' },
])('without a database, remembered clients get tokens: $line', ({ line, full, refused }) => {
  const findings = findingsOf('database-away', line)
  expect(findings.get('they are full after')).toBe(full)
  expect(findings.get('requests refused, of one database')).toBe(refused)
})

test('the remaining nodes have all the work after a loss', () => {
  const { cell, utilisation } = capacityOf('--rate 6000')
  const after = (100 * utilisation * cell.nodes) / (cell.nodes - 1)
  expect(findingsOf('node-lost', '--rate 6000').get('utilisation after')).toBe(`${Number(after.toPrecision(3))} %`)
  expect(findingsOf('region-lost', '--rate 6000').get('requests that fail until it is back')).toBe('all')
})

test.each([
  ['src/audit/backlog.ts', 'events: 100_000', inSource.auditEventsWaiting],
  ['src/audit/recorder.ts', 'FLUSH_INTERVAL_MS = 200', inSource.auditFlushMs],
  ['src/tokens/revocation/revocations.ts', 'PAGE = 10_000', inSource.revocationPage],
  ['src/platform/freshness.ts', 'FRESH_MS = 1_000', inSource.revocationFreshMs],
  ['src/model/changes/feed.ts', 'POLL_INTERVAL_MS = 200', inSource.pollIntervalMs],
  ['src/replay/marks.ts', 'KEPT_MS = 65 * 60_000', inSource.markKeptMinutes],
  ['src/model/credentials/usage.ts', 'RESOLUTION_MS = 60_000', inSource.usageResolutionMs],
])('%s still contains %s', (path, text, value) => {
  expect(readFileSync(path, 'utf8')).toMatch(new RegExp(`\\b${text.replace('*', '\\*')}\\b`))
  expect(text.replaceAll('_', '')).toContain(String(value))
})

test('the command describes its usage', () => {
  expect(simulate(['--help'])).toEqual({ status: 0, stdout: help, stderr: '' })
})

test('the command prints the report, with every scenario', () => {
  const { status, stdout } = simulate(SMALL.split(' '))
  expect([status, stdout]).toEqual([0, report(options(SMALL))])
  for (const { title } of Object.values(scenarios)) expect(stdout).toContain(title)
})

test('the command says in one line what it can’t do', async () => {
  const child = spawn(process.execPath, ['simulation/simulate.ts', '--connections-per-process', '10000'])
  const printed = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  expect(printed).toEqual([
    '',
    'simulate: no number of databases serves this: even the fewest nodes around each hold more connections than it takes\n',
    [1, null],
  ])
})

test.each([
  ['--rate', '0', '--rate must be a number from 0.001'],
  ['--utilisation', '1', '--utilisation must be a number from 0.01 to 0.99'],
  ['--mix', 'dpop=0.5', '--mix adds up to 0.5, not to 1'],
  ['--mix', 'mtls=1', '--mix has no such part: mtls=1'],
  ['--mix', 'dpop', '--mix has no such part: dpop'],
  ['--regions', '1.5', '--regions must be a whole number'],
  ['--survive', 'everything', '--survive must be one of nothing, node, region'],
  ['--scenario', 'flood', '--scenario knows no flood'],
])('%s %s is refused', (name, value, message) => {
  expect(() => parseOptions([name, value])).toThrow(new TypeError(message))
})
