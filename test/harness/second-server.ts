import type { Config } from '../../src/config/resolve.ts'
import { createLogger, type Logger } from '../../src/observability/log.ts'
import { type Clock, systemClock } from '../../src/platform/clock.ts'
import { startServer } from '../../src/server/server.ts'
import { freePort } from './port.ts'
import type { TestServer } from './server.ts'

/** A second server on the first one's database, with the same issuer and master key. */
export interface SecondServer {
  /** The server's own address. */
  readonly url: string
  readonly admin: string
  stop(): Promise<void>
}

interface Changes
  extends Partial<Pick<Config, 'issuer' | 'manifest' | 'clientAuthorities' | 'masterKey' | 'previousMasterKey'>> {
  readonly runtime?: Partial<Config['runtime']>
  /** The server's log; discarded by default. */
  readonly log?: Logger
}

/**
 * Starts a second server. The caller stops it before the first. @param changes options that differ from the first
 * server's
 */
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
