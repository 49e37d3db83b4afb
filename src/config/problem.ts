import { UserError } from '../platform/user-error.ts'

/** One thing that is wrong with the configuration, in one line: the setting, its value, and how to mend it. */
export class ConfigError extends UserError {}

/** @param value left out for what must not be shown */
export const problem = (setting: string, value: unknown, mend: string): ConfigError =>
  new ConfigError(`${setting}${value === undefined ? '' : ` is ${JSON.stringify(value)}`}: ${mend}`)
