/** A place between events: events have numbers, and later ones have greater numbers. */
export type EventPlace = { readonly before: number } | { readonly after: number }

/** The properties of the wanted events. Each given property must hold; of a list, one value must hold. */
export interface EventFilter {
  /** Milliseconds: events at this time or later. */
  readonly since?: number | undefined
  /** Milliseconds: events before this time. */
  readonly until?: number | undefined
  readonly clientIds?: readonly string[] | undefined
  /**
   * Only events of clients that one of these groups owns now, for a reader who may see no others. An empty list allows no event. Events
   * without a client, and those of a removed client, belong to nobody, even if a later client has its id.
   */
  readonly owners?: readonly string[] | undefined
  readonly types?: readonly string[] | undefined
  readonly result?: string | undefined
  /** The reasons of refusals. */
  readonly reasons?: readonly string[] | undefined
  /** The name of an account, of an administrator, or of a client that acted. */
  readonly actor?: string | undefined
  /** The id of one request. An event that gathers equal refusals has several ids. */
  readonly requestId?: string | undefined
  /** The trace of the caller. */
  readonly traceId?: string | undefined
  /** The id of a credential that authenticated, or that was changed. */
  readonly credential?: string | undefined
  /** The audience of an API that a token was issued for. */
  readonly audience?: string | undefined
}

export interface EventQuery extends EventFilter {
  /** The most events to return. */
  readonly limit: number
  /** Where to begin: without it, at the newest event. */
  readonly from?: EventPlace | undefined
  /** Only events before which none can appear any more. A reader who goes on from `newer` then misses none. */
  readonly settled?: boolean | undefined
}

/** The most values in one list of a filter. */
export const MOST_VALUES = 1_000
/** Characters of one value. No event has longer names or ids. */
export const LONGEST_VALUE = 4_096
/** The most events of one page. */
export const LARGEST_PAGE = 1_000
