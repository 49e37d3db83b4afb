/** Computes the size of a plan: nodes, cores, databases, and the rows they write. Nothing is simulated here. */

import { type Constants, inSource } from './constants.ts'
import { meanOf } from './formulas.ts'
import { markedShare, type Plan } from './plan.ts'
import { type RequestCost, requestCost } from './request-cost.ts'

const DAY_S = 86_400
const MOST_DATABASES = 100_000

/** The load of one database and the nodes around it. Rates are per second, unless another unit is named. */
export interface Cell {
  /** Requests: tokens and introspections. */
  readonly requests: number
  readonly nodes: number
  /** Rows written, by kind. */
  readonly rows: { readonly audit: number; readonly marks: number; readonly revocations: number; readonly uses: number }
  /** Queries that only ask for news. */
  readonly polls: number
  /** Reads of clients that are not in memory. */
  readonly clientReads: number
  readonly connections: number
  readonly cost: RequestCost
  /** Bytes of the table of marks. */
  readonly markTableBytes: number
}

export interface Capacity {
  readonly plan: Plan
  readonly cellsPerRegion: number
  readonly cell: Cell
  /** A file on the only node, or database servers. */
  readonly database: 'SQLite' | 'PostgreSQL'
  /** In all regions together. */
  readonly nodes: number
  readonly databases: number
  /** Cores of the nodes alone. */
  readonly cores: number
  /** The share of each core that is busy before any failure, and after the failure that the plan survives. */
  readonly utilisation: number
  readonly utilisationAfterLoss: number
  readonly auditBytesPerDay: number
  readonly memoryPerNode: number
  /** Nodes and databases, per hour, in the currency of the price. */
  readonly costPerHour: number
}

/**
 * The fewest databases in each region, and the fewest nodes around each, that serve a plan.
 * @throws RangeError where no number of them does
 */
export function sizeFor(plan: Plan, constants: Constants): Capacity {
  for (let cells = 1; cells <= MOST_DATABASES; cells += cells < 100 ? 1 : 10) {
    const cell = sizeCell(plan, constants, cells)
    if (fits(plan, cell, cells)) return summarise(plan, constants, cells, cell)
  }
  throw new RangeError(
    'no number of databases serves this: even the fewest nodes around each hold more connections than it takes',
  )
}

/** The factor by which the load of each remaining region grows. */
const surgeOf = ({ survive, regions }: Plan): number =>
  survive === 'region' && regions > 1 ? regions / (regions - 1) : 1

const workersOf = ({ coresPerNode }: Plan): number => coresPerNode
const processesOf = (plan: Plan): number => workersOf(plan) + (workersOf(plan) > 1 ? 1 : 0)

function sizeCell(plan: Plan, constants: Constants, cells: number): Cell {
  const { assumed } = constants
  const parts = plan.regions * cells
  const tokens = plan.rate / parts
  const requests = tokens * (1 + plan.introspections)
  const clients = plan.clients / parts
  const hit = Math.min(1, plan.cache / clients)
  const cost = requestCost(plan, constants, hit)
  const load = requests * (meanOf(cost.service) + cost.primary)
  const surge = surgeOf(plan)
  const spare = plan.survive === 'nothing' ? 0 : 1
  const nodes = Math.max(
    1,
    Math.ceil(load / (plan.utilisation * plan.coresPerNode)),
    Math.ceil((surge * load) / (plan.utilisationAfterLoss * plan.coresPerNode)) + spare,
    Math.ceil((surge * requests * cost.primary) / assumed.primary_utilisation) + spare,
  )
  const marks = tokens * markedShare(plan)
  const markKept = inSource.markKeptMinutes * 60 + assumed.assertion_lifetime_s
  return {
    requests,
    nodes,
    rows: {
      audit: requests,
      marks,
      revocations: plan.revocations / parts,
      uses: usesWritten(nodes * workersOf(plan), clients, requests),
    },
    polls: (nodes * workersOf(plan) * 2 * 1000) / inSource.pollIntervalMs,
    // A client and its credentials.
    clientReads: 2 * requests * (1 - hit),
    connections: nodes * processesOf(plan) * plan.connectionsPerProcess,
    cost,
    markTableBytes: marks * markKept * constants.rows.mark_bytes,
  }
}

/** Each process writes each client that it saw once a minute, so the rows grow with the number of processes. */
function usesWritten(processes: number, clients: number, requests: number): number {
  const resolution = inSource.usageResolutionMs / 1000
  const seen = 1 - Math.exp((-resolution * requests) / (processes * clients))
  return (processes * clients * seen) / resolution
}

/** Rows that the plan's own databases must write. */
export const databaseRows = ({ audit }: Plan, { rows }: Cell): number =>
  (audit === 'database' ? rows.audit : 0) + rows.marks + rows.revocations + rows.uses

const isSingleNode = (plan: Plan, { nodes }: Cell, cells: number): boolean =>
  plan.regions * cells * nodes === 1 && plan.survive === 'nothing'

function fits(plan: Plan, cell: Cell, cells: number): boolean {
  // The cost of a request already includes the writes of SQLite.
  if (isSingleNode(plan, cell, cells)) return true
  return surgeOf(plan) * databaseRows(plan, cell) <= plan.databaseRows && cell.connections <= plan.databaseConnections
}

function summarise(plan: Plan, constants: Constants, cellsPerRegion: number, cell: Cell): Capacity {
  const { coresPerNode, regions, coreHour } = plan
  const database = isSingleNode(plan, cell, cellsPerRegion) ? 'SQLite' : 'PostgreSQL'
  const databases = regions * cellsPerRegion
  const nodes = databases * cell.nodes
  const cores = nodes * coresPerNode
  const load = cell.requests * (meanOf(cell.cost.service) + cell.cost.primary)
  const left = cell.nodes - (plan.survive === 'nothing' ? 0 : 1)
  const billed = cores + (database === 'SQLite' ? 0 : databases * plan.coresPerDatabase)
  return {
    plan,
    cellsPerRegion,
    cell,
    database,
    nodes,
    databases,
    cores,
    utilisation: load / (cell.nodes * coresPerNode),
    utilisationAfterLoss: (surgeOf(plan) * load) / (left * coresPerNode),
    auditBytesPerDay: databases * cell.rows.audit * constants.rows.audit_bytes * DAY_S,
    memoryPerNode: memoryOf(plan, constants, cellsPerRegion),
    costPerHour: billed * coreHour,
  }
}

/** Bytes of one node, including every revocation that is alive at a time. */
function memoryOf(plan: Plan, { memory }: Constants, cells: number): number {
  const parts = plan.regions * cells
  const clients = Math.min(plan.cache, plan.clients / parts) * memory.client_bytes
  const revocations = (plan.revocations / parts) * plan.lifetime * memory.revocation_bytes
  return processesOf(plan) * memory.process_bytes + workersOf(plan) * (clients + revocations)
}
