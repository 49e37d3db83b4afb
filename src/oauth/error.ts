import { type ErrorCode, type Reason, refusals } from './refusals.ts'

interface OAuthErrorOptions {
  /** Said on the wire in place of the reason's own description; never with anything the client sent. */
  readonly description?: string
  /** Recorded for the administrator, never on the wire; never a secret or a token. */
  readonly detail?: Readonly<Record<string, unknown>>
  /** Further response headers, such as `Allow`. */
  readonly headers?: Readonly<Record<string, string>>
  readonly cause?: unknown
  /** The answer is held back until this resolves. If it is undefined, the answer is sent at once. */
  readonly held?: Promise<void> | undefined
}

/** An expected refusal, at any step of a request; made into bytes in one place, `http/respond.ts`. */
export class OAuthError extends Error {
  override readonly name = 'OAuthError'
  readonly reason: Reason
  readonly code: ErrorCode
  readonly status: number
  readonly description: string
  readonly detail: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string>>
  readonly held: Promise<void> | undefined

  constructor(reason: Reason, options: OAuthErrorOptions = {}) {
    const refusal = refusals[reason]
    super(reason, { cause: options.cause })
    this.reason = reason
    this.code = refusal.error
    this.status = refusal.status
    this.description = options.description ?? refusal.description
    this.detail = options.detail ?? {}
    this.headers = options.headers ?? {}
    this.held = options.held
  }

  /** The same refusal, with more to tell the administrator. */
  with(detail: Readonly<Record<string, unknown>>, held = this.held): OAuthError {
    const { description, headers, cause } = this
    return new OAuthError(this.reason, { description, headers, cause, held, detail: { ...detail, ...this.detail } })
  }
}
