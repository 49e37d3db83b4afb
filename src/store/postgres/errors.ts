import type { DatabaseHost } from '../../input/database-location.ts'
import { DomainError } from '../../platform/domain-error.ts'
import { StorageUnavailable } from '../../platform/storage-unavailable.ts'
import { isUntrusted, networkFault } from '../../platform/system-error.ts'

/**
 * Classes of SQLSTATE for a fault of the statement, not of the database: unsupported feature, cardinality, data, integrity, SQL
 * syntax and access (https://www.postgresql.org/docs/current/errcodes-appendix.html).
 */
const DEFECTS = ['0A', '21', '22', '23', '42']
/** Insufficient privilege, and invalid schema name: PostgreSQL reports a schema that a role may not use as missing. */
const FORBIDDEN = ['42501', '3F000']

/** Serialization failure, and deadlock detected. */
const CONFLICTS = ['40001', '40P01']
/** Lock not available, and deadlock detected. */
const LOCKED = ['55P03', '40P01']

/**
 * Errors after which the connection can still be used, besides defects. Classes: transaction rollback, WITH CHECK OPTION,
 * insufficient resources, program limit, PL/pgSQL; states: lock not available, query canceled.
 */
const HARMLESS = ['40', '44', '53', '54', 'P0', '55P03', '57014']
/** Exceptions from the classes above: statement completion unknown, too many connections. */
const HARMFUL = ['40003', '53300']
/**
 * Errors of a server that refuses a statement before running it: it is read-only, is shutting down or is still starting. 57P02 and
 * class 08 are not among them: a crashing server, or a pooler that has lost its server, may send them after a commit.
 */
const REFUSALS = ['25006', '57P01', '57P03']

/** Thrown if the server is read-only or can't begin a transaction, so that this program must use another server. */
export class WrongServer extends Error {}

/** The reason why a host can't be used. */
export interface HostFault extends DatabaseHost {
  readonly error: unknown
}

/** Thrown if none of several hosts accepts writes. */
export class NoHost extends Error {
  constructor(faults: readonly HostFault[]) {
    const reasons = faults.map((fault) => `${nameOf(fault)}: ${faultOf(fault.error)}`)
    super(['no host accepts writes', ...reasons].join('; '))
  }
}

/** A host as in an address. */
export const nameOf = ({ host, port }: DatabaseHost): string => `${host.includes(':') ? `[${host}]` : host}:${port}`

/** Says in our words why a host can't be used. */
export const faultOf = (error: unknown): string => postgresFault(error, true) ?? 'it does not answer as it should'

/** Thrown if an answer does not come in time. It is unknown whether the statement was run. */
export class LateAnswer extends Error {}
/** Thrown if an answer does not come within the limit for a single answer. */
export class NoAnswer extends LateAnswer {}

/**
 * Translates the error of a statement or connection for the rest of the program. If the database or the network is at fault, the
 * result is a StorageUnavailable. If the statement is at fault, it is the error itself.
 */
export function translate(error: unknown): unknown {
  // The driver never reports faults of the database in this way. These are mistakes in our calls.
  if (error instanceof TypeError || error instanceof RangeError || error instanceof DomainError) return error
  const state = sqlState(error)
  if (state !== undefined && DEFECTS.includes(state.slice(0, 2))) return error
  return new StorageUnavailable(withMessage(error))
}

/** Whether the role lacked a right for the statement. */
export const isForbidden = (error: unknown): boolean => hasState(error, FORBIDDEN)

/** Whether a transaction ended since another one held a lock: the wait was too long, or a deadlock. */
export const lacksLock = (error: unknown): boolean => hasState(error, LOCKED)

/** Whether a statement or transaction was undone because of another one, and may succeed if it is run again. */
export const isConflict = (error: unknown): boolean => hasState(error, CONFLICTS)

const hasState = (error: unknown, states: readonly string[]): boolean =>
  states.includes(sqlState(error instanceof StorageUnavailable ? error.cause : error) ?? '')

