import type { Refusal } from '../oauth/refusal.ts'

/** Counts the requests of one endpoint. It is called for each request, so it must cost next to nothing. */
export interface Meter {
  /** A complete request has arrived, and its endpoint starts. */
  begin(): void
  /** The endpoint has ended. @param outcome the status, or the refusal @param elapsed milliseconds since `begin` */
  end(outcome: number | Refusal, elapsed: number): void
  /** A request was refused before any endpoint saw it. */
  refuse(refusal: Refusal): void
}

/** Returns the meter of a path. Undefined stands for every path that is not served, and for data that is not HTTP. */
export type MeterFor = (path: string | undefined) => Meter
