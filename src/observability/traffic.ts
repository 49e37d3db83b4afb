import { type Reason, refusals } from '../oauth/refusals.ts'
import { Durations } from './durations.ts'
import type { Reading, Readings } from './readings.ts'

/** What requests are told apart by. */
export type EndpointName = 'token' | 'introspection' | 'revocation' | 'keys' | 'metadata' | 'other'

/** The requests of one endpoint, in plain fields: counting costs no text and no look-up by labels. */
class EndpointTraffic {
  inFlight = 0
  readonly durations = new Durations()
  /** By status, or by the reason of a refusal, from which status and error code follow. */
  readonly outcomes = new Map<number | Reason, number>()

  begin(): void {
    this.inFlight += 1
  }

  /** @param elapsed milliseconds */
  end(outcome: number | Reason, elapsed: number): void {
    this.inFlight -= 1
    this.durations.add(elapsed)
    this.#count(outcome)
  }

  refuse(reason: Reason): void {
    this.#count(reason)
  }

  #count(outcome: number | Reason): void {
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1)
  }
}

/** The requests to the runtime listener. */
export class Traffic {
  readonly #endpoints: Readonly<Record<EndpointName, EndpointTraffic>> = {
    token: new EndpointTraffic(),
    introspection: new EndpointTraffic(),
    revocation: new EndpointTraffic(),
    keys: new EndpointTraffic(),
    metadata: new EndpointTraffic(),
    other: new EndpointTraffic(),
  }

  /** What counts the requests of an endpoint. */
  of(name: EndpointName): EndpointTraffic {
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

/** Several refusals may be one answer: these add up where they are put together. */
const byAnswer = (endpoint: string, outcomes: Outcomes): readonly Reading<'tessera_requests_total'>[] =>
  [...outcomes].map(([outcome, value]) => {
    const { status, error } = typeof outcome === 'number' ? { status: outcome, error: 'none' } : refusals[outcome]
    return { labels: { endpoint, status: String(status), error }, value }
  })

const byReason = (outcomes: Outcomes): readonly Reading<'tessera_refusals_total'>[] =>
  [...outcomes].flatMap(([outcome, value]) =>
    typeof outcome === 'number' ? [] : [{ labels: { reason: outcome }, value }],
  )
