import { AdministratorRefusal } from '../../administrators/refusal.ts'
import type { HttpResponse } from '../../http/message.ts'
import { expectedRefusal, NEVER_STORED } from '../../http/respond.ts'
import { OwnedByManifest } from '../../management/ownership.ts'
import type { RequestId } from '../../oauth/ids.ts'
import type { Refusal } from '../../oauth/refusal.ts'
import { FieldError, type MistakeKind, UserError } from '../../platform/user-error.ts'
import { etagOf } from '../operations/answer.ts'
import { fieldProblem, type InputProblem, InvalidBody, InvalidInput } from '../operations/input.ts'
import { OutdatedPlan, PreconditionRequired, Stale } from '../operations/precondition.ts'
import { statusOf } from '../sessions/status.ts'
import { type ProblemName, pageOf, problemNames, problemTypes } from './problem-types.ts'

/** Seconds after which a caller may try again if a part of the server is away. */
const RETRY_AFTER = 1

interface ProblemDetails {
  readonly detail?: string
  readonly errors?: readonly InputProblem[]
  /** The present state, for a stale change. */
  readonly present?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** An error in the terms of RFC 9457. */
interface Problem extends ProblemDetails {
  readonly name: ProblemName
  /** The status, if it is not that of the name. */
  readonly status?: number
}

/** The error that is not one of ours: the caller learns nothing about it. */
export const isDefect = (error: unknown): boolean => problemOf(error).name === 'server-error'

/** The answer to an error of any kind. @param challenge the `WWW-Authenticate` of a 401 (RFC 6750 §3) */
export function problemResponse(error: unknown, requestId: RequestId, challenge = 'Bearer'): HttpResponse {
  const { name, headers, status = problemTypes[name].status, ...details } = problemOf(error)
  const { title } = problemTypes[name]
  return {
    status,
    headers: {
      'Content-Type': 'application/problem+json',
      ...NEVER_STORED,
      ...headers,
      ...(status === 401 && { 'WWW-Authenticate': challenge }),
    },
    body: JSON.stringify({ type: pageOf(name), title, status, ...details, request_id: requestId }),
  }
}

/** The answer to a refusal that comes before any endpoint. */
export const refusalResponse = (refusal: Refusal, challenge: string, requestId: RequestId): HttpResponse =>
  problemResponse(refusal, requestId, challenge)

const OF_KINDS = {
  invalid: 'invalid-fields',
  usage: 'invalid-fields',
  not_found: 'not-found',
  refused: 'not-allowed',
  conflict: 'conflict',
} as const satisfies Record<MistakeKind, ProblemName>

function problemOf(error: unknown): Problem {
  if (error instanceof InvalidInput) {
    const name = error instanceof InvalidBody ? 'invalid-fields' : 'malformed-request'
    return { name, errors: error.problems }
  }
  if (error instanceof AdministratorRefusal) return { name: nameOf(statusOf(error)), detail: error.message }
  if (error instanceof FieldError) return { name: 'invalid-fields', errors: [fieldProblem(error)] }
  if (error instanceof PreconditionRequired) return { name: 'precondition-required', detail: error.message }
  if (error instanceof Stale) {
    const { message: detail, present } = error
    if (present === undefined) return { name: 'stale', detail }
    return { name: 'stale', detail, present, headers: { ETag: etagOf(present) } }
  }
  if (error instanceof OwnedByManifest) return { name: 'owned-by-manifest', detail: error.message }
  if (error instanceof OutdatedPlan) return { name: 'outdated-plan', detail: error.message }
  if (error instanceof UserError) return { name: OF_KINDS[error.kind], detail: error.message }
  const refusal = expectedRefusal(error)
  return refusal === undefined ? { name: 'server-error' } : ofRefusal(refusal)
}

function ofRefusal({ status, description, allow, retryAfter, dpopNonce }: Refusal): Problem {
  const name = nameOf(status)
  const after = retryAfter ?? (name === 'unavailable' ? RETRY_AFTER : undefined)
  return {
    name,
    ...(name !== 'server-error' && { status, detail: description }),
    headers: {
      ...(allow !== undefined && { Allow: allow }),
      ...(after !== undefined && { 'Retry-After': String(after) }),
      ...(dpopNonce !== undefined && { 'DPoP-Nonce': dpopNonce }),
    },
  }
}

/** The kind of problem with a status. A status without one, such as 431 of a listener, has the nearest general kind. */
const nameOf = (status: number): ProblemName =>
  problemNames.find((name) => problemTypes[name].status === status) ??
  (status < 500 ? 'malformed-request' : 'server-error')
