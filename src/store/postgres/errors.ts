import { OAuthError } from '../../oauth/error.ts'

/**
 * Classes of SQLSTATE that say that the statement is wrong, not the database: unsupported feature, cardinality, data, integrity,
 * SQL syntax and access (https://www.postgresql.org/docs/current/errcodes-appendix.html).
 */
const DEFECTS = ['0A', '21', '22', '23', '42']
/** Insufficient privilege; and invalid schema name, since one that a role may not use is to it as if there were none. */
const FORBIDDEN = ['42501', '3F000']

/**
 * What a failed statement or connection is to the rest of the program: an OAuthError `storage_unavailable` where the database
 * is at fault, or what lies between; the error itself where the statement is.
 */
export function translate(error: unknown): unknown {
  // These are never the driver's word on the database, but a mistake in calling it.
  if (error instanceof TypeError || error instanceof RangeError || error instanceof OAuthError) return error
  const state = sqlState(error)
  if (state !== undefined && DEFECTS.includes(state.slice(0, 2))) return error
  return new OAuthError('storage_unavailable', { cause: withMessage(error) })
}

/** Whether the role may not do what it was asked to. */
export const isForbidden = (error: unknown): boolean =>
  FORBIDDEN.includes(sqlState(error instanceof OAuthError ? error.cause : error) ?? '')

/** Whether the server said so, rather than the connection to it: then that is still there. */
export const isFromServer = (error: unknown): boolean => sqlState(error) !== undefined

/** PostgreSQL's code of five characters; undefined where the error isn't PostgreSQL's. */
function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined
  return /^[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined
}

/** Of a host with several addresses, Node says nothing but in the errors of each. */
function withMessage(error: unknown): unknown {
  if (!(error instanceof AggregateError) || error.message !== '') return error
  const messages = error.errors.map((one: unknown) => (one instanceof Error ? one.message : String(one)))
  return new Error(messages.join('; '), { cause: error })
}
