import { OAuthError } from '../oauth/error.ts'
import type { HttpResponse } from './message.ts'

/** RFC 6749 §5.1: nothing on the way may keep what is answered. */
const NEVER_STORED = {
  'Content-Type': 'application/json;charset=UTF-8',
  'Cache-Control': 'no-store',
  Pragma: 'no-cache',
} as const

/** A JSON answer that is nobody's to keep. */
export const json = (status: number, body: unknown): HttpResponse => ({
  status,
  headers: NEVER_STORED,
  body: JSON.stringify(body),
})

/** Anything thrown, as an OAuthError: what was not expected is a defect, of which the wire learns nothing. */
export const asOAuthError = (error: unknown): OAuthError =>
  error instanceof OAuthError ? error : new OAuthError('unexpected', { cause: error })

/**
 * The one place where an error becomes bytes (RFC 6749 §5.2).
 * @param challenge the `WWW-Authenticate` of every 401 (RFC 9110 §11.6.1)
 */
export function errorResponse(error: OAuthError, challenge: string): HttpResponse {
  const headers = {
    ...NEVER_STORED,
    ...(error.status === 401 && { 'WWW-Authenticate': challenge }),
    ...(error.status === 503 && { 'Retry-After': '1' }),
    ...error.headers,
  }
  return {
    status: error.status,
    headers,
    body: JSON.stringify({ error: error.code, error_description: error.description }),
  }
}
