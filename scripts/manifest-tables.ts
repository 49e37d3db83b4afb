/** The tables of the manifest's reference, from its schema. */

import { z } from 'zod'
import { manifestJsonSchema } from '../src/management/manifest/reading/json-schema.ts'

/** The parts of JSON Schema that the manifest uses. */
interface Node {
  readonly description?: string | undefined
  readonly type?: string | undefined
  readonly enum?: readonly unknown[] | undefined
  readonly const?: unknown
  readonly format?: string | undefined
  readonly minimum?: number | undefined
  readonly maxLength?: number | undefined
  readonly default?: unknown
  readonly items?: Node | undefined
  readonly properties?: Readonly<Record<string, Node>> | undefined
  readonly required?: readonly string[] | undefined
  readonly anyOf?: readonly Node[] | undefined
}

const node: z.ZodType<Node> = z.lazy(() =>
  z.object({
    description: z.string().optional(),
    type: z.string().optional(),
    enum: z.array(z.unknown()).optional(),
    const: z.unknown().optional(),
    format: z.string().optional(),
    minimum: z.number().optional(),
    maxLength: z.number().optional(),
    default: z.unknown().optional(),
    items: node.optional(),
    properties: z.record(z.string(), node).optional(),
    required: z.array(z.string()).optional(),
    anyOf: z.array(node).optional(),
  }),
)

const root = node.parse(manifestJsonSchema())

/** The path of the object that each table of the page describes. A list stands for its entries. */
const TABLES: Readonly<Record<string, readonly string[]>> = {
  document: [],
  apis: ['apis'],
  'token of an API': ['apis', 'token'],
  scopes: ['apis', 'scopes'],
  clients: ['clients'],
  'grants of a client': ['clients', 'grants'],
  'token of a client': ['clients', 'token'],
  credentials: ['clients', 'credentials'],
  certificate: ['clients', 'credentials', 'certificate'],
  federated: ['clients', 'credentials', 'federated'],
  tests: ['tests'],
  gets: ['tests', 'gets'],
  matches: ['tests', 'matches'],
}

/** The table with this name. @throws Error if the page asks for one that does not exist */
export function manifestTable(name: string): string {
  const path = TABLES[name]
  if (path === undefined) throw new Error(`the manifest has no table ${name}`)
  const { properties = {}, required = [] } = path.reduce(within, root)
  return [
    '| field | value | meaning |',
    '| --- | --- | --- |',
    ...Object.entries(properties).map(([field, one]) => {
      const meaning = [required.includes(field) && 'Required.', one.description].filter(Boolean).join(' ')
      return `| \`${field}\` | ${kindOf(one)}${defaultOf(one)} | ${meaning.replaceAll('|', '\\|')} |`
    }),
  ].join('\n')
}

/** The tables that a page must have, so that no field is left out. */
export const manifestTableNames = Object.keys(TABLES)

function within(parent: Node, field: string): Node {
  const child = parent.properties?.[field]
  const object = child && [child, child.items, ...(child.anyOf ?? [])].find((one) => one?.properties !== undefined)
  if (object === undefined) throw new Error(`the schema of the manifest has no object ${field}`)
  return object
}

/** The kind of a value, in words. */
function kindOf({ type, enum: values, const: only, format, minimum, maxLength, items, anyOf }: Node): string {
  if (anyOf !== undefined) return [...new Set(anyOf.map(kindOf))].join(', or ')
  if (values !== undefined) return values.map((value) => `\`${String(value)}\``).join(', ')
  if (only !== undefined) return `\`${String(only)}\``
  if (format === 'date-time') return 'a time'
  if (type === 'string')
    return maxLength === undefined ? 'text' : `text, up to ${maxLength.toLocaleString('en')} characters`
  if (type === 'boolean') return '`true` or `false`'
  if (type === 'integer') return minimum === undefined ? 'a number' : 'a whole number'
  if (type === 'array')
    return `a list${items?.properties === undefined && items !== undefined ? `: ${kindOf(items)}` : ''}`
  return type === 'object' ? 'a mapping' : 'any value'
}

const defaultOf = ({ default: value }: Node): string =>
  typeof value === 'boolean' || typeof value === 'string' ? ` (default \`${String(value)}\`)` : ''
