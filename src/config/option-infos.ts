import { z } from 'zod'
import { type Options, schema } from './schema.ts'

/** The key of an option, such as `runtime.port`. */
export type OptionKey = KeyWithin<Options>

/** Keys of sections are joined with dots. A list is a value, and so is everything that is no object. */
type KeyWithin<Section> = {
  [Name in keyof Section & string]-?: NonNullable<Section[Name]> extends readonly unknown[]
    ? Name
    : NonNullable<Section[Name]> extends object
      ? `${Name}.${keyof NonNullable<Section[Name]> & string}`
      : Name
}[keyof Section & string]

/** The description of one option for the reference, the environment and the command line. */
export interface OptionInfo {
  /** The path of the option in the file, such as `runtime.port`. */
  readonly key: string
  readonly env: string
  readonly flag: string
  readonly description: string
  /** The default; undefined if there is none. */
  readonly fallback: unknown
}

/** Secrets that are allowed neither in the configuration file nor on the command line, which others can read. */
const ENVIRONMENT_ONLY: readonly string[] = ['master_key', 'sign_on.client_secret']

export const isEnvironmentOnly = (key: string): boolean => ENVIRONMENT_ONLY.includes(key)

/** All options, in the order of the schema. */
export const optionInfos: readonly OptionInfo[] = describeOptions(schema, [])

function describeOptions(node: z.ZodObject, path: readonly string[]): readonly OptionInfo[] {
  return Object.entries(node.shape).flatMap(([name, child]: [string, z.ZodType]) => {
    const section = child instanceof z.ZodPrefault ? child.unwrap() : child
    const key = [...path, name]
    if (section instanceof z.ZodObject) return describeOptions(section, key)
    return [
      {
        key: key.join('.'),
        env: `TESSERA_${key.join('_').toUpperCase()}`,
        flag: `--${key.join('-').replaceAll('_', '-')}`,
        description: child.description ?? '',
        fallback: child instanceof z.ZodDefault ? child.def.defaultValue : undefined,
      },
    ]
  })
}
