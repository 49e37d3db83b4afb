import type { Api, Scope } from './api.ts'

/** Whether a scope stands for many: those with something in the place of its `*`. */
export const isDynamic = (name: string): boolean => name.includes('*')

/** Whether `name` is `pattern` with something in the place of its `*`. The pattern itself is not: it would mean them all. */
export function isValueOf(name: string, pattern: string): boolean {
  const star = pattern.indexOf('*')
  if (star === -1 || isDynamic(name) || name.length < pattern.length) return false
  return name.startsWith(pattern.slice(0, star)) && name.endsWith(pattern.slice(star + 1))
}

/** Finds dynamic scopes by their values. There may be thousands of scopes, and a request may ask for hundreds of values. */
export class DynamicScopes<Entry extends { readonly scope: Scope }> {
  /** By the text before the `*`: first by its length, of which there are few, then by the text. */
  readonly #byPrefix = new Map<number, Map<string, { readonly entry: Entry; readonly order: number }[]>>()

  /** @param entries those whose scope is not dynamic are passed over */
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

  /** Those that `name` is a value of, in the order in which they were given. */
  of(name: string): readonly Entry[] {
    const found: { readonly entry: Entry; readonly order: number }[] = []
    let isInOrder = true
    for (const [length, ofLength] of this.#byPrefix) {
      const candidates = ofLength.get(name.slice(0, length))
      if (candidates === undefined) continue
      isInOrder &&= found.length === 0
      for (const candidate of candidates) if (isValueOf(name, candidate.entry.scope.name)) found.push(candidate)
    }
    if (!isInOrder) found.sort((one, other) => one.order - other.order)
    return found.map(({ entry }) => entry)
  }
}

const ofApis = new WeakMap<Api, DynamicScopes<{ readonly scope: Scope }>>()

/** The dynamic scopes of one API. */
export function dynamicScopesOf(api: Api): DynamicScopes<{ readonly scope: Scope }> {
  const known = ofApis.get(api) ?? new DynamicScopes(api.scopes.map((scope) => ({ scope })))
  ofApis.set(api, known)
  return known
}
