import type { Command } from 'commander'
import { UsageError } from '../platform/user-error.ts'

/** Collects the values of an option that may be repeated, in order. */
export const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

/**
 * Makes a program, with all its commands, refuse an option that takes one value and is given twice. Otherwise commander would
 * silently drop the first value. An option that collects its values, or takes none, may be repeated.
 */
export function refuseRepeatedOptions(command: Command): void {
  for (const option of command.options) {
    const takesOne =
      (option.required || option.optional) &&
      !option.variadic &&
      (option.parseArg === undefined || option.argChoices !== undefined)
    if (!takesOne) continue
    const parse = option.parseArg
    option.argParser((value: string, before: unknown) => {
      if (command.getOptionValueSource(option.attributeName()) === 'cli')
        throw new UsageError(`${option.long ?? option.short} is given twice, and takes one value`)
      return parse?.(value, before) ?? value
    })
  }
  for (const subcommand of command.commands) refuseRepeatedOptions(subcommand)
}
