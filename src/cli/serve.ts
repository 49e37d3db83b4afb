import type { Command } from 'commander'
import { examineConfig } from '../config/resolve.ts'
import { systemClock } from '../platform/clock.ts'
import { systemRandom } from '../platform/random.ts'
import { requireStart } from '../server/preflight.ts'
import { givenOptions } from './config-options.ts'
import { say } from './output.ts'
import { isWorker, runServer, runWorker } from './run.ts'

/** `tessera serve`: runs the server. */
export async function serve(command: Command): Promise<void> {
  if (isWorker()) return runWorker()
  const read = () => examineConfig(givenOptions(command), systemClock)
  const starting = await requireStart(read(), { clock: systemClock, random: systemRandom })
  const { config } = starting
  const { runtimePort, adminPort } = await runServer(starting, read)
  const scheme = config.runtime.tls === 'on' ? 'https' : 'http'
  const adminScheme = config.certificate === undefined ? 'http' : 'https'
  say(`tessera: ${config.issuer} is served on ${scheme}://${config.runtime.host}:${runtimePort}`)
  say(`tessera: health is on ${adminScheme}://${config.admin.host}:${adminPort}/healthz`)
}
