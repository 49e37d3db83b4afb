import { readFileSync, statSync } from 'node:fs'
import { parseMasterKey } from '../keys/master-key.ts'
import { isLoopback } from '../platform/loopback.ts'
import { problem } from './problem.ts'
import type { Options } from './schema.ts'

/** How a database is used that is not a file. Milliseconds. */
interface StorageAccess {
  readonly password: string | undefined
  readonly connections: number
  readonly requestTimeout: number
  readonly statementTimeout: number
}

/** A configuration that the server can start on: everything that must be there is, and nothing is unsafe. */
export interface Config extends Options {
  readonly issuer: string
  readonly storage: string
  readonly storageAccess: StorageAccess
  readonly masterKey: Buffer
  readonly previousMasterKey: Buffer | undefined
  /** Whether this is `tessera dev`, where the published secret of its sample counts. */
  readonly isDevelopment: boolean
  /** PEM; undefined where no certificate is configured. */
  readonly certificate: { readonly cert: string; readonly key: string } | undefined
  /** PEM. */
  readonly clientAuthorities: string | undefined
  readonly outboundAuthorities: string | undefined
}

/** Checks what only shows when options are seen together, and reads the files. @throws ConfigError naming what to mend */
export function resolveConfig(options: Options): Config {
  const { issuer, storage, runtime, admin } = options
  if (issuer === undefined) throw problem('issuer', undefined, 'is required, for example https://auth.example.com')
  if (storage === undefined)
    throw problem('storage', undefined, 'is required, for example sqlite:/var/lib/tessera/tessera.db')
  const certificate = readCertificate(options)
  if (runtime.tls === 'on' && certificate === undefined) {
    throw problem('tls.cert', undefined, 'is required with tls.key; or set runtime.tls to off behind a proxy')
  }
  if (runtime.tls === 'off' && runtime.trusted_proxies.length === 0) {
    throw problem('runtime.tls', 'off', 'name the proxy that ends TLS in runtime.trusted_proxies, for example 10.0.0.5')
  }
  if (certificate === undefined && !isLoopback(admin.host)) {
    throw problem('admin.host', admin.host, 'without tls.cert the admin listener must stay on localhost')
  }
  const { publish_before: published, cache_max_age: kept } = options.keys
  if (published < kept) {
    throw problem('keys.publish_before', published, `must be at least keys.cache_max_age, which is ${kept}`)
  }
  if (runtime.certificate_header !== 'off' && runtime.trusted_proxies.length === 0) {
    const mend = 'name the proxies that send it in runtime.trusted_proxies, for example 10.0.0.5'
    throw problem('runtime.certificate_header', runtime.certificate_header, mend)
  }
  const { headers_timeout: headers, request_timeout: request } = options.http
  if (request < headers)
    throw problem('http.request_timeout', request, `must be at least http.headers_timeout, ${headers}`)
  const { client_ca: clientCa } = options.tls
  const { ca: outboundCa } = options.outbound
  return Object.freeze({
    ...options,
    isDevelopment: false,
    issuer,
    storage,
    storageAccess: resolveStorageAccess(options),
    certificate,
    clientAuthorities: clientCa === undefined ? undefined : readAuthorities('tls.client_ca', clientCa),
    outboundAuthorities: outboundCa === undefined ? undefined : readAuthorities('outbound.ca', outboundCa),
    ...resolveMasterKeys(options),
  })
}

/** The master keys of a configuration. @throws ConfigError naming what to mend */
export const resolveMasterKeys = (options: Options): Pick<Config, 'masterKey' | 'previousMasterKey'> => ({
  masterKey: readMasterKey(options),
  previousMasterKey: readKeyFile('previous_master_key_file', options.previous_master_key_file),
})

/** How the database of a configuration is used. @throws ConfigError naming what to mend */
export function resolveStorageAccess(options: Options): StorageAccess {
  const { storage_password_file: file } = options
  return {
    // What ends the file's line is no part of it.
    password: file === undefined ? undefined : readSecretFile('storage_password_file', file).replace(/\r?\n$/, ''),
    connections: options.storage_connections,
    requestTimeout: options.storage_request_timeout,
    statementTimeout: options.storage_statement_timeout * 1000,
  }
}

const KEY_FORM = 'must be 32 bytes in base64 or hexadecimal, as `openssl rand -base64 32` prints'

function readMasterKey({ master_key, master_key_file: file }: Options): Buffer {
  if (master_key !== undefined) {
    const key = parseMasterKey(master_key)
    if (key === undefined) throw problem('master_key', undefined, KEY_FORM)
    return key
  }
  const key = readKeyFile('master_key_file', file)
  if (key !== undefined) return key
  throw problem(
    'master_key_file',
    undefined,
    'is required: a file with what `openssl rand -base64 32` prints, mode 0600',
  )
}

function readKeyFile(setting: string, file: string | undefined): Buffer | undefined {
  if (file === undefined) return undefined
  const key = parseMasterKey(readSecretFile(setting, file))
  if (key === undefined) throw problem(setting, file, KEY_FORM)
  return key
}

function readCertificate({ tls }: Options): Config['certificate'] {
  if (tls.cert === undefined && tls.key === undefined) return undefined
  if (tls.cert === undefined) throw problem('tls.cert', undefined, 'is required with tls.key')
  if (tls.key === undefined) throw problem('tls.key', undefined, 'is required with tls.cert')
  return { cert: readTextFile('tls.cert', tls.cert), key: readSecretFile('tls.key', tls.key) }
}

/** @throws ConfigError where the file has no certificates */
export function readAuthorities(setting: string, file: string): string {
  const pem = readTextFile(setting, file)
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw problem(setting, file, 'holds no certificate in PEM')
  return pem
}

function readTextFile(setting: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw problem(setting, file, `can't be read: ${error instanceof Error ? error.message : error}`)
  }
}

/** A file that others than its owner (and, for mounted secrets, group) can read or change keeps no secret. */
function readSecretFile(setting: string, file: string): string {
  const content = readTextFile(setting, file)
  if (process.platform !== 'win32' && (statSync(file).mode & 0o037) !== 0) {
    throw problem(setting, file, 'others can read or change it: chmod 600 (or 640 for a group of its own)')
  }
  return content
}
