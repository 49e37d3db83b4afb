import type { Config } from '../../src/config/resolve.ts'
import { createLogger, type Logger } from '../../src/observability/log.ts'
import { type Clock, systemClock } from '../../src/platform/clock.ts'
import { startServer } from '../../src/server/server.ts'
import { freePort } from './port.ts'
import type { TestServer } from './server.ts'

/** Another server on the database of a first, with its issuer and master key. */
export interface SecondServer {
  /** Where it listens. */
  readonly url: string
  readonly admin: string
  stop(): Promise<void>
}

interface Changes extends Partial<Pick<Config, 'issuer' | 'clientAuthorities' | 'masterKey' | 'previousMasterKey'>> {
  readonly runtime?: Partial<Config['runtime']>
  /** Where it logs; nowhere unless told. */
  readonly log?: Logger
}

/** Starts one; whoever does stops it before the first. @param changes what differs in its configuration */
export async function startBeside(
  { config }: Pick<TestServer, 'config'>,
  { runtime, log = createLogger('silent'), ...changes }: Changes = {},
  clock: Clock = systemClock,
): Promise<SecondServer> {
  const own: Config = {
    ...config,
    ...changes,
    shutdown: { ...config.shutdown, timeout: 0 },
    runtime: { ...config.runtime, ...runtime, port: await freePort() },
    admin: { ...config.admin, port: await freePort() },
  }
  const server = await startServer(own, { log, clock })
  const scheme = own.runtime.tls === 'on' ? 'https' : 'http'
  return {
    url: `${scheme}://localhost:${server.runtimePort}`,
    admin: `https://localhost:${server.adminPort}`,
    stop: () => server.stop(),
  }
}
