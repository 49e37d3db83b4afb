import type { Command } from 'commander'
import { configurationReference } from '../config/reference.ts'
import { resolveConfig } from '../config/resolve.ts'
import { shownLocation } from '../input/database-location.ts'
import { checkLocation } from '../store/open.ts'
import { givenOptions } from './config-options.ts'
import { print } from './output.ts'

/** `tessera config check`: fails with what `tessera serve` would fail with. */
export async function configCheck(command: Command): Promise<void> {
  const { issuer, storage, storageAccess } = resolveConfig(givenOptions(command).options)
  checkLocation(storage, storageAccess)
  print(`ok: ${issuer} on ${shownLocation(storage)}`)
}

/** `tessera config reference`: every option, as docs/configuration.md has it. */
export async function configReference(): Promise<void> {
  print(configurationReference())
}
