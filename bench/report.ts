import type { Measurement } from './measure.ts'
import { type Comparison, references, rowName, type Scenario, subject } from './scenarios.ts'
import type { Starting } from './starting.ts'

/** A row of `--json`. A value is null if there is nothing to measure or to compare with. */
export interface Row {
  readonly name: string
  readonly rps: number
  readonly p50_ms: number
  readonly p99_ms: number
  /** At half the requests per second, at random moments. */
  readonly half_load_p50_ms: number
  readonly half_load_p99_ms: number
  readonly rss_mb: number | null
  /** Processor time of the server for each request, in microseconds. It varies least on a busy machine. */
  readonly cpu_us: number | null
  readonly ratio_to_floor: number | null
  readonly ratio_to_oidc_provider: number | null
  /** The name of the Tessera row to compare with, if the scenario has one. */
  readonly reference: string | null
  readonly ratio_to_reference: number | null
}

/** The rows of a scenario, with the references measured in the same rounds. */
export function rowsOf(scenario: Scenario, measurements: readonly Measurement[]): readonly Row[] {
  const measured = (name: string | undefined) => measurements.find(({ server }) => server.name === name)
  const ratioTo = (reference: Measurement | undefined, { rps }: Measurement) =>
    reference === undefined ? null : round(rps / reference.rps, 3)
  const peers: readonly string[] = Object.values(references)
  const other = measured(scenario.comparisons.find(({ server }) => !peers.includes(server))?.server)
  return measurements.map((measurement) => ({
    name: rowName(measurement.server.name, scenario),
    rps: round(measurement.rps, 0),
    p50_ms: measurement.p50_ms,
    p99_ms: measurement.p99_ms,
    half_load_p50_ms: measurement.atHalf.p50_ms,
    half_load_p99_ms: measurement.atHalf.p99_ms,
    rss_mb: measurement.rssBytes === undefined ? null : round(measurement.rssBytes / 2 ** 20, 1),
    cpu_us: measurement.serverBusy === undefined ? null : round((measurement.serverBusy / measurement.rps) * 1e6, 0),
    ratio_to_floor: ratioTo(measured(references.floor), measurement),
    ratio_to_oidc_provider: ratioTo(measured(references.oidcProvider), measurement),
    reference: other === undefined ? null : rowName(other.server.name, scenario),
    ratio_to_reference: ratioTo(other, measurement),
  }))
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits))

const COLUMNS: readonly { readonly title: string; readonly cell: (row: Row) => string }[] = [
  { title: '', cell: ({ name }) => name },
  { title: 'requests/s', cell: ({ rps }) => rps.toFixed(0) },
  { title: 'p50 ms', cell: ({ p50_ms }) => p50_ms.toFixed(2) },
  { title: 'p99 ms', cell: ({ p99_ms }) => p99_ms.toFixed(2) },
  { title: 'half load: p50', cell: ({ half_load_p50_ms }) => half_load_p50_ms.toFixed(2) },
  { title: 'p99', cell: ({ half_load_p99_ms }) => half_load_p99_ms.toFixed(2) },
  { title: 'RSS MB', cell: ({ rss_mb }) => rss_mb?.toFixed(0) ?? '–' },
  { title: 'CPU µs', cell: ({ cpu_us }) => cpu_us?.toFixed(0) ?? '–' },
  { title: '× floor', cell: ({ ratio_to_floor }) => ratio_to_floor?.toFixed(2) ?? '–' },
  { title: '× oidc-provider', cell: ({ ratio_to_oidc_provider }) => ratio_to_oidc_provider?.toFixed(2) ?? '–' },
  { title: '× tessera (…)', cell: ({ ratio_to_reference }) => ratio_to_reference?.toFixed(2) ?? '–' },
]

/** The rows as a table for a terminal, names left-aligned and figures right-aligned. */
export function table(rows: readonly Row[]): string {
  const lines = [COLUMNS.map(({ title }) => title), ...rows.map((row) => COLUMNS.map(({ cell }) => cell(row)))]
  const widths = COLUMNS.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  const padded = (cell: string, column: number) =>
    column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)
  return lines.map((line) => `${line.map(padded).join('  ')}\n`).join('')
}

