import { LRUCache } from 'lru-cache'

/**
 * A bounded map with several parts. Each part drops its own least recently used entry, so a flood on one part displaces nothing
 * on another.
 */
export class PartitionedLru<Name extends string, Value extends object> {
  readonly #sizes: Readonly<Record<Name, number>>
  readonly #scale: number
  /** Each cache is made when it is first used, since it allocates all its memory at once. */
  readonly #parts = new Map<Name, LRUCache<string, Value>>()

  /** @param sizes the most entries of each part @param scale by which they are multiplied */
  constructor(sizes: Readonly<Record<Name, number>>, scale = 1) {
    this.#sizes = sizes
    this.#scale = scale
  }

  get(key: string): Value | undefined {
    for (const part of this.#parts.values()) {
      const value = part.get(key)
      if (value !== undefined) return value
    }
    return undefined
  }

  /** Puts a value into a part and removes it from all others. */
  put(name: Name, key: string, value: Value): void {
    for (const [other, part] of this.#parts) if (other !== name) part.delete(key)
    const part =
      this.#parts.get(name) ?? new LRUCache<string, Value>({ max: Math.ceil(this.#sizes[name] * this.#scale) })
    this.#parts.set(name, part.set(key, value))
  }
}
