/** A wrong field or parameter of a request. */
export interface FieldProblem {
  /** A JSON pointer into the body (RFC 6901). */
  readonly pointer?: string
  readonly parameter?: string
  readonly detail: string
}

interface ProblemBody {
  readonly type?: string
  readonly title?: string
  readonly detail?: string
  readonly errors?: readonly FieldProblem[]
  readonly present?: unknown
  readonly request_id?: string
}

/** A refusal of the admin API (RFC 9457). */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly status: number
  /** The last part of the type, such as `stale`. */
  readonly kind: string
  readonly title: string
  readonly detail: string
  readonly errors: readonly FieldProblem[]
  /** The present state, where a change was made on another one. */
  readonly present: unknown
  readonly etag: string | undefined
  readonly requestId: string | undefined

  constructor(response: Response, body: ProblemBody) {
    super(body.detail ?? body.title ?? response.statusText)
    this.status = response.status
    this.kind = body.type?.split('/').at(-1) ?? ''
    this.title = body.title ?? response.statusText
    this.detail = body.detail ?? ''
    this.errors = body.errors ?? []
    this.present = body.present
    this.etag = response.headers.get('etag') ?? undefined
    this.requestId = body.request_id ?? response.headers.get('x-request-id') ?? undefined
  }

  /** The problem of one field. @param pointer such as `/name` */
  at(pointer: string): string | undefined {
    return this.errors.find((one) => one.pointer === pointer)?.detail
  }
}

/** The server gave no answer. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable'
}

export const isStale = (error: unknown): error is Problem => error instanceof Problem && error.status === 412
export const isMissing = (error: unknown): error is Problem => error instanceof Problem && error.status === 404