/** The rows as a table of Markdown. */
export function markdownTable(rows: readonly Row[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`
  const rules = COLUMNS.map((_, column) => (column === 0 ? '---' : '---:'))
  const titles = COLUMNS.map(({ title }) => title)
  return [titles, rules, ...rows.map((row) => COLUMNS.map(({ cell }) => cell(row)))].map(line).join('')
}

/** The start-up time and memory, with their targets. */
export function startingVerdict({ firstToken, idleBytes }: Starting): string {
  const first = `from the start of the process to the first token ${firstToken.toFixed(2)} s, ${reaches(firstToken < MOST_START)} ${MOST_START} s`
  if (idleBytes === undefined) return `tessera: ${first}\n`
  const idle = idleBytes / 2 ** 20
  return `tessera: ${first}; ${idle.toFixed(0)} MB when idle, ${reaches(idle < MOST_IDLE_MB)} ${MOST_IDLE_MB} MB\n`
}

/** Each list with its time, and whether the slowest reaches the target. */
export function listsVerdict(name: string, times: ReadonlyMap<string, number>): string {
  const slowest = Math.max(...times.values())
  const lines = [...times].map(([list, time]) => `  ${time.toFixed(1).padStart(7)} ms  ${list}\n`)
  return `${name}: the slowest ${slowest.toFixed(0)} ms, ${reaches(slowest < MOST_LIST_MS)} ${MOST_LIST_MS} ms\n${lines.join('')}`
}

/** Milliseconds of a page. */
const MOST_LIST_MS = 100
/** Seconds, on one core. */
const MOST_START = 1
const MOST_IDLE_MB = 120
const reaches = (isLess: boolean): string => (isLess ? 'less than' : 'NOT LESS THAN')

/** The comparison of the subject's row with the others, and whether it reaches its targets. */
export function verdicts(scenario: Scenario, rows: readonly Row[]): string {
  const rowOf = (server: string) => rows.find(({ name }) => name === rowName(server, scenario))
  const ours = rowOf(subject)
  if (ours === undefined) return ''
  const compared = scenario.comparisons.flatMap((comparison) => compare(ours, rowOf(comparison.server), comparison))
  return `${ours.name}: ${[...compared, tail(ours)].join('; ')}\n`
}

/** The ratio of the 99th percentile to the median, at half load. */
function tail({ half_load_p50_ms, half_load_p99_ms }: Row): string {
  const ratio = half_load_p99_ms / half_load_p50_ms
  return `p99 at half load ${ratio.toFixed(1)} of p50, ${reaches(ratio < MOST_TAIL)} ${MOST_TAIL}`
}

function compare(ours: Row, other: Row | undefined, { server, atLeast, mostMoreMb }: Comparison): readonly string[] {
  if (other === undefined) return [`not compared with ${server}`]
  const ratio = ours.rps / other.rps
  const reached = atLeast === undefined ? '' : `, ${ratio >= atLeast ? 'reaches' : 'MISSES'} ${atLeast.toFixed(2)}`
  const throughput = `${ratio.toFixed(2)} of ${server}${reached}`
  if (mostMoreMb === undefined || ours.rss_mb === null || other.rss_mb === null) return [throughput]
  const more = ours.rss_mb - other.rss_mb
  return [throughput, `${more.toFixed(0)} MB more, ${reaches(more < mostMoreMb)} ${mostMoreMb} MB`]
}

const MOST_TAIL = 5

/** A process that uses this part of its core is held up by nothing else. The server should be, the load shouldn't. */
const ALL_BUT = 0.9

/** Whether the figures measure the servers, and not the load or other work on the machine. */
export function fairness(measurements: readonly Measurement[]): string {
  const load = Math.max(...measurements.map(({ loadBusy }) => loadBusy))
  const alone = measurements.filter(({ usesAllCores }) => !usesAllCores)
  const server = Math.min(1, ...alone.map(({ serverBusy }) => serverBusy ?? 1))
  const doubts = [
    ...(load > ALL_BUT ? ['the load was the bottleneck'] : []),
    ...(server < ALL_BUT
      ? ['servers waited, or something else ran on their core: run it again on a quiet machine']
      : []),
  ]
  const used = `the load used at most ${percent(load)} of its core, each server at least ${percent(server)} of its own`
  return doubts.length === 0 ? `fair: ${used}` : `DOUBTFUL: ${doubts.join('; ')} (${used})`
}

const percent = (part: number): string => `${Math.round(part * 100)}%`
