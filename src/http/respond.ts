import { Refusal } from '../oauth/refusal.ts'
import { DomainError } from '../platform/domain-error.ts'
import type { HttpResponse } from './message.ts'
import { refusal } from './refusals.ts'

/** The headers of an answer that no cache may keep (RFC 6749 §5.1). */
export const NEVER_STORED = { 'Cache-Control': 'no-store', Pragma: 'no-cache' } as const

const JSON_HEADERS = { 'Content-Type': 'application/json;charset=UTF-8', ...NEVER_STORED } as const

/** A JSON answer with `Cache-Control: no-store`. */
export const json = (status: number, body: unknown): HttpResponse => ({
  status,
  headers: JSON_HEADERS,
  body: JSON.stringify(body),
})

/** Converts anything thrown to a refusal. An unexpected error is a defect, and its answer reveals nothing about it. */
export const asRefusal = (error: unknown): Refusal => expectedRefusal(error) ?? refusal('unexpected', { cause: error })

/** The refusal that an error stands for; undefined if the error is a defect. */
export function expectedRefusal(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error
  if (!(error instanceof DomainError)) return undefined
  const { reason, detail, retryAfter, cause } = error
  return refusal(reason, { detail, retryAfter, cause })
}

/**
 * Makes the answer to every error (RFC 6749 §5.2). Client libraries show the description alone, so it ends with the request id.
 * @param challenge the `WWW-Authenticate` of every 401 (RFC 9110 §11.6.1)
 */
export function errorResponse(error: Refusal, challenge: string, requestId: string): HttpResponse {
  const { status, dpopNonce, allow } = error
  const retryAfter = error.retryAfter ?? (status === 503 ? 1 : undefined)
  const headers = {
    ...JSON_HEADERS,
    ...(status === 401 && { 'WWW-Authenticate': challenge }),
    ...(retryAfter !== undefined && { 'Retry-After': String(retryAfter) }),
    ...(dpopNonce !== undefined && { 'DPoP-Nonce': dpopNonce }),
    ...(allow !== undefined && { Allow: allow }),
  }
  return {
    status,
    headers,
    body: JSON.stringify({ error: error.code, error_description: `${error.description} (request ${requestId})` }),
  }
}
