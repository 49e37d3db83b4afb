import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import { UserError } from '../../platform/user-error.ts'

/** How the database is used. */
export interface PostgresAccess {
  /** Where the address has none; undefined for that of the environment (`PGPASSWORD`), if any. */
  readonly password: string | undefined
  /** The most that this process opens. */
  readonly connections: number
  /** Within this a request has an answer or an error, the wait for a connection included. Milliseconds. */
  readonly requestTimeout: number
  /** That any other statement may take. Milliseconds. */
  readonly statementTimeout: number
}

/** Where the database is, and as whom to open it. */
export interface PostgresAddress {
  /** A name, an address, or the folder of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly database: string | undefined
  readonly user: string | undefined
  readonly password: string | undefined
  readonly ssl: ConnectionOptions | false
}

const PARAMETERS = ['host', 'user', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey']
const MODES = ['disable', 'require', 'verify-ca', 'verify-full']

/**
 * Reads `postgres://user:password@host:port/database?sslmode=…`, with the parameters and meanings of libpq
 * (https://www.postgresql.org/docs/current/libpq-connect.html), but for this: without `sslmode` a server elsewhere must have a
 * certificate for its name. libpq would go without TLS where the server, or somebody before it, says that it has none.
 * @throws UserError naming what to mend, never with a password
 */
export function parsePostgresUrl(location: string, access: Pick<PostgresAccess, 'password'>): PostgresAddress {
  const url = URL.canParse(location) ? new URL(location) : undefined
  if (url === undefined || !/^postgres(ql)?:$/.test(url.protocol) || !isEncoded(url))
    throw new UserError('storage: must be postgres://user@host:port/database; special characters are percent-encoded')
  for (const name of url.searchParams.keys()) {
    if (!PARAMETERS.includes(name))
      throw new UserError(`storage: there is no parameter ${name}; there are ${PARAMETERS.join(', ')}`)
  }
  const host = decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, '$1') || url.searchParams.get('host')
  return {
    host: host || 'localhost',
    port: Number(url.port || 5432),
    database: decodeURIComponent(url.pathname.slice(1)) || undefined,
    user: decodeURIComponent(url.username) || url.searchParams.get('user') || undefined,
    password: decodeURIComponent(url.password) || access.password,
    ssl: parseTls(url.searchParams, host || 'localhost'),
  }
}

function parseTls(parameters: URLSearchParams, host: string): ConnectionOptions | false {
  const given = parameters.get('sslmode')
  if (given !== null && !MODES.includes(given))
    throw new UserError(`storage: sslmode must be one of ${MODES.join(', ')}: anything less can be talked out of TLS`)
  const mode = given ?? (isHere(host) ? 'disable' : 'verify-full')
  if (mode === 'disable') return false
  const roots = parameters.get('sslrootcert')
  const options: ConnectionOptions = {
    ...(roots !== null && roots !== 'system' && { ca: read('sslrootcert', roots) }),
    ...clientCertificate(parameters),
  }
  if (mode === 'verify-full') return options
  // A name that is not looked at is only worth something with authorities that certify nobody else.
  if (mode === 'verify-ca' && options.ca === undefined)
    throw new UserError('storage: sslmode=verify-ca needs sslrootcert, the authorities of the database')
  return options.ca === undefined
    ? { ...options, rejectUnauthorized: false }
    : { ...options, checkServerIdentity: () => undefined }
}

function clientCertificate(parameters: URLSearchParams): ConnectionOptions {
  const [cert, key] = [parameters.get('sslcert'), parameters.get('sslkey')]
  if (cert === null && key === null) return {}
  if (cert === null || key === null) throw new UserError('storage: sslcert and sslkey go together')
  return { cert: read('sslcert', cert), key: read('sslkey', key) }
}

/** Whether everything of it can be decoded. */
const isEncoded = ({ username, password, hostname, pathname }: URL): boolean =>
  [username, password, hostname, pathname].every((part) => !/%(?![0-9a-f]{2})/i.test(part))

const isHere = (host: string): boolean =>
  host.startsWith('/') || host === 'localhost' || host === '::1' || /^127\./.test(host)

function read(parameter: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new UserError(`storage: ${parameter}: ${error instanceof Error ? error.message : error}`)
  }
}
