import { LRUCache } from 'lru-cache'

/**
 * A bounded memory in several parts, each of which forgets what was looked at longest ago among its own. So a flood of what
 * belongs on one shelf drives nothing off another.
 */
export class Shelves<Name extends string, Value extends object> {
  readonly #sizes: Readonly<Record<Name, number>>
  /** Made when first used: each takes its memory at once. */
  readonly #shelves = new Map<Name, LRUCache<string, Value>>()

  /** @param sizes entries */
  constructor(sizes: Readonly<Record<Name, number>>) {
    this.#sizes = sizes
  }

  get size(): number {
    let size = 0
    for (const shelf of this.#shelves.values()) size += shelf.size
    return size
  }

  get(key: string): Value | undefined {
    for (const shelf of this.#shelves.values()) {
      const value = shelf.get(key)
      if (value !== undefined) return value
    }
    return undefined
  }

  /** Puts a value on a shelf, and takes it off any other. */
  put(name: Name, key: string, value: Value): void {
    for (const [other, shelf] of this.#shelves) if (other !== name) shelf.delete(key)
    const shelf = this.#shelves.get(name) ?? new LRUCache<string, Value>({ max: this.#sizes[name] })
    this.#shelves.set(name, shelf.set(key, value))
  }
}
