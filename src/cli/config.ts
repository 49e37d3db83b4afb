import type { Command } from 'commander'
import { configurationReference } from '../config/reference.ts'
import { examineConfig } from '../config/resolve.ts'
import { shownLocation } from '../input/database-location.ts'
import { systemClock } from '../platform/clock.ts'
import { systemRandom } from '../platform/random.ts'
import { Mistakes } from '../platform/user-error.ts'
import { examineManifest } from '../server/manifest/examine.ts'
import { examineStart } from '../server/preflight.ts'
import { isLive } from '../server/reload/table.ts'
import { givenOptions } from './config-options.ts'
import { print, printable, say } from './output.ts'

/** `tessera config check`: fails as `tessera serve` would, or if the served manifest has mistakes. It changes nothing. */
export async function configCheck(command: Command): Promise<void> {
  const examined = examineConfig(givenOptions(command), systemClock)
  const means = { clock: systemClock, random: systemRandom, mayRun: true }
  const findings = [await examineStart(examined, means), await examineManifest(examined.options.manifest)]
  for (const warning of findings.flatMap(({ warnings }) => warnings)) say(`warning: ${printable(warning)}`)
  for (const note of findings.flatMap(({ notes }) => notes)) say(`note: ${printable(note)}`)
  const mistakes = findings.flatMap((one) => one.mistakes)
  if (mistakes.length > 0) throw new Mistakes(mistakes)
  const { issuer, storage = '' } = examined.options
  print(printable(`ok: ${issuer} on ${shownLocation(storage)}`))
}

/** `tessera config reference`: prints every option, as docs/reference/configuration.md does. */
export async function configReference(): Promise<void> {
  print(configurationReference(isLive))
}
