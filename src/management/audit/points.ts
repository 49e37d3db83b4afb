import type { Head } from '../../audit/proof/chain.ts'

/** A place of a chain whose hash is signed. */
export interface Point {
  readonly place: number
  readonly hash: string
  /** Names the checkpoint in messages. */
  readonly by: string
}

/** The signed places of all chains: about one for each minute of a server that writes, or for 10,000 events. */
export class Points {
  readonly #byChain = new Map<number, Map<number, Point>>()
  readonly #last = new Map<number, Point>()
  readonly #lastStored = new Map<number, number>()

  /** @param isStored whether the database has it @returns the point that says otherwise about this place, if there is one */
  add({ chain, place, hash }: Head, by: string, isStored: boolean): Point | undefined {
    if (isStored) this.#lastStored.set(chain, Math.max(place, this.#lastStored.get(chain) ?? 0))
    const points = this.#byChain.get(chain) ?? new Map<number, Point>()
    this.#byChain.set(chain, points)
    const known = points.get(place)
    if (known !== undefined) return known.hash === hash ? undefined : known
    const point = { place, hash, by }
    points.set(place, point)
    if (place > (this.#last.get(chain)?.place ?? 0)) this.#last.set(chain, point)
    return undefined
  }

  at(chain: number, place: number): Point | undefined {
    return this.#byChain.get(chain)?.get(place)
  }

  /** The last signed place of a chain; undefined if none is signed. */
  last(chain: number): Point | undefined {
    return this.#last.get(chain)
  }

  /** The last place of a chain that a stored checkpoint signs. */
  lastStored(chain: number): number | undefined {
    return this.#lastStored.get(chain)
  }

  get chains(): readonly number[] {
    return [...this.#byChain.keys()]
  }
}
