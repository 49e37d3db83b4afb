/**
 * The orders of the load generator, a lean HTTP/1.1 client over `node:net` in its own process. Imports nothing of ours.
 */

/** The bytes of the requests. Each request is the head, one of the values, and the tail. */
export interface Requests {
  readonly port: number
  readonly head: string
  /** The varying parts of the requests, used in turn. */
  readonly values: readonly string[]
  /** A JWT that is made for each request as it is sent, instead of the values. */
  readonly signed?: SignedValue
  readonly tail: string
}

/** An ES256 JWT without its `jti` and its times. */
export interface SignedValue {
  /** PEM. */
  readonly privateKey: string
  readonly header: object
  readonly claims: object
  /** Seconds from `iat` to `exp`. Undefined leaves out `exp`. */
  readonly lifetime: number | undefined
}

/** The requests to send, and for how long. */
export interface LoadOrder extends Requests {
  /**
   * The number of connections. Each has one request under way, and sends the next after its answer or when one is due.
   */
  readonly connections: number
  /**
   * Requests that are due per second, at random moments, like those of independent clients. A duration includes the
   * delay and the wait for a connection. If this is unset, all connections are always busy.
   */
  readonly rate?: number
  readonly seconds: number
  /**
   * The index of the first value. An order continues where the previous one ended, so that all values have their turn.
   */
  readonly from: number
  /** The order goes on after its time until this many requests are answered. */
  readonly atLeast: number
}

/** The outcome of an order, as a line of JSON. */
export type LoadOutcome = LoadResult | { readonly failure: string }

export interface LoadResult {
  /** All answers, including those after the time. Each of them was 200. */
  readonly answered: number
  /** Answers per second within the time. */
  readonly rps: number
  readonly p50_ms: number
  readonly p99_ms: number
  /** From the first request to the last answer. */
  readonly elapsed_ms: number
  /** The part of its core that the load generator used. Near 1, it measures itself. */
  readonly loadBusy: number
}
