import type { ErrorCode, Refusal } from '../oauth/refusal.ts'
import { Durations } from './durations.ts'
import type { Reading, Readings } from './readings.ts'

/** The endpoints by which requests are counted. */
export type CountedEndpoint = 'token' | 'introspection' | 'revocation' | 'keys' | 'metadata' | 'other'

/** A result of requests, and the number of requests with it. */
interface Outcome {
  readonly status: number
  readonly error: ErrorCode | 'none'
  /** The reason of a refusal; undefined for a response that is none. */
  readonly reason: string | undefined
  count: number
}

/** The requests of one endpoint, in plain fields, so that counting makes no strings and looks up no labels. */
class EndpointTraffic {
  inFlight = 0
  readonly durations = new Durations()
  /** Outcomes keyed by status, or by the reason of a refusal. */
  readonly outcomes = new Map<number | string, Outcome>()

  begin(): void {
    this.inFlight += 1
  }

  /** @param elapsed milliseconds */
  end(outcome: number | Refusal, elapsed: number): void {
    this.inFlight -= 1
    this.durations.add(elapsed)
    this.#count(outcome)
  }

  refuse(refusal: Refusal): void {
    this.#count(refusal)
  }

  #count(ended: number | Refusal): void {
    const isAnswer = typeof ended === 'number'
    const key = isAnswer ? ended : ended.reason
    const outcome = this.outcomes.get(key)
    if (outcome !== undefined) outcome.count += 1
    else if (isAnswer) this.outcomes.set(key, { status: ended, error: 'none', reason: undefined, count: 1 })
    else this.outcomes.set(key, { status: ended.status, error: ended.code, reason: ended.reason, count: 1 })
  }
}

/** The requests to the runtime listener. */
export class Traffic {
  readonly #endpoints: Readonly<Record<CountedEndpoint, EndpointTraffic>> = {
    token: new EndpointTraffic(),
    introspection: new EndpointTraffic(),
    revocation: new EndpointTraffic(),
    keys: new EndpointTraffic(),
    metadata: new EndpointTraffic(),
    other: new EndpointTraffic(),
  }

  /** The counter of an endpoint. */
  of(name: CountedEndpoint): EndpointTraffic {
    return this.#endpoints[name]
  }

  read(): Readings {
    const all = Object.entries(this.#endpoints)
    return {
      tessera_requests_total: all.flatMap(([endpoint, { outcomes }]) => byAnswer(endpoint, outcomes)),
      tessera_refusals_total: all.flatMap(([, { outcomes }]) => byReason(outcomes)),
      tessera_request_duration_seconds: all.map(([endpoint, { durations }]) => ({
        labels: { endpoint },
        value: durations,
      })),
      tessera_requests_in_flight: all.map(([endpoint, { inFlight }]) => ({ labels: { endpoint }, value: inFlight })),
    }
  }
}

type Outcomes = EndpointTraffic['outcomes']

/** Refusals with different reasons may have the same labels here. Aggregation adds them up. */
const byAnswer = (endpoint: string, outcomes: Outcomes): readonly Reading<'tessera_requests_total'>[] =>
  Array.from(outcomes.values(), ({ status, error, count }) => ({
    labels: { endpoint, status: String(status), error },
    value: count,
  }))

const byReason = (outcomes: Outcomes): readonly Reading<'tessera_refusals_total'>[] =>
  [...outcomes.values()].flatMap(({ reason, count }) =>
    reason === undefined ? [] : [{ labels: { reason }, value: count }],
  )
