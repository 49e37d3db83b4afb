import { OAuthError } from '../../oauth/error.ts'

/**
 * Classes of SQLSTATE that say that the statement is wrong, not the database: unsupported feature, cardinality, data, integrity,
 * SQL syntax and access (https://www.postgresql.org/docs/current/errcodes-appendix.html).
 */
const DEFECTS = ['0A', '21', '22', '23', '42']
const INSUFFICIENT_PRIVILEGE = '42501'

/**
 * What says nothing against the connection, beside defects. Classes: transaction rollback, WITH CHECK OPTION, insufficient
 * resources, program limit, PL/pgSQL; states: lock not available, query canceled.
 */
const HARMLESS = ['40', '44', '53', '54', 'P0', '55P03', '57014']
/** What is harmless by its class, and yet is not: statement completion unknown, too many connections. */
const HARMFUL = ['40003', '53300']
/**
 * Said by a server that will not do it, and has done nothing: it takes no writes, it is being shut down, it does not take
 * statements yet. Not among them are 57P02 and class 08: a server that crashes, or a pooler that has lost its server, may
 * say so after a commit.
 */
const REFUSALS = ['25006', '57P01', '57P03']

/** The server takes no writes, or would not even begin: it is not the one that this program is to use. */
export class WrongServer extends Error {}

/** An answer that did not come in time, and may still: nobody knows what was done. */
export class LateAnswer extends Error {}
/** It was waited for as long as for any answer; a late one may also have been the last of many. */
export class NoAnswer extends LateAnswer {}

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
export const isForbidden = (error: unknown): boolean => sqlState(error) === INSUFFICIENT_PRIVILEGE

/**
 * Whether the connection is of no use after an error: it broke, nothing came, or the server says that it is the wrong one or
 * is going. So is whatever is not known to be harmless, as a new connection costs little.
 */
export function losesConnection(error: unknown): boolean {
  const state = sqlState(error)
  // A mistake in calling the driver never reached the server.
  if (state === undefined) return translate(error) !== error
  const isHarmless = [...DEFECTS, ...HARMLESS].some((code) => state.startsWith(code))
  return !isHarmless || HARMFUL.includes(state)
}

/** Whether the server said so of itself: then it is so for every connection to it. */
export const concernsServer = (error: unknown): boolean => error instanceof WrongServer || sqlState(error) !== undefined

/** Whether what failed was refused before anything was done, so that another connection may do it. */
export function isRefusal(error: unknown): boolean {
  return error instanceof WrongServer || REFUSALS.includes(sqlState(error) ?? '')
}

/**
 * What a server's refusal to begin is. Whatever it says then, it says of itself: the statement was not looked at.
 * @returns the error itself where the server may have gone on without anybody to tell
 */
export function refusalToBegin(error: unknown): unknown {
  const state = sqlState(error)
  if (state === undefined || state.startsWith('08') || state === '57P02') return error
  return new WrongServer('the database does not begin', { cause: error })
}

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
