import type { Api, Scope } from './api.ts'

/** The part of a scope that says which names it stands for. */
type NamedScope = Pick<Scope, 'name'> & { readonly wildcard?: boolean | undefined }

export const hasStar = (name: string): boolean => name.includes('*')

export const hasSeveralStars = (name: string): boolean => name.indexOf('*') !== name.lastIndexOf('*')

/** Whether the API reads the `*` in this scope's name as any text. */
export const isWildcard = ({ name, wildcard }: NamedScope): boolean =>
  hasStar(name) && (wildcard ?? hasSeveralStars(name))

/** Whether a scope stands only for names with a value in place of its `*`, and not for its own name. */
export const isDynamic = (scope: NamedScope): boolean => hasStar(scope.name) && !isWildcard(scope)

/**
 * Whether `name` is the name of `scope` with some text in place of each `*`. The name of a dynamic scope is not a value of it: an
 * API might read it as all values.
 */
export function isValueOf(name: string, scope: NamedScope): boolean {
  if (!hasStar(scope.name) || name === scope.name) return false
  if (isWildcard(scope)) return covers(scope.name, name)
  return !hasStar(name) && name.length >= scope.name.length && covers(scope.name, name)
}

/** Whether `pattern` covers every name that `name` covers, where each `*` is any text. */
export function covers(pattern: string, name: string): boolean {
  const first = pattern.indexOf('*')
  if (first === -1) return pattern === name
  const last = pattern.lastIndexOf('*')
  const end = name.length - (pattern.length - last - 1)
  if (end < first || !name.startsWith(pattern.slice(0, first)) || !name.endsWith(pattern.slice(last + 1))) return false
  let from = first
  for (let star = first; star < last; ) {
    const next = pattern.indexOf('*', star + 1)
    const part = pattern.slice(star + 1, next)
    const at = name.indexOf(part, from)
    if (at === -1 || at + part.length > end) return false
    from = at + part.length
    star = next
  }
  return true
}

/** A map whose values are found by any text that begins, or ends, with the key. It relies on few different lengths of keys. */
class ByEnd<Value> {
  readonly #byLength = new Map<number, Map<string, Value>>()
  readonly #cut: (text: string, length: number) => string

  /** @param cut takes as many characters from the end in question */
  constructor(cut: (text: string, length: number) => string) {
    this.#cut = cut
  }

  /** The value for exactly this text. */
  at(end: string, create: () => Value): Value {
    const ofLength = this.#byLength.get(end.length) ?? new Map<string, Value>()
    const value = ofLength.get(end) ?? create()
    this.#byLength.set(end.length, ofLength.set(end, value))
    return value
  }

  of(text: string): readonly Value[] {
    const found: Value[] = []
    for (const [length, ofLength] of this.#byLength) {
      const value = length > text.length ? undefined : ofLength.get(this.#cut(text, length))
      if (value !== undefined) found.push(value)
    }
    return found
  }

  get isEmpty(): boolean {
    return this.#byLength.size === 0
  }
}

const beginning = (text: string, length: number): string => text.slice(0, length)
const ending = (text: string, length: number): string => text.slice(text.length - length)

interface Placed<Entry> {
  readonly entry: Entry
  readonly order: number
}

/**
 * Finds the scopes with a `*` that cover a name. There may be thousands of scopes that begin alike, and a request may ask for
 * hundreds of values. So a value is compared only with scopes that begin and end as it does.
 */
export class ScopePatterns<Entry extends { readonly scope: Scope }> {
  /** By the text before the first `*`, then by the text after the last. */
  readonly #byEnds = new ByEnd<ByEnd<Placed<Entry>[]>>(beginning)

  /** @param entries entries whose scope has no `*` are skipped */
  constructor(entries: readonly Entry[]) {
    for (const [order, entry] of entries.entries()) {
      const { name } = entry.scope
      if (!hasStar(name)) continue
      this.#byEnds
        .at(name.slice(0, name.indexOf('*')), () => new ByEnd<Placed<Entry>[]>(ending))
        .at(name.slice(name.lastIndexOf('*') + 1), () => [])
        .push({ entry, order })
    }
  }

  get isEmpty(): boolean {
    return this.#byEnds.isEmpty
  }

  /** The scopes that cover `name`, in the order in which they were given. */
  of(name: string): readonly Entry[] {
    const found: Placed<Entry>[] = []
    for (const byEnding of this.#byEnds.of(name)) {
      for (const alike of byEnding.of(name)) {
        for (const placed of alike) if (isValueOf(name, placed.entry.scope)) found.push(placed)
      }
    }
    if (found.length > 1) found.sort((one, other) => one.order - other.order)
    return found.map(({ entry }) => entry)
  }
}

export type ApiPatterns = ScopePatterns<{ readonly scope: Scope }>

/** The more text a pattern fixes, the fewer names it covers. */
const fixedLength = ({ name }: Scope): number => name.replaceAll('*', '').length

const bySpecificity = (one: Scope, other: Scope): number => fixedLength(other) - fixedLength(one)

/** The scopes of one API that have a `*`, the most specific first. */
export const patternsOf = (api: Api): ApiPatterns =>
  new ScopePatterns(
    api.scopes
      .filter(({ name }) => hasStar(name))
      .toSorted(bySpecificity)
      .map((scope) => ({ scope })),
  )
