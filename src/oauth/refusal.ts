/**
 * The error codes of RFC 6749 §5.2 and §4.1.2.1, RFC 8707 §2, RFC 9449 §5 and §8. The last two say that the server
 * can't answer.
 */
export type ErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'
  | 'invalid_scope'
  | 'invalid_target'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce'
  | 'temporarily_unavailable'
  | 'server_error'

/** The answer of a refusal, and its meaning. */
interface RefusalEntry {
  readonly error: ErrorCode
  /** The status of the answer (RFC 6749 §5.2, RFC 9110 §15). */
  readonly status: number
  /** The text on the wire: the same for all reasons that must not be told apart. */
  readonly description: string
  /** The explanation for an administrator, beyond the description. */
  readonly meaning: string
}

/** The refusals that a feature declares, by their reasons. */
export type RefusalTable = Readonly<Record<string, RefusalEntry>>

/** One answer to every failed authentication, so that guessing reveals nothing (RFC 6749 §5.2). */
export const NOT_AUTHENTICATED = {
  error: 'invalid_client',
  status: 401,
  description: 'Invalid client or client credentials',
} as const
export const BAD_REQUEST = { error: 'invalid_request', status: 400 } as const

interface RefusalOptions {
  /** Replaces the description of the reason on the wire. It never repeats what the client sent. */
  readonly description?: string
  /** Facts for the audit log. They never go on the wire, and never include a secret or a token. */
  readonly detail?: Readonly<Record<string, unknown>>
  /** Seconds after which another attempt may succeed. */
  readonly retryAfter?: number | undefined
  /** The nonce for the next DPoP proof (RFC 9449 §8). */
  readonly dpopNonce?: string
  /** The `Allow` header: the methods of the path (RFC 9110 §10.2.1). */
  readonly allow?: string
  readonly cause?: unknown
  /** The answer is held back until this resolves. If it is undefined, the answer is sent at once. */
  readonly held?: Promise<void> | undefined
}

/** An expected refusal, at any step of a request. Only `http/respond.ts` makes an answer of it. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  /** The key of the refusal in the table of its feature. */
  readonly reason: string
  readonly code: ErrorCode
  readonly status: number
  readonly description: string
  readonly detail: Readonly<Record<string, unknown>>
  readonly held: Promise<void> | undefined
  readonly #entry: RefusalEntry
  readonly #options: RefusalOptions

  constructor(reason: string, entry: RefusalEntry, options: RefusalOptions = {}) {
    super(reason, { cause: options.cause })
    this.reason = reason
    this.code = entry.error
    this.status = entry.status
    this.description = options.description ?? entry.description
    this.detail = options.detail ?? {}
    this.held = options.held
    this.#entry = entry
    this.#options = options
  }

  get retryAfter(): number | undefined {
    return this.#options.retryAfter
  }

  get dpopNonce(): string | undefined {
    return this.#options.dpopNonce
  }

  get allow(): string | undefined {
    return this.#options.allow
  }

  /** Returns the same refusal, with more facts for the audit log. */
  with(detail: Readonly<Record<string, unknown>>, held = this.held): Refusal {
    return new Refusal(this.reason, this.#entry, { ...this.#options, held, detail: { ...detail, ...this.detail } })
  }
}

/** Makes the function that creates the refusals of a feature. It takes only the reasons in the feature's table. */
export const refusing =
  <Reason extends string>(table: Readonly<Record<Reason, RefusalEntry>>) =>
  (reason: Reason, options?: RefusalOptions): Refusal =>
    new Refusal(reason, table[reason], options)
