import type { Config } from '../config/resolve.ts'
import { SQLITE } from '../input/database-location.ts'
import type { Logger } from '../observability/log.ts'
import { originOf } from '../platform/addresses.ts'
import { version } from '../platform/version.ts'

interface Started {
  readonly runtimePort: number
  readonly adminPort: number
  /** The number of processes that serve. */
  readonly workers: number
}

/** The kind of a database, by its address. The rest of the address may hold a password, so nobody shows it. */
export const storageKind = (location: string): 'sqlite' | 'postgres' =>
  location.startsWith(SQLITE) ? 'sqlite' : 'postgres'

/** Logs one line about the server that has started. */
export function logStart(log: Logger, config: Config, { runtimePort, adminPort, workers }: Started): void {
  const { issuer, storage, runtime, admin } = config
  const listeners = {
    runtime: originOf(runtime.tls === 'on', runtime.host, runtimePort),
    admin: originOf(config.certificate !== undefined, admin.host, adminPort),
  }
  log.info({ version, issuer, listeners, storage: storageKind(storage), workers }, 'started')
}
