import { UserError } from '../platform/user-error.ts'

/** One mistake in the configuration, in one line: the setting, its value, and how to mend it. */
export class ConfigError extends UserError {}

/** The most characters of a value that a message shows. */
const LONGEST_SHOWN = 200

/** @param value undefined if it must not be shown */
export function problem(setting: string, value: unknown, mend: string): ConfigError {
  const shown = value === undefined ? '' : JSON.stringify(value)
  const cut = shown.length > LONGEST_SHOWN ? `${shown.slice(0, LONGEST_SHOWN)}…` : shown
  return new ConfigError(`${setting}${cut === '' ? '' : ` is ${cut}`}: ${mend}`)
}
