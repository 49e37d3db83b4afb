/** The reasons of every domain error. `http/refusals.ts` has the answer to each. */
export type DomainReason =
  | 'storage_unavailable'
  | 'out_of_date'
  | 'record_unreadable'
  | 'no_signing_key'
  | 'key_unusable'
  | 'too_many_guesses'
  | 'secret_queue_full'
  | 'certificate_malformed'

interface DomainErrorOptions {
  /** Facts for the audit log. They never go on the wire, and never include a secret or a token. */
  readonly detail?: Readonly<Record<string, unknown>>
  /** Seconds after which another attempt may succeed. */
  readonly retryAfter?: number
  readonly cause?: unknown
}

/**
 * An expected failure in a folder that knows no HTTP, such as storage. Each folder declares a class for each of its
 * failures.
 */
export abstract class DomainError extends Error {
  readonly reason: DomainReason
  readonly detail: Readonly<Record<string, unknown>>
  readonly retryAfter: number | undefined

  constructor(reason: DomainReason, { detail = {}, retryAfter, cause }: DomainErrorOptions = {}) {
    super(reason, { cause })
    this.reason = reason
    this.detail = detail
    this.retryAfter = retryAfter
  }
}
