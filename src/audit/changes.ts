import { isDeepStrictEqual } from 'node:util'
import { redactFields, redactText } from '../platform/redact.ts'

/** Fields of a thing, by their names in the model. */
export type Fields = Readonly<Record<string, unknown>>

export const changedThings = [
  'account',
  'api',
  'audit key',
  'client',
  'credential',
  'group',
  'key',
  'master key',
  'revocation',
] as const

/** One thing that an event changed: only the fields that differ. It holds no secret. */
export interface ChangedThing {
  readonly thing: (typeof changedThings)[number]
  readonly id: string
  /** Its name for people: of a client or an API, or the label of a credential. */
  readonly name?: string | undefined
  /** The group that owns it. */
  readonly owner?: string | undefined
  /** The client that a credential belongs to. */
  readonly client?: string
  /** Null if the event made the thing. */
  readonly before: Fields | null
  /** Null if the event removed the thing. */
  readonly after: Fields | null
}

/** The things that an event changed. */
export interface Changes {
  readonly things: readonly ChangedThing[]
  /** The number of further things, which are not listed. */
  readonly others: number
}

/** The most things that one event lists. */
const MOST_THINGS = 100
/** Characters of JSON that one event lists. */
const MOST_TEXT = 64 * 1024
/** Characters of JSON in one value. A longer value is cut, and becomes a text. */
const LONGEST_VALUE = 256

/** The identity of a thing. */
type Identity = Pick<ChangedThing, 'thing' | 'id' | 'name' | 'owner' | 'client'>

/**
 * Compares a thing before and after; undefined if nothing differs.
 * @param before undefined for a new thing @param after undefined for a removed thing
 */
export function changeOf(
  identity: Identity,
  before: Fields | undefined,
  after: Fields | undefined,
): ChangedThing | undefined {
  const names = Object.keys({ ...before, ...after }).filter(
    (name) => !isDeepStrictEqual(before?.[name] ?? null, after?.[name] ?? null),
  )
  if (names.length === 0 && before !== undefined && after !== undefined) return undefined
  const shown = (fields: Fields | undefined): Fields | null =>
    fields === undefined ? null : Object.fromEntries(names.map((name) => [name, bounded(fields[name] ?? null)]))
  const { name, owner, ...rest } = identity
  return {
    ...rest,
    id: redactText(identity.id),
    ...(name && { name: redactText(name) }),
    ...(owner && { owner: redactText(owner) }),
    before: shown(before),
    after: shown(after),
  }
}

/** Lists changes within the bounds of an event, and counts the rest. */
export function toChanges(all: readonly (ChangedThing | undefined)[]): Changes {
  const changed = all.filter((one) => one !== undefined)
  let left = MOST_TEXT
  const things = changed.slice(0, MOST_THINGS).filter((one) => {
    left -= JSON.stringify(one).length
    return left >= 0
  })
  return { things, others: changed.length - things.length }
}

/** A value without secrets, no longer than one value may be. */
function bounded(value: unknown): unknown {
  const { safe } = redactFields({ safe: value })
  const json = JSON.stringify(safe)
  return json.length <= LONGEST_VALUE ? safe : `${json.slice(0, LONGEST_VALUE)}…`
}