/**
 * Whether a connection is unusable after an error: it broke, no answer came, or the server is the wrong one or shutting down. After
 * unknown errors it counts as unusable, too, since a new connection costs little.
 */
export function losesConnection(error: unknown): boolean {
  const state = sqlState(error)
  // A mistake in a call of the driver never reached the server.
  if (state === undefined) return translate(error) !== error
  const isHarmless = [...DEFECTS, ...HARMLESS].some((code) => state.startsWith(code))
  return !isHarmless || HARMFUL.includes(state)
}

/** Whether the server itself sent the error or refused to begin. Its other connections are then unusable, too. */
export const concernsServer = (error: unknown): boolean => error instanceof WrongServer || sqlState(error) !== undefined

/** Whether the server refused a statement before running it, so that another connection may run it. */
export function isRefusal(error: unknown): boolean {
  return error instanceof WrongServer || REFUSALS.includes(sqlState(error) ?? '')
}

/**
 * Turns the error of an opening statement into a WrongServer, since the statement after it was not run.
 * @returns the error itself if the server, or a pooler, may have crashed after the statement was run
 */
export function refusalToBegin(error: unknown): unknown {
  const state = sqlState(error)
  if (state === undefined || state.startsWith('08') || state === '57P02') return error
  return new WrongServer('the database does not begin', { cause: error })
}

/** PostgreSQL's code of five characters; undefined for other errors. */
function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined
  return /^[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined
}

/** Joins the messages of all addresses, since Node's error for a host with several addresses has no message itself. */
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
  '28': 'it does not let this role in: see pg_hba.conf of the server',
  '28P01': 'the password of the role is wrong: it is in the address, in storage_password_file, or in PGPASSWORD',
  '3D000': 'there is no database of that name',
  '3F000': 'there is no schema of that name',
  '42501': 'this role lacks a right: docs/operating/storage.md lists the rights to grant',
  '42P01': 'a table is missing: `tessera storage migrate` creates the tables',
  '53': 'the server has no more room for this',
  '53100': 'the disk of the server is full',
  '53300': 'the server has too many open connections: see storage_connections',
  '55': 'other connections hold a lock or an object that is needed',
  '57': 'the server is shutting down, or has ended the statement',
  '57014': 'it took too long',
  '57P03': 'the server is starting or shutting down',
  '58': 'the disk of the server fails',
  XX: 'the server has a defect, or its data is damaged',
}

/** Errors of the driver that have no code. */
const messages: readonly (readonly [RegExp, string])[] = [
  [
    /password must be a (?:non-empty )?string|SASL/,
    'it asks for a password: name a file with it in storage_password_file',
  ],
  [
    /password in plain text/,
    'it asks for the password in plain text, without TLS: use scram-sha-256 in its pg_hba.conf, or set sslmode=verify-full',
  ],
  [/does not support SSL/, 'it does not speak TLS: give it a certificate, or set sslmode=disable in the address'],
  [/timeout|did not answer within|timed out/i, 'no answer came in time'],
  [/terminated|closed|not queryable/i, 'the connection broke'],
  [/too many wait/, 'too many wait for a connection'],
]

/**
 * Says in our words why a database can't be used; undefined for any other error.
 * @param isAway whether the database or its connection has failed, not a statement
 */
export function postgresFault(error: unknown, isAway: boolean): string | undefined {
  const state = sqlState(error)
  if (state !== undefined) return words[state] ?? words[state.slice(0, 2)]
  if (error instanceof WrongServer) return wrongServerFault(error)
  if (error instanceof NoHost) return error.message
  if (!isAway) return undefined
  const network = networkFault(error) ?? networkFault(error instanceof Error ? error.cause : undefined)
  if (network !== undefined) return isUntrusted(error) ? `${network}: name its authorities with sslrootcert` : network
  const text = error instanceof Error ? error.message : ''
  return messages.find(([pattern]) => pattern.test(text))?.[1]
}

/** A server that refuses to begin gives the reason in its own error. A read-only server answers like any other. */
const wrongServerFault = ({ cause }: WrongServer): string | undefined =>
  cause === undefined ? words['25006'] : postgresFault(cause, true)
