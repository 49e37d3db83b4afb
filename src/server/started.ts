import type { Config } from '../config/resolve.ts'
import type { Logger } from '../observability/log.ts'
import { version } from '../platform/version.ts'

interface Started {
  readonly runtimePort: number
  readonly adminPort: number
  /** How many processes serve. */
  readonly workers: number
}

/** Of the address of a database, which kind it is: the rest may have a password. */
export const storageKind = (location: string): 'sqlite' | 'postgres' =>
  location.startsWith('sqlite:') ? 'sqlite' : 'postgres'

/** Says in one line what has started: what one asks first of a log. */
export function logStart(log: Logger, config: Config, { runtimePort, adminPort, workers }: Started): void {
  const { issuer, storage, runtime, admin } = config
  const listeners = {
    runtime: address(runtime.tls === 'on', runtime.host, runtimePort),
    admin: address(config.certificate !== undefined, admin.host, adminPort),
  }
  log.info({ version, issuer, listeners, storage: storageKind(storage), workers }, 'started')
}

const address = (isTls: boolean, host: string, port: number): string =>
  `${isTls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`
