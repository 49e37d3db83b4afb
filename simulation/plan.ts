/** The load to size for, and the machines it runs on: the parsed options of `options.ts`. */
export interface Plan {
  /** Tokens a second, in all regions together; each has an equal part. */
  readonly rate: number
  /** The share of tokens issued in each way; the shares add up to 1. */
  readonly mix: Readonly<Record<Issuing, number>>
  /** Introspections for each token. */
  readonly introspections: number
  readonly regions: number
  readonly coresPerNode: number
  /** The part of each core that may be busy while nothing has failed. */
  readonly utilisation: number
  /** The largest failure after which the rest still serves everything: a node of each database, or also a whole region. */
  readonly survive: Survived
  /** The part of each core that may be busy while it has failed. */
  readonly utilisationAfterLoss: number
  /** Clients, in all regions together; all ask equally often. */
  readonly clients: number
  /** `cache.clients`: clients that a process keeps in memory. */
  readonly cache: number
  /** Requests over one connection. 0: TLS ends at a proxy, and connections cost nothing here. */
  readonly requestsPerConnection: number
  /** The part of the connections that resume a TLS session. */
  readonly resumed: number
  /** Tokens revoked one by one, a second, in all regions together. */
  readonly revocations: number
  /** Seconds that tokens live. */
  readonly lifetime: number
  /** The place of audit events: the database, as today, or `elsewhere`, which needs a store of your own. */
  readonly audit: 'database' | 'elsewhere'
  /** Rows a second that one database commits. */
  readonly databaseRows: number
  /** Connections that one database takes, and that each process may hold. */
  readonly databaseConnections: number
  readonly connectionsPerProcess: number
  readonly coresPerDatabase: number
  /** The price of a core for an hour, in whatever currency. */
  readonly coreHour: number
}

export const ISSUING = ['es256_basic', 'private_key_jwt', 'dpop', 'sealed'] as const
export type Issuing = (typeof ISSUING)[number]

export const SURVIVED = ['nothing', 'node', 'region'] as const
type Survived = (typeof SURVIVED)[number]

/** Those that count once: each writes a mark before it is answered. */
const MARKED: readonly Issuing[] = ['private_key_jwt', 'dpop']

/** The part of the tokens whose requests need a write. */
export const markedShare = ({ mix }: Plan): number => MARKED.reduce((sum, kind) => sum + mix[kind], 0)
