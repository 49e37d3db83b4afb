/** Failures and their effects on a sized plan: one function for each scenario. */

import { type Capacity, databaseRows } from './capacity.ts'
import { type Constants, inSource } from './constants.ts'
import { burst, chain, type Disturbed, disturb } from './disturbance.ts'
import { markedShare } from './plan.ts'

/** How bad it is to be. */
export interface Severity {
  /** Seconds until the load balancer sends nothing more to who is gone. */
  readonly detection: number
  /** Seconds for which the databases do not answer. */
  readonly away: number
  /** Processes of APIs that fetch the key set, in all regions together. */
  readonly verifiers: number
  /** Tokens that are revoked at once, one by one, in one database. */
  readonly revoked: number
}

/** A line of a report: its name and its value. */
export type Finding = readonly [what: string, value: string]

interface Given {
  readonly capacity: Capacity
  readonly constants: Constants
  readonly severity: Severity
  readonly seed: number
}

const number = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 })
const text = (value: number, unit = ''): string => number.format(value) + unit

const workersOf = ({ cell, plan }: Capacity): number => cell.nodes * plan.coresPerNode
const clientsOfCell = ({ plan, databases }: Capacity): number => plan.clients / databases

/** Seconds of a new connection with a full handshake. */
const connecting = ({ plan }: Capacity, { tls_us }: Constants): number =>
  plan.requestsPerConnection === 0 ? 0 : (tls_us.tcp_connection + tls_us.full_handshake) / 1e6

const findings = ({ p99Before, p99During, p99After, slowest, utilisationAfter }: Disturbed): readonly Finding[] => [
  [
    'p99 before, in the 5 s from then, after',
    `${[p99Before, p99During, p99After].map((time) => text(time)).join(', ')} ms`,
  ],
  ['slowest answer', text(slowest, ' ms')],
  ['utilisation after', text(100 * utilisationAfter, ' %')],
]

function nodeLost({ capacity, constants, severity, seed }: Given): readonly Finding[] {
  const { cell, plan } = capacity
  const left = cell.nodes - 1
  if (left === 0) return [['requests that fail until it is back', 'all of this database']]
  const moving = clientsOfCell(capacity) / cell.nodes / (left * plan.coresPerNode)
  const extra = burst(moving, connecting(capacity, constants))
  return [
    ['requests that fail before the load balancer knows', text((cell.requests / cell.nodes) * severity.detection)],
    [
      'audit events lost: those of the last moment, at most',
      text((cell.requests / cell.nodes) * (inSource.auditFlushMs / 1000)),
    ],
    ['new connections at each worker that is left', text(moving)],
    ...findings(disturb(capacity, { surge: cell.nodes / left, extra }, seed)),
  ]
}

function regionLost({ capacity, constants, severity, seed }: Given): readonly Finding[] {
  const { plan, cellsPerRegion, cell } = capacity
  if (plan.regions === 1) return [['requests that fail until it is back', 'all']]
  const left = plan.regions - 1
  const surge = plan.regions / left
  const moving = (clientsOfCell(capacity) * cellsPerRegion) / left / (cellsPerRegion * workersOf(capacity))
  return [
    ['requests that fail before clients go elsewhere', text(cell.requests * cellsPerRegion * severity.detection)],
    ['new connections at each worker that is left', text(moving)],
    ['rows a second in each database that is left', text(surge * databaseRows(plan, cell))],
    ...findings(disturb(capacity, { surge, extra: burst(moving, connecting(capacity, constants)) }, seed)),
  ]
}

function databaseAway({ capacity, severity }: Given): readonly Finding[] {
  const { cell, plan } = capacity
  const perNode = cell.requests / cell.nodes
  const fullAfter = inSource.auditEventsWaiting / perNode
  const { away } = severity
  const served = Math.min(away, fullAfter)
  const marked = (markedShare(plan) * cell.requests) / (1 + plan.introspections)
  const introspected = (plan.introspections * cell.requests) / (1 + plan.introspections)
  const tokensInMemory = cell.requests - marked - introspected
  const refused =
    marked * away +
    introspected * Math.max(0, away - Math.min(served, inSource.revocationFreshMs / 1000)) +
    tokensInMemory * (away - served)
  const backlog = Math.min(cell.requests * away, cell.nodes * inSource.auditEventsWaiting)
  const spare = plan.databaseRows - databaseRows(plan, cell)
  return [
    ['events that a node keeps in memory', text(inSource.auditEventsWaiting)],
    ['they are full after', text(fullAfter, ' s')],
    ['secrets are answered with tokens for', text(served, ` s of ${away}`)],
    ['assertions and proofs are answered', '503 from the first moment'],
    ['introspection is answered 503 after', `${inSource.revocationFreshMs / 1000} s`],
    ['requests refused, of one database', `${text(refused)} of ${text(cell.requests * away)}`],
    ['events to be written when it is back', text(backlog)],
    ['which take', spare > 0 ? text(backlog / spare, ' s') : 'for ever: it writes no faster than they come'],
  ]
}

function keyRotation({ capacity, constants, severity, seed }: Given): readonly Finding[] {
  const fetches = severity.verifiers / (capacity.databases * workersOf(capacity))
  const work = constants.assumed.key_set_us / 1e6 + connecting(capacity, constants)
  return [
    ['rows written', 'a few, in each database'],
    ['for how long two keys may sign, both published', `${inSource.pollIntervalMs} ms`],
    [
      'by the schedule: fetches a second of the key set, at all times',
      text(severity.verifiers / inSource.keySetMaxAgeS),
    ],
    ['`rotate --now`: fetches within a second', text(severity.verifiers)],
    ['at each worker', text(fetches)],
    ...findings(disturb(capacity, { surge: 1, extra: burst(fetches, work) }, seed)),
  ]
}

function massRevocation({ capacity, constants, severity, seed }: Given): readonly Finding[] {
  const { revoked } = severity
  const readUs = constants.rows.revocation_read_us
  const pages = Array.from({ length: Math.ceil(revoked / inSource.revocationPage) }, (_, page) => {
    const rows = Math.min(inSource.revocationPage, revoked - page * inSource.revocationPage)
    return (rows * readUs) / 1e6
  })
  const after = disturb(capacity, { surge: 1, extra: chain(pages) }, seed)
  const reading = (revoked * readUs) / 1e6
  return [
    ['of a client, API or key: rows', '1'],
    ['one by one: rows', text(revoked)],
    ['memory of each process', text((revoked * constants.memory.revocation_bytes) / 1e6, ' MB')],
    [
      'every process reads them within, waiting for the poll included',
      text(reading + inSource.pollIntervalMs / 1000, ' s, and what it serves meanwhile'),
    ],
    ['one page keeps a worker from requests for', text((pages[0] ?? 0) * 1000, ' ms')],
    ...findings(after),
  ]
}

/** Every scenario, by the name that `--scenario` takes. */
export const scenarios = {
  'node-lost': { title: 'A node is lost', explore: nodeLost },
  'region-lost': { title: 'A region is lost', explore: regionLost },
  'database-away': { title: 'The databases are away', explore: databaseAway },
  'key-rotation': { title: 'A key is rotated', explore: keyRotation },
  'mass-revocation': { title: 'Many tokens are revoked', explore: massRevocation },
} as const satisfies Record<string, { title: string; explore: (given: Given) => readonly Finding[] }>

export type ScenarioName = keyof typeof scenarios
