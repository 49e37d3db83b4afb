import type { BenchClient } from '../fleet.ts'
import type { Unexpected } from './verdict.ts'

/** A server behind the load's own balancer. */
export interface Backend {
  readonly name: string
  readonly origin: string
  /** The address that serves `/readyz`. */
  readonly admin: string
}

/** The clients of the load, and the servers that they ask. */
export interface TrafficSetup {
  readonly backends: readonly Backend[]
  readonly services: readonly BenchClient[]
  readonly signers: readonly string[]
  readonly bound: BenchClient
  readonly opener: BenchClient
  readonly revoker: BenchClient
  readonly rotating: BenchClient
  readonly watcher: BenchClient
  readonly edge: { readonly id: string; readonly header: string }
  /** The key of assertions and proofs, PEM and JWK. */
  readonly key: { readonly privateKey: string; readonly publicJwk: object }
}

/** A line of standard input. The first is the setup; each other gets a report in answer. */
export type TrafficOrder =
  /** Sends as many requests as are answered, to measure the rate. */
  | { readonly order: 'fill'; readonly seconds: number }
  /** Sends at a rate until `stop`. */
  | { readonly order: 'run'; readonly rate: number }
  /** The next secret of the client whose secret is rotated. */
  | { readonly order: 'secret'; readonly secret: string }
  | { readonly order: 'report' }
  | { readonly order: 'stop' }

/** All since the start of the process. */
export interface TrafficReport {
  readonly answered: number
  readonly byKind: Readonly<Record<string, number>>
  /** Requests that were due while too many were under way. */
  readonly unsent: number
  /** Answers a second while the load was full. */
  readonly full: number
  /** Since `run`. */
  readonly p50_ms: number
  readonly p99_ms: number
  readonly unexpected: readonly Unexpected[]
}
