import { LRUCache } from 'lru-cache'

/** The bytes that V8 takes to describe objects whose names no others have: for all of the names, and for each besides its text. */
const DESCRIPTION = { all: 96, name: 128 }
/** An object whose names include small numbers has a place for each number up to the largest; for numbers beyond, a table. */
const NUMBERED = { object: 4_096, member: 64 }
/** The most lists of names that are remembered, and the most characters of the JSON of each. */
const SHAPES = { most: 250, characters: 512 }

/**
 * The names of objects that others have written. V8 keeps the names of equal objects once, so that they count for the first of them
 * alone. Names that nobody else uses take many times the memory of the values.
 */
export class Shapes {
  /** The JSON of the names in their order, by which V8 tells shapes apart. */
  readonly #known = new LRUCache<string, true>({ max: SHAPES.most })

  /** @param names at least one, in the order of the object, which has small numbers first */
  bytesOf(names: readonly string[]): number {
    const [first = ''] = names
    if (/^\d{1,10}$/.test(first)) return NUMBERED.object + names.length * NUMBERED.member + this.#bytesOf(names)
    return this.#bytesOf(names)
  }

  #bytesOf(names: readonly string[]): number {
    const shape = JSON.stringify(names)
    if (this.#known.get(shape) === true) return 0
    if (shape.length <= SHAPES.characters) this.#known.set(shape, true)
    return names.reduce((sum, name) => sum + DESCRIPTION.name + 2 * name.length, DESCRIPTION.all)
  }
}
