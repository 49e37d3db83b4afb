/** The requests of a node in the last minute. */
export interface RecentRequests {
  /** Requests to endpoints of OAuth that were answered, whatever the answer. In its first minute, all of them. */
  readonly perMinute: number
  /** The times of answering in milliseconds, estimated from a histogram; undefined if there was no request. */
  readonly latency: { readonly p50: number; readonly p95: number; readonly p99: number } | undefined
}

/** The state of a node at a moment, its workers included. */
export interface NodeState {
  /** The processes that serve. */
  readonly workers: number
  /** A digest of the options that should be the same on all nodes. */
  readonly configDigest: string
  /** For how long the node may have missed a change; 0 within the second that every change takes. Milliseconds. */
  readonly changeLag: number
  /** The ids of the keys that the node can use. */
  readonly keysSeen: readonly string[]
  /** The reasons why the node should get no requests, one line each. */
  readonly problems: readonly string[]
  readonly requests: RecentRequests
}

/** A server on the shared database. Times are milliseconds of its own clock. */
export interface Node extends NodeState {
  readonly id: string
  readonly host: string
  readonly version: string
  readonly startedAt: number
  readonly lastSeenAt: number
}

/** The bounds of what nodes store. Servers alone add rows, but one that starts again and again adds many. */
export const NODE_LIMITS = {
  /** The most nodes that are kept and listed. */
  nodes: 500,
  /** Rows from longer ago are removed. Milliseconds. */
  age: 3_600_000,
  keys: 64,
  problems: 16,
  /** The most characters of any text. */
  text: 300,
} as const

/** Stores the nodes, which belong to no tenant. Every call rejects when the database fails. */
export interface NodeStore {
  /** Adds the node, or replaces what was stored of it. */
  putNode(node: Node): Promise<void>
  removeNode(id: string): Promise<void>
  /** The nodes that were seen last, at most `most`. A row that can't be read is left out. */
  listNodes(most: number): Promise<readonly Node[]>
  /** Removes nodes last seen before a time, and those beyond the `kept` that were seen last; some of them, if there are many. */
  removeOldNodes(time: number, kept: number): Promise<void>
}
