import type { Audience, ClientId, CredentialId } from '../oauth/ids.ts'
import { DAY_MS } from '../platform/clock.ts'

/** The intervals by which usage is counted. Milliseconds. */
export const resolutions = { minute: 60_000, hour: 3_600_000, day: DAY_MS } as const

export type Resolution = keyof typeof resolutions

/** The beginning of the interval that contains a time. Milliseconds. Days are those of UTC. */
export const intervalOf = (resolution: Resolution, at: number): number =>
  Math.floor(at / resolutions[resolution]) * resolutions[resolution]

/** In place of an id: no API was named, no credential was verified, or the clients were too many to count each. */
export const NONE = ''

/** The outcome of a request that got a token. Each token has it once, whatever the number of its APIs. */
export const ISSUED = 'issued'
/** The same token, for another API beside the first. */
export const ALSO_ISSUED = 'also_issued'

/** Any other outcome is the reason of a refusal, which is from the table of refusals. */
export const isRefusal = (outcome: string): boolean => outcome !== ISSUED && outcome !== ALSO_ISSUED

/** The requests of one minute that have everything else in common. */
export interface UsageCount {
  /** The beginning of the minute. Milliseconds. */
  readonly at: number
  readonly clientId: ClientId | typeof NONE
  readonly audience: Audience | typeof NONE
  readonly credentialId: CredentialId | typeof NONE
  readonly outcome: string
  readonly count: number
  /** The sum of the lifetimes of the tokens. */
  readonly tokenSeconds: number
}

/** Counts that are written together. */
export interface UsageBatch {
  /** 16 random bytes, by which a batch is counted once, even if it is written again. */
  readonly id: Buffer
  /** The id is remembered until then. Milliseconds. */
  readonly expiresAt: number
  /** No two counts differ in their numbers alone. */
  readonly counts: readonly UsageCount[]
}

/** A selection of counts. All conditions apply. */
export interface UsageFilter {
  readonly clients?: readonly ClientId[]
  /**
   * Only counts of clients with one of these owners, for a reader who may see no others. An earlier client of the same id may have counts
   * in the interval in which a client was created. There and before, only counts of the present credentials are its own.
   */
  readonly owners?: readonly string[]
  readonly api?: Audience
  readonly credential?: CredentialId
}

export type Dimension = 'at' | 'client' | 'api' | 'credential'

/** The counts from `since` up to, but not including, `until`; both in milliseconds. */
export interface UsageQuery {
  readonly resolution: Resolution
  readonly since: number
  readonly until: number
  readonly filter: UsageFilter
}

/** The sum of all counts with one outcome that have the asked dimensions in common. A dimension that was not asked for is absent. */
export interface UsageSum {
  readonly at?: number
  readonly client?: string
  readonly api?: string
  readonly credential?: string
  readonly outcome: string
  readonly count: number
  readonly tokenSeconds: number
}

/** The number of counts in one interval. */
export interface Rows {
  readonly at: number
  readonly rows: number
}

/** Stores the usage of one tenant. Every call rejects when the database fails. */
export interface UsageStore {
  /** Adds the counts to their minute, hour and day, all or nothing. A batch that was added before is not added again. */
  add(batch: UsageBatch): Promise<void>
  /** The sums for each value of the dimensions; by time, if `at` is among them. */
  sums(query: UsageQuery, by: readonly Dimension[]): Promise<readonly UsageSum[]>
  /** The next clients that have counts, by id. @param after undefined for the first ones */
  clientsWith(query: UsageQuery, after: string | undefined, most: number): Promise<readonly ClientId[]>
  /** The intervals that have counts, oldest first, from a time on. */
  intervals(resolution: Resolution, from: number, most: number): Promise<readonly Rows[]>
  /** Removes at most `most` rows from before a time. @returns how many */
  pruneUsage(resolution: Resolution, time: number, most: number): Promise<number>
  /** Removes at most `most` rows: first those dated after `ahead`, the latest first, then the oldest. @returns how many */
  removeFirst(resolution: Resolution, ahead: number, most: number): Promise<number>
}
