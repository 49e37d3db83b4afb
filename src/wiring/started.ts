import type { Config } from '../config/resolve.ts'
import { version } from '../platform/version.ts'
import type { Logger } from '../telemetry/log.ts'

interface Started {
  readonly runtimePort: number
  readonly adminPort: number
  /** How many processes serve. */
  readonly workers: number
}

/** Of the address of a database, which kind it is: the rest may have a password. */
export const storageKind = (location: string): 'sqlite' | 'postgres' =>
  location.startsWith('sqlite:') ? 'sqlite' : 'postgres'

/** Seconds. A quarter of an hour is the longest that a verifier which was tried keeps keys, but for one (`docs/keys.md`). */
const SHORT_NOTICE = 3_600

/** Says in one line what has started: what one asks first of a log. */
export function logStart(log: Logger, config: Config, { runtimePort, adminPort, workers }: Started): void {
  const { issuer, storage, runtime, admin } = config
  const listeners = {
    runtime: address(runtime.tls === 'on', runtime.host, runtimePort),
    admin: address(config.certificate !== undefined, admin.host, adminPort),
  }
  if (config.keys.publish_before < SHORT_NOTICE) {
    log.warn(
      { publish_before: config.keys.publish_before },
      'keys.publish_before is below an hour: verifiers that keep keys for longer refuse good tokens after each rotation (docs/keys.md)',
    )
  }
  log.info({ version, issuer, listeners, storage: storageKind(storage), workers }, 'started')
}

const address = (isTls: boolean, host: string, port: number): string =>
  `${isTls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`
