import { hash } from 'node:crypto'
import type { OptionKey } from './option-infos.ts'
import type { Options } from './schema.ts'
import { shownValues } from './shown.ts'

/** The options that may differ between servers that share a database: their addresses, their files, the size of the machine. */
const OF_ONE_HOST: ReadonlySet<string> = new Set<OptionKey>([
  'data',
  'storage',
  'storage_password_file',
  'manifest',
  'master_key_file',
  'previous_master_key_file',
  'workers',
  'runtime.host',
  'runtime.port',
  'admin.host',
  'admin.port',
  'admin.url',
  'sign_on.client_secret_file',
  'tls.cert',
  'tls.key',
  'tls.client_ca',
  'tls.watch',
  'outbound.ca',
])
/** The files in the list `audit.export`. */
const FILES_OF_EXPORT: readonly string[] = ['path', 'token_file', 'secret_file']

/** A digest of the options that should be the same on all servers of an issuer, without secrets; 16 hexadecimal digits. */
export function configDigest(options: Options): string {
  const common = shownValues(options)
    .filter(([key]) => !OF_ONE_HOST.has(key))
    .map(([key, value]) => (key === 'audit.export' ? [key, withoutFiles(value)] : [key, value]))
  return hash('sha256', JSON.stringify(common)).slice(0, 16)
}

const withoutFiles = (value: unknown): string =>
  JSON.stringify(value, (name, member) => (FILES_OF_EXPORT.includes(name) ? undefined : member))
