import { UserError } from '../platform/user-error.ts'

/** One thing that is wrong with the configuration, in one line: the setting, its value, and how to mend it. */
export class ConfigError extends UserError {}

/** @param value left out for what must not be shown */
export const problem = (setting: string, value: unknown, mend: string): ConfigError =>
  new ConfigError(`${setting}${value === undefined ? '' : ` is ${withoutPassword(JSON.stringify(value))}`}: ${mend}`)

/** An address as it may be shown, however broken it is. */
export const withoutPassword = (address: string): string =>
  address.replace(/(\/\/[^:@/?]*):.*@/, '$1:***@').replace(/(password=)[^&"]*/gi, '$1***')
