/** The table of `docs/operating/scale.md`: from one node to the world, as `simulate.ts --growth` prints it. */

import { type Capacity, databaseRows, sizeFor } from './capacity.ts'
import { constants } from './constants.ts'
import { computedLatency } from './latency.ts'
import { parseOptions } from './options.ts'
import { bytes, costPerMillion, count, figure, percent } from './report.ts'

/** The options of each row; the others keep the defaults of `simulate.ts`. */
const STEPS: readonly string[] = [
  '--rate 3000 --survive nothing --cores-per-node 1 --clients 1000',
  '--rate 20000 --survive nothing --clients 5000',
  '--rate 20000 --clients 5000',
  '--rate 100000 --clients 20000',
  '--rate 1000000 --regions 3 --survive region --clients 200000 --revocations 100',
  '--rate 10000000 --regions 10 --survive region --clients 2000000 --revocations 1000',
  '--rate 10000000 --regions 10 --survive region --clients 2000000 --revocations 1000 --audit elsewhere',
]

const COLUMNS: readonly { readonly title: string; readonly cell: (capacity: Capacity, seed: number) => string }[] = [
  { title: 'tokens/s', cell: ({ plan }) => count(plan.rate) },
  { title: 'survives the loss of', cell: ({ plan }) => plan.survive },
  { title: 'audit', cell: ({ plan }) => plan.audit },
  { title: 'regions', cell: ({ plan }) => count(plan.regions) },
  { title: 'databases', cell: ({ database, databases }) => (database === 'SQLite' ? 'a file' : count(databases)) },
  { title: 'nodes × cores', cell: ({ plan, nodes }) => `${count(nodes)} × ${plan.coresPerNode}` },
  { title: 'busy', cell: ({ utilisation }) => percent(utilisation) },
  { title: 'busy after the loss', cell: ({ utilisationAfterLoss }) => percent(utilisationAfterLoss) },
  { title: 'rows/s of each database', cell: ({ plan, cell }) => count(databaseRows(plan, cell)) },
  { title: 'audit a day, in all', cell: ({ auditBytesPerDay }) => bytes(auditBytesPerDay) },
  { title: 'memory of a node', cell: ({ memoryPerNode }) => bytes(memoryPerNode) },
  { title: 'p50 / p99 ms, any core', cell: (capacity, seed) => pair(computedLatency(capacity, seed).shared) },
  { title: 'own connections', cell: (capacity, seed) => pair(computedLatency(capacity, seed).perWorker) },
  { title: 'cost an hour', cell: ({ costPerHour }) => figure(costPerHour) },
  { title: 'a million tokens', cell: (capacity) => figure(costPerMillion(capacity)) },
]

const pair = ({ p50, p99 }: { readonly p50: number; readonly p99: number }): string => `${figure(p50)} / ${figure(p99)}`

/** The table, in Markdown. */
export function growthTable(): string {
  const rows = STEPS.map((step) => {
    const options = parseOptions(step.split(' '))
    if (options === undefined) throw new TypeError('a row of the table asks for help')
    const capacity = sizeFor(options.plan, constants)
    return COLUMNS.map(({ cell }) => cell(capacity, options.seed))
  })
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(COLUMNS.map(({ title }) => title)), line(COLUMNS.map(() => '---')), ...rows.map(line)].join('\n')
}
