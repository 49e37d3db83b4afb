import type { Command } from 'commander'
import { examineConfig } from '../config/resolve.ts'
import { originOf } from '../platform/addresses.ts'
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
  const at = {
    runtime: originOf(config.runtime.tls === 'on', config.runtime.host, runtimePort),
    admin: originOf(config.certificate !== undefined, config.admin.host, adminPort),
  }
  say(`tessera: ${config.issuer} is served on ${at.runtime}`)
  say(`tessera: health is on ${at.admin}/healthz`)
}
