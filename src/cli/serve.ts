import type { Command } from 'commander'
import { resolveConfig } from '../config/resolve.ts'
import { givenOptions } from './config-options.ts'
import { say } from './output.ts'
import { isWorker, runServer, runWorker } from './run.ts'

/** `tessera serve`: the server for real. */
export async function serve(command: Command): Promise<void> {
  if (isWorker()) return runWorker()
  const read = () => resolveConfig(givenOptions(command).options)
  const config = read()
  const { runtimePort, adminPort } = await runServer(config, read)
  const scheme = config.runtime.tls === 'on' ? 'https' : 'http'
  const adminScheme = config.certificate === undefined ? 'http' : 'https'
  say(`tessera: ${config.issuer} is served on ${scheme}://${config.runtime.host}:${runtimePort}`)
  say(`tessera: health is on ${adminScheme}://${config.admin.host}:${adminPort}/healthz`)
}
