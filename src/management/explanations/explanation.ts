import type { Advice } from './advice/advice.ts'
import type { Step } from './steps.ts'

/** An event in the words of its time. */
interface ExplainedEvent {
  /** ISO 8601. */
  readonly time: string
  readonly type: string
  readonly result: string
  readonly requestId: string
  readonly clientId: string | undefined
  readonly remoteAddress: string | undefined
  /** The label of the credential that the detail names, if it has one. */
  readonly credentialLabel: string | undefined
  readonly detail: Readonly<Record<string, unknown>>
}

/** The refusal of an event, explained. */
export interface ExplainedRefusal extends Required<Advice> {
  readonly reason: string
  readonly meaning: string
  readonly answered: { readonly status: number; readonly error: string }
}

/** The explanation of one request. */
export interface Explanation extends ExplainedEvent {
  /** Undefined for a success, and for a reason of another version. */
  readonly refusal: ExplainedRefusal | undefined
  /** The decisions that led to an issued token; none for any other request. */
  readonly steps: readonly Step[]
}
