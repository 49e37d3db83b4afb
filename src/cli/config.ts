import type { Command } from 'commander'
import { configurationReference } from '../config/reference.ts'
import { resolveConfig } from '../config/resolve.ts'
import { givenOptions } from './config-options.ts'
import { print } from './output.ts'

/** `tessera config check`: fails with what `tessera serve` would fail with. */
export async function configCheck(command: Command): Promise<void> {
  const { issuer, storage } = resolveConfig(givenOptions(command).options)
  print(`ok: ${issuer} on ${storage}`)
}

/** `tessera config reference`: every option, as docs/configuration.md has it. */
export async function configReference(): Promise<void> {
  print(configurationReference())
}
