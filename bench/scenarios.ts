import { floor } from './servers/floor.ts'
import { oidcProvider } from './servers/oidc-provider.ts'
import type { BenchServer } from './servers/server.ts'
import { tessera } from './servers/tessera.ts'
import { introspecting } from './tasks/introspecting.ts'
import { issuing } from './tasks/issuing.ts'
import type { Task } from './tasks/task.ts'

/** A scenario. Each of its servers makes a row. */
export interface Scenario {
  readonly name: string
  /** The number of clients. They ask for tokens in turn. */
  readonly clients: number
  /** Whether it takes so long that it is measured only when `--only` has a part of its name. */
  readonly isLong?: true
  readonly task: Task
  /** The servers, put under load in this order, in turn. */
  readonly servers: readonly BenchServer[]
  /** The comparisons of the row of `subject`. */
  readonly comparisons: readonly Comparison[]
}

/** A comparison with another server's row. */
export interface Comparison {
  readonly server: string
  /** The least ratio of requests per second to the other's, or undefined if there is no target. */
  readonly atLeast?: number
  /** The most memory above the other's, in MB. */
  readonly mostMoreMb?: number
}

/** The server that the bench is about. */
export const subject = tessera().name
/** The servers to compare with, besides other configurations of Tessera. */
export const references = { floor: floor('ES256').name, oidcProvider: oidcProvider.name } as const

const peers = {
  task: issuing,
  servers: [floor('ES256'), tessera(), oidcProvider],
  comparisons: [
    { server: references.floor, atLeast: 0.85 },
    { server: references.oidcProvider, atLeast: 4 },
  ],
} as const

const onPostgres = { ...peers, servers: [floor('ES256'), tessera({ database: 'postgres' }), oidcProvider] } as const

const es256 = tessera({ label: 'ES256' })
const onePerCore = tessera({ label: 'one worker', workers: 1 })
const oneAsks = tessera({ label: 'one of them asks', asking: 1 })
const unrevoked = tessera({ label: 'none revoked' })
const untraced = tessera({ label: 'no traces' })
const generated = tessera({ label: 'generated' })
const emptyLog = tessera({ label: 'empty log' })
const alone = tessera({ label: 'one tenant alone' })

/** More than the cache holds, so that each token is evicted before its next turn. */
const MANY_TOKENS = 20_000

const MILLION = 1_000_000

/** All measurements. */
const scenarios: readonly Scenario[] = [
  { name: '1 client', clients: 1, ...peers },
  { name: '10,000 clients', clients: 10_000, ...peers },
  {
    name: '1,000,000 clients, all kept in memory',
    clients: MILLION,
    task: issuing,
    servers: [oneAsks, tessera()],
    comparisons: [{ server: oneAsks.name, atLeast: 0.75 }],
  },
  {
    // Each client is evicted before its next turn, so that each request reads the database.
    name: '1,000,000 clients, 100,000 kept',
    clients: MILLION,
    task: issuing,
    servers: [oneAsks, tessera({ kept: 100_000 })],
    comparisons: [{ server: oneAsks.name }],
  },
  { name: '1 client, PostgreSQL', clients: 1, ...onPostgres },
  { name: '10,000 clients, PostgreSQL', clients: 10_000, ...onPostgres },
  {
    name: 'two workers, on the cores of load and database',
    clients: 1,
    task: issuing,
    servers: [onePerCore, tessera({ workers: 2 })],
    comparisons: [{ server: onePerCore.name }],
  },
  {
    name: 'two workers and PostgreSQL, likewise',
    clients: 1,
    task: issuing,
    servers: [
      tessera({ label: 'one worker', workers: 1, database: 'postgres' }),
      tessera({ workers: 2, database: 'postgres' }),
    ],
    comparisons: [{ server: onePerCore.name }],
  },
  {
    name: 'sealed tokens',
    clients: 1,
    task: issuing,
    servers: [es256, tessera({ tokens: 'sealed' })],
    comparisons: [{ server: es256.name, atLeast: 1.4 }],
  },
  {
    name: 'RS256',
    clients: 1,
    task: issuing,
    servers: [floor('RS256'), es256, tessera({ tokens: 'RS256' })],
    comparisons: [{ server: references.floor }, { server: es256.name }],
  },
  {
    name: 'a secret that a person chose',
    clients: 1,
    task: issuing,
    servers: [generated, tessera({ presents: 'chosen secret' })],
    comparisons: [{ server: generated.name, atLeast: 0.95 }],
  },
  {
    name: 'each request traced',
    clients: 1,
    task: issuing,
    servers: [untraced, tessera({ isTraced: true })],
    comparisons: [{ server: untraced.name }],
  },
  {
    name: 'private_key_jwt',
    clients: 1,
    task: issuing,
    servers: [floor('ES256', { presents: 'assertion' }), tessera({ presents: 'assertion' })],
    comparisons: [{ server: references.floor, atLeast: 0.6 }],
  },
  {
    name: 'tokens bound by DPoP',
    clients: 1,
    task: issuing,
    servers: [floor('ES256', { isBound: true }), tessera({ isBound: true })],
    comparisons: [{ server: references.floor }],
  },
  {
    name: 'introspection of 1,000 sealed tokens',
    clients: 1,
    task: introspecting(1_000),
    servers: [floor('sealed'), tessera({ tokens: 'sealed' })],
    comparisons: [{ server: references.floor, atLeast: 0.6 }],
  },
  {
    name: 'introspection of 1,000 JWTs',
    clients: 1,
    task: introspecting(1_000),
    servers: [floor('ES256'), tessera()],
    comparisons: [{ server: references.floor }],
  },
  {
    name: 'introspection of 20,000 JWTs',
    clients: 1,
    task: introspecting(MANY_TOKENS),
    servers: [floor('ES256'), tessera()],
    comparisons: [{ server: references.floor }],
  },
  {
    name: '1,000,000 live revocations',
    clients: 1,
    task: issuing,
    servers: [unrevoked, tessera({ liveRevocations: 1_000_000 })],
    comparisons: [{ server: unrevoked.name, atLeast: 0.9, mostMoreMb: 200 }],
  },
  {
    name: '10,000,000 audit events',
    clients: 10_000,
    isLong: true,
    task: issuing,
    servers: [emptyLog, tessera({ events: 10_000_000 })],
    comparisons: [{ server: emptyLog.name, atLeast: 0.9 }],
  },
  {
    // A million clients and a million events of others.
    name: '1,000 tenants of 1,000 clients',
    clients: 1_000,
    isLong: true,
    task: issuing,
    servers: [alone, tessera({ otherTenants: 999, events: 1_000_000 })],
    comparisons: [{ server: alone.name, atLeast: 0.9 }],
  },
]

export const rowName = (server: string, scenario: Scenario): string => `${server}, ${scenario.name}`

/** The scenarios with the servers of the requested rows. @param only a part of their names; empty for all that don't take long */
export const selected = (only: string): readonly Scenario[] =>
  scenarios
    .filter(({ name, isLong }) => isLong !== true || (only !== '' && name.includes(only)))
    .map((scenario) => ({
      ...scenario,
      servers: scenario.servers.filter((server) => rowName(server.name, scenario).includes(only)),
    }))
    .filter(({ servers }) => servers.length > 0)
