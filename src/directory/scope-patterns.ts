import type { Api, Scope } from './api.ts'

/** The part of a scope that says which names it stands for. */
type NamedScope = Pick<Scope, 'name'> & { readonly wildcard?: boolean | undefined }

export const hasStar = (name: string): boolean => name.includes('*')

const hasSeveralStars = (name: string): boolean => name.indexOf('*') !== name.lastIndexOf('*')

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
  const parts = pattern.split('*')
  const first = parts.shift() ?? ''
  const last = parts.pop()
  if (last === undefined) return pattern === name
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) return false
  const end = name.length - last.length
  let from = first.length
  for (const part of parts) {
    const at = name.indexOf(part, from)
    if (at === -1 || at + part.length > end) return false
    from = at + part.length
  }
  return true
}

/**
 * Finds the scopes with a `*` that cover a name. There may be thousands of scopes, and a request may ask for hundreds of values.
 */
export class ScopePatterns<Entry extends { readonly scope: Scope }> {
  /** Keyed by the length of the text before the first `*`, and then by that text. There are few different lengths. */
  readonly #byPrefix = new Map<number, Map<string, { readonly entry: Entry; readonly order: number }[]>>()

  /** @param entries entries whose scope has no `*` are skipped */
  constructor(entries: readonly Entry[]) {
    for (const [order, entry] of entries.entries()) {
      const { name } = entry.scope
      const star = name.indexOf('*')
      if (star === -1) continue
      const ofLength = this.#byPrefix.get(star) ?? new Map<string, { entry: Entry; order: number }[]>()
      const ofPrefix = ofLength.get(name.slice(0, star)) ?? []
      ofPrefix.push({ entry, order })
      this.#byPrefix.set(star, ofLength.set(name.slice(0, star), ofPrefix))
    }
  }

  get isEmpty(): boolean {
    return this.#byPrefix.size === 0
  }

  /** The scopes that cover `name`, in the order in which they were given. */
  of(name: string): readonly Entry[] {
    const found: { readonly entry: Entry; readonly order: number }[] = []
    let isInOrder = true
    for (const [length, ofLength] of this.#byPrefix) {
      const candidates = ofLength.get(name.slice(0, length))
      if (candidates === undefined) continue
      isInOrder &&= found.length === 0
      for (const candidate of candidates) if (isValueOf(name, candidate.entry.scope)) found.push(candidate)
    }
    if (!isInOrder) found.sort((one, other) => one.order - other.order)
    return found.map(({ entry }) => entry)
  }
}

const ofApis = new WeakMap<Api, ScopePatterns<{ readonly scope: Scope }>>()

/** The more text a pattern fixes, the fewer names it covers. */
const fixedLength = ({ name }: Scope): number => name.replaceAll('*', '').length

const bySpecificity = (one: Scope, other: Scope): number => fixedLength(other) - fixedLength(one)

/** The scopes of one API that have a `*`, the most specific first. */
export function patternsOf(api: Api): ScopePatterns<{ readonly scope: Scope }> {
  const known = ofApis.get(api) ?? new ScopePatterns(api.scopes.toSorted(bySpecificity).map((scope) => ({ scope })))
  ofApis.set(api, known)
  return known
}
