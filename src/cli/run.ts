import type { Config } from '../config/resolve.ts'
import { type Server, startServer } from '../server.ts'
import { createLogger } from '../telemetry/log.ts'

/** Starts a server that stops at SIGTERM or SIGINT; a second signal ends it at once. */
export async function runServer(config: Config): Promise<Server> {
  const log = createLogger(config.log.level)
  const server = await startServer(config, { log })
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      log.info({ signal }, 'shutting down')
      server.stop().then(
        () => process.exit(0),
        (error: unknown) => {
          log.error({ err: error }, 'shut down uncleanly')
          process.exit(1)
        },
      )
    })
  }
  return server
}
