import type { ConfiguredSink } from '../audit/export/sinks.ts'
import { isDevelopmentKey, parseMasterKey } from '../crypto/master-key.ts'
import { storageIn } from '../input/database-location.ts'
import { readSecret } from '../input/secret.ts'
import { originOf } from '../platform/addresses.ts'
import { type Clock, systemClock } from '../platform/clock.ts'
import { isLoopback } from '../platform/loopback.ts'
import { MistakeList, Mistakes } from '../platform/user-error.ts'
import { checkAliases } from './aliases.ts'
import {
  certificateWarnings,
  readAuthorities,
  readClientAuthorities,
  readServerCertificate,
  type ServerCertificate,
} from './certificate.ts'
import { resolveExports } from './exports.ts'
import { readSecretFile } from './files.ts'
import type { Reading } from './load.ts'
import { problem } from './problem.ts'
import type { Options } from './schema.ts'

/** The password and limits for a database server. Times are in milliseconds. */
interface StorageAccess {
  readonly password: string | undefined
  readonly connections: number
  readonly requestTimeout: number
  readonly statementTimeout: number
}

/** A configuration with which the server can start. It is complete, and nothing in it is unsafe. */
export interface Config extends Options {
  readonly issuer: string
  readonly storage: string
  readonly storageAccess: StorageAccess
  readonly masterKey: Buffer
  readonly previousMasterKey: Buffer | undefined
  /** Whether this is `tessera dev`, which accepts the published secret of its sample. */
  readonly isDevelopment: boolean
  /** PEM; undefined if no certificate is configured. */
  readonly certificate: ServerCertificate | undefined
  /** PEM. */
  readonly clientAuthorities: string | undefined
  readonly outboundAuthorities: string | undefined
  /** The systems that audit events are exported to, with their secrets. */
  readonly exports: readonly ConfiguredSink[]
  /** The origin under which people reach the admin listener. */
  readonly adminUrl: string
  /** Undefined without single sign-on. */
  readonly signOn: SignOn | undefined
}

/** The settings of single sign-on. */
interface SignOn extends Pick<Options['sign_on'], 'scopes' | 'name_claim' | 'groups_claim' | 'roles'> {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
}

/** The usable parts of a configuration, and the mistakes in the rest. */
export interface Examined {
  /** Undefined if there is any mistake. */
  readonly config: Config | undefined
  readonly options: Options
  readonly storageAccess: StorageAccess | undefined
  readonly masterKeys: Pick<Config, 'masterKey' | 'previousMasterKey'> | undefined
  readonly mistakes: readonly string[]
  /** Problems that don't stop a server from starting. */
  readonly warnings: readonly string[]
  /** The keys of the options whose own values are wrong. */
  readonly wrong: ReadonlySet<string>
}

/** Checks the options together and reads the files that they name. @throws Mistakes that says what to mend */
export function resolveConfig(options: Options, clock: Clock = systemClock): Config {
  return requireConfig(examineConfig({ options, mistakes: [], wrong: new Set() }, clock))
}

/** Returns the configuration if it has no mistake. @throws Mistakes */
export function requireConfig({ config, mistakes }: Examined): Config {
  if (config === undefined) throw new Mistakes(mistakes)
  return config
}

