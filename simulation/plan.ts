/** What is to be sized: the load, and what it runs on. The figures of `options.ts`, parsed. */
export interface Plan {
  /** Tokens a second, in all regions together; each has an equal part. */
  readonly rate: number
  /** The part of the tokens that is issued in each way; they add up to 1. */
  readonly mix: Readonly<Record<Issuing, number>>
  /** Introspections for each token. */
  readonly introspections: number
  readonly regions: number
  readonly coresPerNode: number
  /** The part of each core that may be busy while nothing has failed. */
  readonly utilisation: number
  /** What may fail with the rest still serving everything: a node of each database, or a whole region as well. */
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
  /** Where audit events go: into the database, as they do, or elsewhere, as a store of one's own could. */
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
