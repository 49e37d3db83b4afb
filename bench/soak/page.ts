import type { SoakOptions } from './options.ts'
import type { TrafficReport } from './traffic-order.ts'
import { type Course, show, type Verdict } from './verdict.ts'

/** A finished soak. */
export interface Outcome {
  readonly machine: string
  readonly options: SoakOptions
  /** Seconds. */
  readonly lasted: number
  /** Minutes for which audit events and usage were kept. */
  readonly minutesKept: number
  /** Answers a second at full load. */
  readonly full: number
  /** Requests a second that were due, and that were answered. */
  readonly rate: number
  readonly reached: number
  /** The part of a core that the server that lived for the whole run used. */
  readonly busy: number | undefined
  /** The part of the time for which it waited for a core, because others had it. */
  readonly starved: number | undefined
  readonly report: TrafficReport
  readonly disturbances: Readonly<Record<string, number>>
  readonly verdict: Verdict
}

/** The page of a run, `bench/SOAK.md`. */
export function soakPage(outcome: Outcome): string {
  const { machine, options, lasted, minutesKept, full, rate, reached, busy, starved, report, disturbances, verdict } =
    outcome
  const { courses, faults } = verdict
  return `# Soak

Written by \`npm run soak -- --results bench/SOAK.md\`. [README.md](README.md) says what a soak does and how it judges.

\`\`\`text
machine: ${machine}
${(lasted / 60).toFixed(1)} minutes on ${options.database}; days of retention are minutes, of which ${minutesKept} are kept
${full === 0 ? 'the full load was not measured' : `${Math.round(full)} answers a second at full load`}; ${Math.round(rate)} requests a second were due, ${Math.round(reached)} were answered
the lasting server used ${percent(busy)} of a core, and waited for one for ${percent(starved)} of the time
latency: half within ${report.p50_ms.toFixed(1)} ms, 99 of 100 within ${report.p99_ms.toFixed(1)} ms; ${report.unsent} requests were due while 128 were under way
\`\`\`

${faults.length === 0 ? 'Nothing grew, and every answer was the expected one.' : `**It failed:**\n\n${faults.map((fault) => `- ${fault.replaceAll('\n', ' ')}`).join('\n')}`}

| answers as expected | count |
| --- | ---: |
${countRows(report.byKind)}

| disturbances | count |
| --- | ---: |
${countRows(disturbances)}

The second and the last quarter of the run show the median, since the first quarter is the warm-up.

| measured | start | second quarter | last quarter | end | most | verdict |
| --- | ---: | ---: | ---: | ---: | ---: | --- |
${courses.filter(isTelling).map(rowOf).join('\n')}
`
}

const percent = (part = Number.NaN): string => `${Math.round(part * 100)}%`

/** Whether a series has any values but 0. */
const isTelling = ({ most }: Course): boolean => most > 0

const rowOf = ({ name, unit, start, before, after, end, most, verdict }: Course): string =>
  `| ${name} | ${[start, before, after, end, most].map((value) => show(value, unit)).join(' | ')} | ${verdict} |`

const countRows = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `| ${name} | ${count.toLocaleString('en')} |`)
    .join('\n')
