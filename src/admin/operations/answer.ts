import { hash } from 'node:crypto'

/** The result of an operation. */
export interface Answer {
  /** JSON; undefined if the answer has no content. */
  readonly body?: unknown
  /** The state of which the `ETag` is (RFC 9110 §8.8.3); the body if undefined. `null` for a body that has no version. */
  readonly state?: unknown
  /** Members to add to the body now, and never again: generated secrets. */
  readonly shownOnce?: Readonly<Record<string, unknown>>
  /** The path of what was created, below `/api/v1`. */
  readonly location?: string
}

/** The strong validator of a state (RFC 9110 §8.8.1). Equal states have equal tags, on every server. */
export const etagOf = (state: unknown): string => `"${hash('sha256', JSON.stringify(state), 'base64url').slice(0, 27)}"`
