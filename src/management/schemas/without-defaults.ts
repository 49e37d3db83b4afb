import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'

/**
 * A value without the fields that the schema fills in by itself, in the order of the schema. The schema reads the result back as the
 * same value.
 */
export function withoutDefaults(schema: z.core.$ZodType, value: unknown): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return withoutDefaults(schema.unwrap(), value)
  if (schema instanceof z.ZodArray && Array.isArray(value))
    return value.map((item: unknown) => withoutDefaults(schema.element, item))
  if (!(schema instanceof z.ZodObject) || typeof value !== 'object' || value === null) return value
  const fields: Readonly<Record<string, z.core.$ZodType>> = schema.shape
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, field]) => {
      const given: unknown = Object.getOwnPropertyDescriptor(value, name)?.value
      const written = withoutDefaults(field, given)
      return written === undefined || isDefault(field, written) ? [] : [[name, written]]
    }),
  )
}

/** Whether the schema makes of nothing what it makes of this value. */
function isDefault(schema: z.core.$ZodType, value: unknown): boolean {
  if (!(schema instanceof z.ZodDefault)) return false
  return isDeepStrictEqual(withoutDefaults(schema, schema.def.defaultValue), value)
}
