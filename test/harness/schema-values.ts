/** Makes values from JSON Schemas: some that fit, and some that barely don't. */

import fc from 'fast-check'
import type { Document, Schema } from './described.ts'

/** Levels of values. A schema may contain itself. */
const DEEPEST = 4
/** The most optional fields of a generated object. With many, hardly one object would be accepted. */
const MOST_OPTIONAL = 3
const HUGE = 100_000

type Schemas = Document['schemas']
/** Values that a field of a name has often, so that requests meet things that exist. */
export type Known = Readonly<Record<string, readonly string[]>>

interface Setting {
  readonly schemas: Schemas
  readonly known: Known
}

const resolve = ({ schemas }: Pick<Setting, 'schemas'>, schema: Schema): Schema =>
  schema.$ref === undefined ? schema : (schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {})

/** Values that a schema accepts, unless it has rules that JSON Schema can't say. @param name the field */
export function fitting(setting: Setting, given: Schema, name = '', depth = 0): fc.Arbitrary<unknown> {
  const schema = resolve(setting, given)
  const known = setting.known[name]
  if ('const' in schema) return fc.constant(schema.const)
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  const either = schema.anyOf ?? schema.oneOf
  if (either !== undefined) {
    const shallow = depth < DEEPEST ? either : either.filter(({ type }) => type !== 'array' && type !== 'object')
    return fc.oneof(...shallow.map((one) => fitting(setting, one, name, depth + 1)))
  }
  switch (schema.type) {
    case 'string': {
      const text = fittingText(schema)
      return known === undefined ? text : fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...known) }, text)
    }
    case 'integer':
      return fc.integer({
        min: Math.max(schema.minimum ?? -100, -(2 ** 31)),
        max: Math.min(schema.maximum ?? 100, 2 ** 31 - 1),
      })
    case 'number':
      return fc.double({ noNaN: true, noDefaultInfinity: true })
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'array': {
      const { items = {}, minItems: minLength = 0, maxItems = 3 } = schema
      return fc.array(fitting(setting, items, name, depth + 1), {
        minLength,
        maxLength: Math.max(minLength, Math.min(maxItems, 3)),
      })
    }
    case 'object':
      return fittingObject(setting, schema, depth)
    default:
      return fc.jsonValue({ maxDepth: 2 })
  }
}

function fittingText({ format, pattern, minLength = 0, maxLength = HUGE }: Schema): fc.Arbitrary<string> {
  if (format === 'date-time') {
    const date = fc.date({ min: new Date(0), max: new Date('9999-01-01'), noInvalidDate: true })
    return date.map((one) => one.toISOString())
  }
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern))
  const longest = Math.max(minLength, Math.min(maxLength, 20))
  const ascii = fc.string({ minLength, maxLength: longest })
  const any = fc.string({ minLength, maxLength: longest, unit: 'binary' }).filter(({ length }) => length <= maxLength)
  return fc.oneof({ weight: 3, arbitrary: ascii }, any, fc.constant('x'.repeat(Math.min(maxLength, HUGE))))
}

function fittingObject(setting: Setting, schema: Schema, depth: number): fc.Arbitrary<unknown> {
  const { properties = {}, required = [], additionalProperties } = schema
  const optional = Object.keys(properties).filter((name) => !required.includes(name))
  const declared = fc
    .subarray(optional, { maxLength: Math.min(optional.length, MOST_OPTIONAL) })
    .chain((chosen) =>
      fc.record(
        Object.fromEntries(
          [...required, ...chosen].map((name) => [name, fitting(setting, properties[name] ?? {}, name, depth + 1)]),
        ),
      ),
    )
  if (additionalProperties === undefined || additionalProperties === false || depth >= DEEPEST) return declared
  const value = additionalProperties === true ? fc.jsonValue() : fitting(setting, additionalProperties, '', depth + 1)
  const names = fc.oneof(
    fc.string({ minLength: 1, maxLength: 10 }),
    fc.constantFrom('name', 'description', 'scopes', 'owner'),
  )
  return fc
    .tuple(fc.dictionary(names, value, { maxKeys: 3 }), declared)
    .map(([others, own]) => Object.assign(others, own))
}

/** A small value that fits: the first of a choice, and required fields alone. */
export function smallest(setting: Setting, given: Schema, name = ''): unknown {
  const schema = resolve(setting, given)
  if ('const' in schema) return schema.const
  if (schema.enum !== undefined) return schema.enum[0]
  const [first] = schema.anyOf ?? schema.oneOf ?? []
  if (first !== undefined) return smallest(setting, first, name)
  switch (schema.type) {
    case 'string':
      return schema.format === 'date-time'
        ? '2030-01-01T00:00:00Z'
        : (setting.known[name]?.[0] ?? (schema.pattern === undefined ? 'x'.repeat(schema.minLength ?? 1) : '1'))
    case 'integer':
    case 'number':
      return Math.max(schema.minimum ?? 0, 0)
    case 'boolean':
      return false
    case 'array':
      return Array.from({ length: schema.minItems ?? 0 }, () => smallest(setting, schema.items ?? {}, name))
    case 'object': {
      const { properties = {}, required = [] } = schema
      return Object.fromEntries(required.map((field) => [field, smallest(setting, properties[field] ?? {}, field)]))
    }
    default:
      return null
  }
}

const OF_OTHER_TYPES = [null, true, -1, 12.5, 1e308, 'text', [], [[]], {}, { a: { b: [] } }]
const HOSTILE_TEXTS = [
  '',
  'a\u0000b',
  'a\nb',
  '\ud800',
  '\u202e',
  '__proto__',
  '../..',
  "' or 1=1 --",
  '%00',
  '💣'.repeat(50),
]

/** Values at, over and beside each bound of a schema, and of other types. Some of them may fit. */
export function* nearby(setting: Setting, given: Schema, name = '', depth = 0): Generator<unknown> {
  const schema = resolve(setting, given)
  yield* OF_OTHER_TYPES
  if (depth > DEEPEST) return
  for (const one of schema.anyOf ?? schema.oneOf ?? []) yield* nearby(setting, one, name, depth + 1)
  switch (schema.type) {
    case 'string': {
      const { maxLength: most = HUGE } = schema
      yield* HOSTILE_TEXTS
      yield* ['x'.repeat(most), 'x'.repeat(most + 1), 'ä'.repeat(most), 'x'.repeat(HUGE)]
      break
    }
    case 'integer':
      for (const bound of [schema.minimum ?? 0, schema.maximum ?? 0]) yield* [bound - 1, bound, bound + 1, bound + 0.5]
      break
    case 'array': {
      const { items = {}, minItems: least = 0, maxItems: most = 2_000 } = schema
      const item = smallest(setting, items, name)
      for (const length of [least - 1, least, most, most + 1])
        yield Array.from({ length: Math.max(0, length) }, () => item)
      for (const one of nearby(setting, items, name, depth + 1)) yield [one]
      break
    }
    case 'object': {
      const { properties = {}, required = [] } = schema
      const whole = Object(smallest(setting, schema))
      yield { ...whole, nmae: 'x' }
      yield JSON.parse(JSON.stringify(whole).replace('{', '{"__proto__":{"enabled":true},').replace(',}', '}'))
      for (const field of required) yield Object.fromEntries(Object.entries(whole).filter(([key]) => key !== field))
      for (const [field, one] of Object.entries(properties))
        for (const value of nearby(setting, one, field, depth + 1)) yield { ...whole, [field]: value }
    }
  }
}