/** Checks the readable options together, and collects mistakes and warnings. */
export function examineConfig(
  { options: given, mistakes: before, wrong, isDevelopment = false }: Reading,
  clock: Clock,
): Examined {
  const options = withStorage(given)
  const mistakes = new MistakeList()
  for (const mistake of before) mistakes.add(mistake)
  const isRight = (key: string) => !wrong.has(key)
  const { issuer, storage, tls, outbound, runtime } = options
  if (issuer === undefined && isRight('issuer'))
    mistakes.note(problem('issuer', undefined, 'is required, for example https://auth.example.com'))
  if (storage === undefined && isRight('storage'))
    mistakes.note(problem('storage', undefined, 'is required, for example sqlite:/var/lib/tessera/tessera.db'))
  const certificate = examineCertificate(options, isRight, clock, mistakes)
  checkTogether(options, isRight, mistakes)
  if (issuer !== undefined) checkAliases(issuer, options.aliases, mistakes)
  const storageAccess = mistakes.take(() => resolveStorageAccess(options))
  const masterKeys =
    isRight('master_key') && isRight('master_key_file') ? mistakes.take(() => resolveMasterKeys(options)) : undefined
  if (masterKeys !== undefined && !isDevelopment) refuseDevelopmentKey(options, masterKeys.masterKey, mistakes)
  const authorities = mistakes.take(() => ({
    clientAuthorities: tls.client_ca === undefined ? undefined : readClientAuthorities(tls.client_ca),
  }))
  const trusted = mistakes.take(() => ({
    outboundAuthorities: outbound.ca === undefined ? undefined : readAuthorities('outbound.ca', outbound.ca),
  }))
  const signOn = mistakes.take(() => ({ signOn: resolveSignOn(options.sign_on, isRight, mistakes) }))
  const exported = isRight('audit.export')
    ? mistakes.take(() => ({ exports: resolveExports(options, process.env) }))
    : undefined
  const isComplete =
    issuer !== undefined &&
    storage !== undefined &&
    storageAccess &&
    masterKeys &&
    authorities &&
    trusted &&
    exported &&
    signOn
  const config =
    isComplete && mistakes.all.length === 0
      ? Object.freeze({
          ...options,
          isDevelopment,
          issuer,
          storage,
          storageAccess,
          certificate,
          ...masterKeys,
          ...authorities,
          ...trusted,
          ...signOn,
          adminUrl: adminUrlOf(options),
          ...exported,
        })
      : undefined
  const host =
    issuer === undefined || runtime.tls === 'off' ? undefined : new URL(issuer).hostname.replace(/^\[|\]$/g, '')
  const uses = { certificate, clientAuthorities: authorities?.clientAuthorities, host }
  const warnings = [...certificateWarnings(uses, clock.now()), ...keyWarnings(options)]
  return { config, options, storageAccess, masterKeys, mistakes: mistakes.all, warnings, wrong }
}

/** A server that runs from files alone has its database in the data folder. */
const withStorage = (options: Options): Options =>
  options.storage === undefined && options.manifest.length > 0
    ? { ...options, storage: storageIn(options.data) }
    : options

/** Seconds. With one exception, no tested verifier keeps keys for more than a quarter of an hour (`docs/operating/keys.md`). */
const SHORT_NOTICE = 3_600

const keyWarnings = ({ keys: { publish_before: published } }: Options): readonly string[] =>
  published < SHORT_NOTICE
    ? [
        `keys.publish_before: ${published} is below an hour: verifiers that keep keys for longer refuse good tokens after each rotation (docs/operating/keys.md)`,
      ]
    : []

/** The origin under which people reach the admin listener. Without one, a listener on all addresses is reached as `localhost`. */
export function adminUrlOf({ admin: { url, host, port }, tls, storage }: Options): string {
  if (url !== undefined) return url
  const isLocal = isLoopback(host) || host === '0.0.0.0' || host === '::'
  // A command beside `tessera dev` has no configuration; that server always has a certificate.
  const isTls = tls.cert !== undefined || storage === undefined
  return originOf(isTls, isLocal ? 'localhost' : host, port)
}

/** @throws ConfigError if the secret can't be read */
function resolveSignOn(given: Options['sign_on'], isRight: IsRight, mistakes: MistakeList): SignOn | undefined {
  const { issuer, client_id: clientId, client_secret: secret, client_secret_file: file, scopes, roles } = given
  const require = (name: string, isThere: boolean, mend: string): void => {
    if (!isThere && isRight(`sign_on.${name}`)) mistakes.note(problem(`sign_on.${name}`, undefined, mend))
  }
  if (issuer === undefined) {
    if (clientId !== undefined || roles.length > 0) require('issuer', false, 'is required for single sign-on')
    return undefined
  }
  require('client_id', clientId !== undefined, 'is required with sign_on.issuer')
  require('client_secret_file', secret !== undefined || file !== undefined, 'is required with sign_on.issuer')
  require('scopes', scopes.includes('openid'), 'must have openid (OpenID Connect Core 1.0 §3.1.2.1)')
  require('roles', roles.length > 0, 'is required with sign_on.issuer: without it, everybody is refused')
  const clientSecret =
    secret ?? (file === undefined ? undefined : readSecretFile('sign_on.client_secret_file', file).trim())
  if (clientId === undefined || clientSecret === undefined) return undefined
  const { name_claim, groups_claim } = given
  return { issuer, clientId, clientSecret, scopes, name_claim, groups_claim, roles }
}

type IsRight = (key: string) => boolean

