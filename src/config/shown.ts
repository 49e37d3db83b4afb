import { shownLocation } from '../input/database-location.ts'
import { isEnvironmentOnly, optionInfos } from './option-infos.ts'
import type { Options } from './schema.ts'

/** The options of a configuration as a person may see them: without secrets, and without the users and passwords of addresses. */
export function shownOptions(options: Options): Readonly<Record<string, unknown>> {
  const shown: Record<string, unknown> = {}
  for (const [key, value] of shownValues(options)) {
    const [section = '', name] = key.split('.')
    if (name === undefined) shown[section] = value
    else shown[section] = { ...Object(shown[section]), [name]: value }
  }
  return shown
}

/** The same options, each with its key, such as `runtime.port`. */
export const shownValues = (options: Options): readonly (readonly [key: string, value: unknown])[] =>
  optionInfos
    .filter(({ key }) => !isEnvironmentOnly(key))
    .map(({ key }) => [key, withoutPassword(key, valueAt(options, key.split('.')))])

const valueAt = (value: unknown, [name, ...rest]: readonly string[]): unknown =>
  name === undefined ? value : valueAt(new Map(Object.entries(Object(value))).get(name), rest)

function withoutPassword(key: string, value: unknown): unknown {
  if (typeof value !== 'string') return value
  if (key === 'storage') return shownLocation(value)
  const url = URL.parse(value)
  if (url === null || url.username + url.password === '') return value
  url.username = ''
  url.password = ''
  return url.href
}
