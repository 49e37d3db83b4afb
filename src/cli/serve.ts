import type { Command } from 'commander'
import { resolveConfig } from '../config/resolve.ts'
import { givenOptions } from './config-options.ts'
import { say } from './output.ts'
import { runServer } from './run.ts'

/** `tessera serve`: the server for real. */
export async function serve(command: Command): Promise<void> {
  const config = resolveConfig(givenOptions(command).options)
  const { runtimePort, adminPort } = await runServer(config)
  const scheme = config.runtime.tls === 'on' ? 'https' : 'http'
  const adminScheme = config.certificate === undefined ? 'http' : 'https'
  say(`tessera: ${config.issuer} is served on ${scheme}://${config.runtime.host}:${runtimePort}`)
  say(`tessera: health is on ${adminScheme}://${config.admin.host}:${adminPort}/healthz`)
}
