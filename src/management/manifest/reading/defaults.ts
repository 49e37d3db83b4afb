import type { AliasRoom, Path } from '../../../input/yaml-nodes.ts'

/** The sections of a document whose entries can have defaults, and the name of one entry. */
const sections = { apis: 'api', clients: 'client' } as const

type Section = keyof typeof sections

const isSection = (name: unknown): name is Section => name === 'apis' || name === 'clients'

type Mapping = Readonly<Record<string, unknown>>

export const isMapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A field of a mapping of its own, since a text from outside may be the name of an inherited one. */
export const fieldOf = (value: unknown, name: PropertyKey): unknown =>
  isMapping(value) || Array.isArray(value) ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined

/**
 * A document whose entries have the defaults of the document for the fields that they leave out.
 * @param room for the values that this adds @returns undefined if they come to too many
 */
export function withDefaults(document: Mapping, room: AliasRoom): Mapping | undefined {
  let hasRoom = true
  const filled = Object.entries(sections).flatMap(([section, entry]) => {
    const entries = fieldOf(document, section)
    const defaults = fieldOf(fieldOf(document, 'defaults'), entry)
    if (!Array.isArray(entries) || !isMapping(defaults)) return []
    const sizes = new Map(Object.entries(defaults).map(([name, value]) => [name, sizeOf(value)]))
    const fillOne = (one: unknown) => {
      if (!hasRoom || !isMapping(one)) return one
      const missing = [...sizes].filter(([name]) => !isScalar(fieldOf(one, name)))
      hasRoom = room.take(missing.reduce((sum, [, size]) => sum + size, 0)) === true
      return fill(one, defaults)
    }
    return [[section, entries.map(fillOne)] as const]
  })
  return hasRoom ? { ...document, ...Object.fromEntries(filled) } : undefined
}

const isScalar = (value: unknown): boolean => value !== undefined && !isMapping(value)

/** The number of values within a value. A value alone takes no room, as an entry has few fields. */
const sizeOf = (value: unknown): number =>
  typeof value === 'object' && value !== null
    ? Object.values(value).reduce<number>((sum, one) => sum + 1 + sizeOf(one), 0)
    : 0

/** Mappings within mappings are filled, too. A list or a value of the entry stays as it is. */
const fill = (entry: Mapping, defaults: Mapping): Mapping => {
  const missing = Object.entries(defaults).flatMap(([name, value]) => {
    const given = fieldOf(entry, name)
    if (given === undefined) return [[name, value] as const]
    return isMapping(given) && isMapping(value) ? [[name, fill(given, value)] as const] : []
  })
  return { ...entry, ...Object.fromEntries(missing) }
}

/** The path at which a document itself holds the value of a path, which may be among the defaults. */
export function writtenPath(document: Mapping, path: Path): Path {
  const [section, index, ...rest] = path
  if (!isSection(section) || index === undefined || rest.length === 0) return path
  let own = fieldOf(fieldOf(document, section), index)
  let defaults = fieldOf(fieldOf(document, 'defaults'), sections[section])
  for (const part of rest) {
    own = fieldOf(own, part)
    defaults = fieldOf(defaults, part)
    if (own !== undefined) continue
    return defaults === undefined ? path : ['defaults', sections[section], ...rest]
  }
  return path
}
