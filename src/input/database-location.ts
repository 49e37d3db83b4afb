import { isIPv6 } from 'node:net'
import { join, resolve } from 'node:path'
import { UserError } from '../platform/user-error.ts'

/** A server of a database. */
export interface DatabaseHost {
  /** A name, an address without brackets, or the folder of a Unix socket. */
  readonly host: string
  readonly port: number
}

/** The parts of a database's address. */
export type DatabaseLocation =
  | { readonly kind: 'sqlite'; readonly path: string }
  | {
      readonly kind: 'postgres'
      /** One or more, in the order of the address. */
      readonly hosts: readonly DatabaseHost[]
      readonly database: string | undefined
      readonly user: string | undefined
      readonly password: string | undefined
      readonly parameters: ReadonlyMap<string, string>
    }

/** The first characters of the location of a SQLite database; its path follows. */
export const SQLITE = 'sqlite:'

/** The database of a data folder. */
export const storageIn = (data: string): string => `${SQLITE}${join(resolve(data), 'tessera.db')}`

/** Parameters of a PostgreSQL address, as libpq defines them (https://www.postgresql.org/docs/current/libpq-connect.html). */
const PARAMETERS = [
  'host',
  'user',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'target_session_attrs',
  'load_balance_hosts',
]
/** The most hosts in an address. Each is asked while the database is away. */
export const MOST_HOSTS = 16
const DEFAULT_PORT = 5432
const FORM = 'must be sqlite: and a path, or postgres:// and the address of the database'
const POSTGRES_FORM = 'must be postgres://user@host:port/database, with a comma between two hosts'
const ENCODE = 'within a name or password, write %23 for #, %25 for %, %2F for /, %3A for :, %3F for ? and %40 for @'

/** RFC 3986 §3, without a fragment, and with one @ at the most. */
const ADDRESS = /^postgres(?:ql)?:\/\/(?:([^:@/?#]*)(?::([^@/?#]*))?@)?([^@/?#]*)(?:\/([^@/?#]*))?(?:\?([^@#]*))?$/i
/** A name, an address, or the percent-encoded folder of a socket, each with an optional port (RFC 3986 §3.2.2). */
const HOST = /^(\[[0-9a-f:.]+\]|(?:[\w.~-]|%[0-9a-f]{2})*)(?::(\d{1,5}))?$/i

/**
 * Parses the address of a database. No other code may parse one, so that the address in messages is the one that is opened.
 * @throws UserError in words that follow the option's name, without any part of the address
 */
export function parseDatabaseLocation(location: string): DatabaseLocation {
  if (location.startsWith(SQLITE)) return { kind: 'sqlite', path: parsePath(location.slice(SQLITE.length)) }
  if (!/^postgres(ql)?:\/\//i.test(location)) throw new UserError(FORM)
  const [, user = '', password = '', authority = '', database = '', query = ''] = ADDRESS.exec(location) ?? refuse()
  const parameters = parseQuery(query)
  return {
    kind: 'postgres',
    hosts: hostsIn(authority, parameters.get('host')),
    database: decode(database) || undefined,
    user: decode(user) || undefined,
    password: decode(password) || undefined,
    parameters,
  }
}

/** @param inQuery the parameter `host`, for an authority that names no host */
function hostsIn(authority: string, inQuery = ''): readonly DatabaseHost[] {
  const all = split(authority).map(parseHost)
  const [{ host = '', port = DEFAULT_PORT } = {}] = all
  if (host === '' && inQuery !== '') return split(inQuery).map((each) => ({ host: each, port }))
  return all.map(({ host, port }) => ({ host: host || 'localhost', port: port ?? DEFAULT_PORT }))
}

function split(hosts: string): readonly string[] {
  const all = hosts.split(',')
  if (all.length > MOST_HOSTS) throw new UserError(`must have at most ${MOST_HOSTS} hosts`)
  if (all.length > 1 && all.some((host) => /^(?::|$)/.test(host)))
    throw new UserError('must have a host before and after each comma')
  return all
}

function parseHost(text: string): { readonly host: string; readonly port: number | undefined } {
  const [, host = '', port] = HOST.exec(text) ?? refuse()
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535))
    throw new UserError('must have a port from 1 to 65535')
  if (host.startsWith('[') && !isIPv6(host.slice(1, -1))) return refuse()
  return { host: decode(host).replace(/^\[(.*)\]$/, '$1'), port: port === undefined ? undefined : Number(port) }
}

const refuse = (): never => {
  throw new UserError(`${POSTGRES_FORM}; ${ENCODE}`)
}

function parsePath(path: string): string {
  if (path === '') throw new UserError(FORM)
  if (path.startsWith('//') && !path.startsWith('///'))
    throw new UserError(
      'must be sqlite: and a path, without // before it, for example sqlite:/var/lib/tessera/tessera.db',
    )
  if (path.startsWith(':') || path.startsWith('file:'))
    throw new UserError(
      'must be sqlite: and the path of a file: a database in memory would be another one in each process',
    )
  return refusePath(path)
}

/**
 * Checks a path that a person has given. @returns the path
 * @throws UserError if it has control characters or begins with `~`
 */
export function refusePath(path: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
  if (/[\x00-\x1f\x7f]/.test(path)) throw new UserError('must be a path without control characters')
  if (/^~(\/|$)/.test(path))
    throw new UserError('must be a path without ~, which only a shell expands: write the whole path')
  return path
}

function parseQuery(query: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>()
  for (const pair of query === '' ? [] : query.split('&')) {
    const [name = '', value, ...more] = pair.split('=')
    // Don't repeat it: it might be part of a password.
    if (!/^[a-z_]+$/i.test(name) || value === undefined || more.length > 0) return refuse()
    if (!PARAMETERS.includes(name))
      throw new UserError(`there is no parameter ${name}; there are ${PARAMETERS.join(', ')}`)
    if (parameters.has(name)) throw new UserError(`must have ${name} once only`)
    parameters.set(name, decode(value.replaceAll('+', ' ')))
  }
  return parameters
}

/** RFC 3986 §2.1. */
function decode(text: string): string {
  try {
    const decoded = decodeURIComponent(text)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
    if (/[\x00-\x1f\x7f]/.test(text + decoded)) throw new UserError('must not have control characters')
    return decoded
  } catch (error) {
    if (error instanceof URIError) return refuse()
    throw error
  }
}

/** The address without its password, for messages. It accepts an invalid address, too. */
export function shownLocation(location: string): string {
  const read = readOrUndefined(location)
  if (read?.kind === 'sqlite' || (read !== undefined && read.password === undefined)) return location
  const masked = location.replace(/^([\w+.-]*:\/\/[^:@/?#]*):(?:.*@|.*$)/s, '$1:***@')
  return read === undefined ? masked.replace(/[?#].*/s, '') : masked
}

function readOrUndefined(location: string): DatabaseLocation | undefined {
  try {
    return parseDatabaseLocation(location)
  } catch (error) {
    if (error instanceof UserError) return undefined
    throw error
  }
}