function examineCertificate(
  { tls, runtime, admin }: Options,
  isRight: IsRight,
  clock: Clock,
  mistakes: MistakeList,
): ServerCertificate | undefined {
  if (!isRight('tls.cert') || !isRight('tls.key')) return undefined
  if (tls.cert !== undefined && tls.key !== undefined)
    return readServerCertificate({ cert: tls.cert, key: tls.key }, clock.now(), mistakes)
  if (tls.cert !== undefined) mistakes.note(problem('tls.key', undefined, 'is required with tls.cert'))
  else if (tls.key !== undefined) mistakes.note(problem('tls.cert', undefined, 'is required with tls.key'))
  else {
    if (runtime.tls === 'on') {
      const mend = 'is required with tls.key; or set runtime.tls to off behind a proxy'
      mistakes.note(problem('tls.cert', undefined, mend))
    }
    if (!isLoopback(admin.host))
      mistakes.note(problem('admin.host', admin.host, 'without tls.cert the admin listener must stay on localhost'))
  }
  return undefined
}

function checkTogether({ runtime, admin, keys, http }: Options, isRight: IsRight, mistakes: MistakeList): void {
  const hasProxies = runtime.trusted_proxies.length > 0 || !isRight('runtime.trusted_proxies')
  if (runtime.tls === 'off' && !hasProxies) {
    const mend = 'name the proxy that ends TLS in runtime.trusted_proxies, for example 10.0.0.5'
    mistakes.note(problem('runtime.tls', 'off', mend))
  }
  if (runtime.certificate_header !== 'off' && !hasProxies) {
    const mend = 'name the proxies that send it in runtime.trusted_proxies, for example 10.0.0.5'
    mistakes.note(problem('runtime.certificate_header', runtime.certificate_header, mend))
  }
  const { publish_before: published, cache_max_age: kept } = keys
  if (published < kept && isRight('keys.publish_before') && isRight('keys.cache_max_age'))
    mistakes.note(problem('keys.publish_before', published, `must be at least keys.cache_max_age, which is ${kept}`))
  const { headers_timeout: headers, request_timeout: request } = http
  if (request < headers && isRight('http.headers_timeout') && isRight('http.request_timeout'))
    mistakes.note(problem('http.request_timeout', request, `must be at least http.headers_timeout, ${headers}`))
  if (admin.port === runtime.port && admin.port !== 0 && canMeet(admin.host, runtime.host))
    mistakes.note(problem('admin.port', admin.port, 'equals runtime.port: each listener needs its own port'))
}

/** Whether two listeners with the same port would conflict. */
const canMeet = (one: string, other: string): boolean =>
  one === other || [one, other].some((host) => host === '0.0.0.0' || host === '::') || [one, other].every(isLoopback)

/** Reads the master keys of a configuration. @throws ConfigError that says what to mend */
export const resolveMasterKeys = (options: Options): Pick<Config, 'masterKey' | 'previousMasterKey'> => ({
  masterKey: readMasterKey(options),
  previousMasterKey: readKeyFile('previous_master_key_file', options.previous_master_key_file),
})

/** Reads the password and limits for the database of a configuration. @throws ConfigError that says what to mend */
export function resolveStorageAccess(options: Options): StorageAccess {
  const { storage_password_file: file } = options
  return {
    password: file === undefined ? undefined : readSecretFile('storage_password_file', file),
    connections: options.storage_connections,
    requestTimeout: options.storage_request_timeout,
    statementTimeout: options.storage_statement_timeout * 1000,
  }
}

/** The keys of development are for this machine alone: `tessera dev mint` signs any token with them. */
function refuseDevelopmentKey(
  { master_key: key, master_key_file: file }: Options,
  masterKey: Buffer,
  mistakes: MistakeList,
) {
  if (!isDevelopmentKey(masterKey)) return
  const mend = 'belongs to `tessera dev`, and no other server accepts it: make one with `openssl rand -base64 32`'
  mistakes.note(key === undefined ? problem('master_key_file', file, mend) : problem('master_key', undefined, mend))
}

const KEY_FORM = 'must be 32 bytes in base64 or hexadecimal, as `openssl rand -base64 32` prints'

function readMasterKey({ master_key, master_key_file: file }: Options): Buffer {
  if (master_key !== undefined) {
    const key = parseMasterKey(readSecret(master_key).secret ?? '')
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
