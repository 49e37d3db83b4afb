import type { KeyObject } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { beginningOf, type Chain } from '../../audit/proof/chain.ts'
import { isSignedBy } from '../../audit/proof/keys.ts'
import { type Removal, removalText } from '../../audit/proof/statements.ts'
import type { ProofStore } from '../../audit/proof/store.ts'
import type { Faults } from './faults.ts'

/** The end of a chain as far as it was followed. The hash is unknown after a place that is missing. */
export interface Position {
  readonly place: number
  readonly hash: string | undefined
}

/** The ranges that retention has removed, and those that it removes meanwhile. */
export class Removed {
  readonly #store: ProofStore
  readonly #byFirst: Map<string, Removal>
  /** Ranges that were not there at the beginning. */
  #later: readonly Removal[] = []
  readonly #used = new Set<string>()
  readonly #keys: ReadonlyMap<string, KeyObject>
  readonly #faults: Faults
  #events = 0

  static async read(store: ProofStore, keys: ReadonlyMap<string, KeyObject>, faults: Faults): Promise<Removed> {
    return new Removed(store, await store.listRemovals(), keys, faults)
  }

  private constructor(
    store: ProofStore,
    removals: readonly Removal[],
    keys: ReadonlyMap<string, KeyObject>,
    faults: Faults,
  ) {
    this.#store = store
    this.#byFirst = new Map(removals.map((one) => [nameOf(one), one]))
    this.#keys = keys
    this.#faults = faults
  }

  /** The number of places that were removed with a signature. */
  get places(): number {
    return this.#events
  }

  /**
   * Follows the removals after a position, up to a place. If they end before it, retention may have removed the rest while the log was
   * being read, so the removals are read again.
   */
  async follow(chain: Chain, from: Position, upTo: number): Promise<Position> {
    const position = this.#follow(chain, from, upTo)
    if (position.place === upTo) return position
    this.#later = (await this.#store.listRemovals()).filter((one) => !isDeepStrictEqual(one, this.#known(one)))
    return this.#follow(chain, position, upTo)
  }

  #follow(chain: Chain, from: Position, upTo: number): Position {
    let position = from
    while (position.place < upTo) {
      const next = this.#next(chain.id, position.place + 1, upTo)
      if (next === undefined) break
      this.#check(chain, next, position.place)
      position = next.last > upTo ? { place: upTo, hash: undefined } : { place: next.last, hash: next.hash }
    }
    return position
  }

  /** The removal of a place. A later one may begin before it, and go on beyond the last place that is asked for. */
  #next(chain: number, place: number, upTo: number): Removal | undefined {
    const removal = this.#known({ chain, first: place })
    if (removal !== undefined && removal.last >= place && removal.last <= upTo) {
      this.#used.add(nameOf(removal))
      return removal
    }
    const later = this.#later.find((one) => one.chain === chain && one.first <= place && one.last >= place)
    if (later === undefined) return undefined
    // It has replaced those that it holds.
    for (const [name, one] of this.#byFirst)
      if (one.chain === chain && one.first >= later.first && one.last <= later.last) this.#used.add(name)
    return later
  }

  #known(removal: Pick<Removal, 'chain' | 'first'>): Removal | undefined {
    return this.#byFirst.get(nameOf(removal))
  }

  /** Reports removals that no chain has used. */
  refuseOthers(): void {
    for (const [name, { chain, first, last }] of this.#byFirst)
      if (!this.#used.has(name))
        this.#faults.add(
          `the log says that the places ${first} to ${last} were removed, which does not fit the chain`,
          {
            chain,
            place: first,
          },
        )
  }

  /** @param before the last place that was followed already */
  #check(chain: Chain, { kid, signature, ...content }: Removal, before: number): void {
    const { first, last } = content
    const key = kid === undefined ? undefined : this.#keys.get(kid)
    const isSigned =
      key !== undefined &&
      signature !== undefined &&
      isSignedBy(key, removalText(content, beginningOf(chain)), signature)
    if (isSigned) this.#events += last - before
    else
      this.#faults.add(`the places ${first} to ${last} were removed, and no trusted key says that retention did it`, {
        chain: chain.id,
        place: first,
      })
  }
}

const nameOf = ({ chain, first }: Pick<Removal, 'chain' | 'first'>): string => `${chain} ${first}`
