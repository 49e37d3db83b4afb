/** The load: a lean HTTP/1.1 client over `node:net`, in a process of its own that takes orders. Imports nothing of ours. */

/** The bytes that are sent: each request is the head, one of the values, and the tail. */
export interface Requests {
  readonly port: number
  readonly head: string
  /** What differs from one request to another: they take these in turn. */
  readonly values: readonly string[]
  /** In place of the values: a JWT that is made for each request, as it is sent. */
  readonly signed?: SignedValue
  readonly tail: string
}

/** A JWT by ES256, but for its `jti` and its times. */
export interface SignedValue {
  /** PEM. */
  readonly privateKey: string
  readonly header: object
  readonly claims: object
  /** Seconds from `iat` to `exp`; undefined where there is no `exp`. */
  readonly lifetime: number | undefined
}

/** What to send, and for how long. */
export interface LoadOrder extends Requests {
  /** Each has one request under way, and sends the next as soon as that is answered, or as one is due. */
  readonly connections: number
  /**
   * Requests that are due in a second, at chance moments, as those of clients that know nothing of each other are; each takes
   * as long as it is late, the wait for a connection included. Unset where all connections are always busy.
   */
  readonly rate?: number
  readonly seconds: number
  /** The number of the value to begin with: where the order before ended, so that all have their turn. */
  readonly from: number
  /** It goes on, beyond the seconds, until so many requests are answered. */
  readonly atLeast: number
}

/** What came of an order, as a line of JSON. */
export type LoadOutcome = LoadResult | { readonly failure: string }

export interface LoadResult {
  /** All answers, those after the time was up included; each of them was 200. */
  readonly answered: number
  /** Of those within the time. */
  readonly rps: number
  readonly p50_ms: number
  readonly p99_ms: number
  /** From the first request to the last answer. */
  readonly elapsed_ms: number
  /** The part of its core that the load itself used: near 1, it measures itself. */
  readonly loadBusy: number
}
