import type { ConnectionOptions } from 'node:tls'
import { type DatabaseHost, parseDatabaseLocation } from '../../input/database-location.ts'
import { takeSecret } from '../../input/secret.ts'
import { decodePem, LONGEST_FILE, readFile, SERVER_PATIENCE_MS } from '../../platform/files.ts'
import { isLoopback } from '../../platform/loopback.ts'
import { UserError } from '../../platform/user-error.ts'

/** The password and limits for the database. */
export interface PostgresAccess {
  /** The password if the address has none. If this is undefined, too, `PGPASSWORD` is used. */
  readonly password: string | undefined
  /** The most connections that this process opens. */
  readonly connections: number
  /** The time within which a request gets an answer or an error, including the wait for a connection. Milliseconds. */
  readonly requestTimeout: number
  /** The time that any other statement may take. Milliseconds. */
  readonly statementTimeout: number
}

/** The address of the database, with role and password. */
export interface PostgresAddress {
  /** One or more. The one that accepts writes is used. */
  readonly hosts: readonly DatabaseHost[]
  /** Whether several hosts are tried in a random order. */
  readonly isRandom: boolean
  readonly database: string | undefined
  readonly user: string | undefined
  readonly password: string | undefined
  readonly ssl: ConnectionOptions | false
}

const MODES = ['disable', 'require', 'verify-ca', 'verify-full']

/**
 * Parses `postgres://user:password@host:port,host:port/database?sslmode=…`. The parameters mean the same as for libpq
 * (https://www.postgresql.org/docs/current/libpq-connect.html), with two differences. Without `sslmode` a remote server must have a
 * certificate for its name: libpq would connect without TLS if the server, or an attacker in between, says that it has none. Without
 * `target_session_attrs` it is `read-write`, since no other server may be used (docs/decisions/0021-only-servers-that-take-writes.md).
 * @throws UserError that says what to mend, without the password
 */
export function parsePostgresUrl(location: string, access: Pick<PostgresAccess, 'password'>): PostgresAddress {
  const read = parseLocation(location)
  const isRandom = choice(read.parameters, 'load_balance_hosts', ['disable', 'random']) === 'random'
  choice(read.parameters, 'target_session_attrs', ['read-write'], ': Tessera uses only a server that accepts writes')
  return {
    hosts: read.hosts,
    isRandom,
    database: read.database,
    user: read.user ?? (read.parameters.get('user') || undefined),
    password: read.password ?? access.password ?? secretOfEnvironment(),
    ssl: parseTls(read.parameters, read.hosts),
  }
}

function parseLocation(location: string) {
  try {
    const read = parseDatabaseLocation(location)
    if (read.kind === 'postgres') return read
    throw new UserError('must be postgres://user@host:port/database')
  } catch (error) {
    throw error instanceof UserError ? new UserError(`storage: ${error.message}`) : error
  }
}

/** The password that libpq uses if no other is given. */
function secretOfEnvironment(): string | undefined {
  const given = process.env['PGPASSWORD']
  return given === undefined || given === '' ? undefined : takeSecret('PGPASSWORD', given)
}

function parseTls(parameters: ReadonlyMap<string, string>, hosts: readonly DatabaseHost[]): ConnectionOptions | false {
  const given = choice(parameters, 'sslmode', MODES, ': with the others, an attacker can turn TLS off')
  const mode = given ?? (hosts.every(isHere) ? 'disable' : 'verify-full')
  if (mode === 'disable') return false
  const roots = parameters.get('sslrootcert')
  const options: ConnectionOptions = {
    ...(roots !== undefined && roots !== 'system' && { ca: read('sslrootcert', roots) }),
    ...clientCertificate(parameters),
  }
  if (mode === 'verify-full') return options
  // verify-ca ignores the name, so it is only safe with authorities that certify nothing but this database.
  if (mode === 'verify-ca' && options.ca === undefined)
    throw new UserError('storage: sslmode=verify-ca needs sslrootcert, a file with the authorities of the database')
  return options.ca === undefined
    ? { ...options, rejectUnauthorized: false }
    : { ...options, checkServerIdentity: () => undefined }
}

function clientCertificate(parameters: ReadonlyMap<string, string>): ConnectionOptions {
  const [cert, key] = [parameters.get('sslcert'), parameters.get('sslkey')]
  if (cert === undefined && key === undefined) return {}
  if (cert === undefined || key === undefined) throw new UserError('storage: sslcert and sslkey need each other')
  return { cert: read('sslcert', cert), key: read('sslkey', key) }
}

/** The value of a parameter, if it is given. @param why ends the message about any other value */
function choice(
  parameters: ReadonlyMap<string, string>,
  name: string,
  values: readonly string[],
  why = '',
): string | undefined {
  const given = parameters.get(name)
  if (given === undefined || values.includes(given)) return given
  throw new UserError(`storage: ${name} must be ${values.length > 1 ? 'one of ' : ''}${values.join(', ')}${why}`)
}

const isHere = ({ host }: DatabaseHost): boolean => host.startsWith('/') || isLoopback(host)

function read(parameter: string, file: string): string {
  const { bytes, fault } = readFile(file, LONGEST_FILE, SERVER_PATIENCE_MS)
  if (bytes === undefined) throw new UserError(`storage: ${parameter}: ${file} can't be read: ${fault}`)
  const text = decodePem(bytes)
  if (text?.includes('-----BEGIN ')) return text
  throw new UserError(`storage: ${parameter}: ${file} has no PEM`)
}
