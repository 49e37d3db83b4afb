import { OAuthError } from '../../oauth/error.ts'
import { isUntrusted, networkFault } from '../../platform/system-error.ts'

/**
 * Classes of SQLSTATE that say that the statement is wrong, not the database: unsupported feature, cardinality, data, integrity,
 * SQL syntax and access (https://www.postgresql.org/docs/current/errcodes-appendix.html).
 */
const DEFECTS = ['0A', '21', '22', '23', '42']
/** Insufficient privilege; and invalid schema name, since PostgreSQL reports a schema that a role may not use as missing. */
const FORBIDDEN = ['42501', '3F000']

/**
 * Errors after which the connection can still be used, besides defects. Classes: transaction rollback, WITH CHECK OPTION,
 * insufficient resources, program limit, PL/pgSQL; states: lock not available, query canceled.
 */
const HARMLESS = ['40', '44', '53', '54', 'P0', '55P03', '57014']
/** Exceptions from the classes above: statement completion unknown, too many connections. */
const HARMFUL = ['40003', '53300']
/**
 * Errors of a server that refuses a statement and has done nothing: it takes no writes, it is being shut down, it does not
 * take statements yet. 57P02 and class 08 are not among them: a server that crashes, or a pooler that has lost its server,
 * may send them after a commit.
 */
const REFUSALS = ['25006', '57P01', '57P03']

/** The server takes no writes, or does not begin a transaction: this program must use another one. */
export class WrongServer extends Error {}

/** An answer did not come in time. It is unknown whether the statement was run. */
export class LateAnswer extends Error {}
/** An answer did not come within the time that any single answer has. */
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
export const isForbidden = (error: unknown): boolean =>
  FORBIDDEN.includes(sqlState(error instanceof OAuthError ? error.cause : error) ?? '')

/**
 * Whether the connection is unusable after an error: it broke, no answer came, or the server said that it is the wrong one or is
 * shutting down. Unknown errors count as such, since a new connection costs little.
 */
export function losesConnection(error: unknown): boolean {
  const state = sqlState(error)
  // A mistake in a call of the driver never reached the server.
  if (state === undefined) return translate(error) !== error
  const isHarmless = [...DEFECTS, ...HARMLESS].some((code) => state.startsWith(code))
  return !isHarmless || HARMFUL.includes(state)
}

/** Whether the server itself sent the error, or refused to begin. Its other connections are unusable then, too. */
export const concernsServer = (error: unknown): boolean => error instanceof WrongServer || sqlState(error) !== undefined

/** Whether the server refused a statement before it did anything, so that another connection may do it. */
export function isRefusal(error: unknown): boolean {
  return error instanceof WrongServer || REFUSALS.includes(sqlState(error) ?? '')
}

/**
 * Turns the error of an opening statement into a WrongServer: with any error, the statement after it was not run.
 * @returns the error itself where the server, or a pooler, may have crashed after the statement was run
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

/** PostgreSQL's error codes, or their classes (the first two characters), in words that follow "can't be used:". */
const words: Readonly<Record<string, string>> = {
  '08': 'the connection broke',
  '08P01': 'it refuses the parameters of the connection: is it a pooler?',
  '25006': 'it is read-only: a standby, or another server than before',
  '28': 'it does not let this role in: see pg_hba.conf there',
  '28P01': 'the password of the role is wrong: it is in the address, in storage_password_file, or in PGPASSWORD',
  '3D000': 'there is no database of that name',
  '3F000': 'there is no schema of that name',
  '42501': 'this role may not do that: docs/operating/storage.md says what to grant it',
  '42P01': 'a table is missing: `tessera storage migrate` makes them',
  '53': 'the server has no more room for this',
  '53100': 'the disk of the server is full',
  '53300': 'too many connections are open there: see storage_connections',
  '55': 'other connections hold a lock or an object that is needed',
  '57': 'the server is shutting down, or has ended the statement',
  '57014': 'it took too long',
  '57P03': 'the server is starting, or ending',
  '58': 'the disk of the server fails',
  XX: 'the server has a defect, or its data is damaged',
}

/** Errors of the driver that have no code. */
const messages: readonly (readonly [RegExp, string])[] = [
  [
    /password must be a (?:non-empty )?string|SASL/,
    'it asks for a password: name a file with it in storage_password_file',
  ],
  [/does not support SSL/, 'it speaks no TLS: give it a certificate, or say sslmode=disable in the address'],
  [/timeout|did not answer within|timed out/i, 'no answer came in time'],
  [/terminated|closed|not queryable/i, 'the connection broke'],
  [/too many wait/, 'too many wait for a connection'],
]

/**
 * Why a database can't be used, in our words; undefined for any other error.
 * @param isAway whether the database or its connection has failed, rather than a statement
 */
export function postgresFault(error: unknown, isAway: boolean): string | undefined {
  const state = sqlState(error)
  if (state !== undefined) return words[state] ?? words[state.slice(0, 2)]
  if (error instanceof WrongServer) return wrongServerFault(error)
  if (!isAway) return undefined
  const network = networkFault(error) ?? networkFault(error instanceof Error ? error.cause : undefined)
  if (network !== undefined) return isUntrusted(error) ? `${network}: name its authorities with sslrootcert` : network
  const text = error instanceof Error ? error.message : ''
  return messages.find(([pattern]) => pattern.test(text))?.[1]
}

/** A server that refuses to begin gives the reason in its own error. A read-only server answers like any other. */
const wrongServerFault = ({ cause }: WrongServer): string | undefined =>
  cause === undefined ? words['25006'] : postgresFault(cause, true)
