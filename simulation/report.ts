import { type Capacity, databaseRows, sizeFor } from './capacity.ts'
import { constants } from './constants.ts'
import { type Finding, scenarios } from './failures.ts'
import { computedLatency, type Latency, meanService, simulatedLatency } from './latency.ts'
import type { Options } from './options.ts'

const rounded = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 })
const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const

export const figure = (value: number): string => rounded.format(value)
export const count = (value: number): string => grouped.format(value)

/** Formats bytes in the power of 1,000 that takes the fewest digits. */
export function bytes(value: number): string {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, value)) / 3)))
  return `${figure(value / 1000 ** power)} ${UNITS[power]}`
}

export const percent = (part: number): string => `${figure(100 * part)} %`

const latencyText = ({ p50, p99 }: Latency): string => `${figure(p50)} / ${figure(p99)} ms`

/** The cost of a million tokens, from the cost per hour. */
export const costPerMillion = ({ costPerHour, plan }: Capacity): number => (costPerHour / (plan.rate * 3600)) * 1e6

/** The whole report about a plan, for a terminal. @throws RangeError if no number of databases serves the plan */
export function report({ plan, severity, scenarios: chosen, seed, requests }: Options): string {
  const capacity = sizeFor(plan, constants)
  const sections = [
    section(`${count(plan.rate)} tokens/s in ${plan.regions} region${plan.regions === 1 ? '' : 's'}`, sizes(capacity)),
    section('Each database', databaseLoad(capacity)),
    section('How long a request takes at a node, p50 / p99', latencies(capacity, seed, requests)),
    ...chosen.map((name) =>
      section(scenarios[name].title, scenarios[name].explore({ capacity, constants, severity, seed })),
    ),
  ]
  return `constants: ${constants.machine}\n\n${sections.join('\n')}`
}

function sizes(capacity: Capacity): readonly Finding[] {
  const { plan, nodes, databases, database, cores } = capacity
  return [
    ['nodes', `${count(nodes)} of ${plan.coresPerNode} cores: ${count(cores)} cores`],
    ['databases', `${count(databases)} (${database})`],
    ['one request takes', `${figure(meanService(capacity) * 1e6)} µs of a core`],
    ['utilisation', percent(capacity.utilisation)],
    [`utilisation after the loss of ${plan.survive}`, percent(capacity.utilisationAfterLoss)],
    ['memory of a node', bytes(capacity.memoryPerNode)],
    ['audit events', `${bytes(capacity.auditBytesPerDay)} a day`],
    [
      'cost, databases included',
      `${figure(capacity.costPerHour)} an hour, ${figure(costPerMillion(capacity))} a million tokens`,
    ],
  ]
}

function databaseLoad({ plan, cell }: Capacity): readonly Finding[] {
  const { audit, marks, revocations, uses } = cell.rows
  return [
    ['rows a second', `${count(databaseRows(plan, cell))} of ${count(plan.databaseRows)}`],
    ['audit events', plan.audit === 'database' ? count(audit) : `0 (${count(audit)} elsewhere)`],
    ['replay marks', `${count(marks)}, in a table of ${bytes(cell.markTableBytes)}`],
    ['revocations', figure(revocations)],
    ['last uses of credentials', count(uses)],
    ['polls a second', count(cell.polls)],
    ['reads a second of clients not in memory', count(cell.clientReads)],
    ['connections', `${count(cell.connections)} of ${count(plan.databaseConnections)}`],
  ]
}

function latencies(capacity: Capacity, seed: number, requests: number): readonly Finding[] {
  const computed = computedLatency(capacity, seed)
  const simulated = simulatedLatency(capacity, seed, requests)
  return [
    ['any idle core takes the next (M/G/k), computed', latencyText(computed.shared)],
    ['                                       simulated', latencyText(simulated.shared)],
    ['each worker has its own connections (M/G/1), computed', latencyText(computed.perWorker)],
    ['                                       simulated', latencyText(simulated.perWorker)],
  ]
}

function section(title: string, findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(([what]) => what.length))
  return `${title}\n${findings.map(([what, value]) => `  ${what.padEnd(width)}  ${value}\n`).join('')}`
}
