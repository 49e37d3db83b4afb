import type { Refusal } from '../oauth/refusal.ts'

/** Counts the requests of one endpoint: called for each of them, it must cost next to nothing. */
export interface Meter {
  /** The whole of a request is there, and its endpoint begins. */
  begin(): void
  /** What began has ended. @param outcome the status, or the refusal @param elapsed milliseconds since it began */
  end(outcome: number | Refusal, elapsed: number): void
  /** A request was refused before any endpoint saw it. */
  refuse(refusal: Refusal): void
}

/** What counts the requests for a path; undefined stands for every path that is not served, and for what is not HTTP. */
export type MeterFor = (path: string | undefined) => Meter
