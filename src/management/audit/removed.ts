import type { KeyObject } from 'node:crypto'
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

/** The ranges that retention has removed. */
export class Removed {
  readonly #byFirst: Map<string, Removal>
  readonly #used = new Set<string>()
  readonly #keys: ReadonlyMap<string, KeyObject>
  readonly #faults: Faults
  #events = 0

  static async read(store: ProofStore, keys: ReadonlyMap<string, KeyObject>, faults: Faults): Promise<Removed> {
    return new Removed(await store.listRemovals(), keys, faults)
  }

  private constructor(removals: readonly Removal[], keys: ReadonlyMap<string, KeyObject>, faults: Faults) {
    this.#byFirst = new Map(removals.map((one) => [nameOf(one), one]))
    this.#keys = keys
    this.#faults = faults
  }

  /** The number of places that were removed with a signature. */
  get places(): number {
    return this.#events
  }

  /** Follows the removals after a position, up to a place. */
  follow(chain: Chain, from: Position, upTo: number): Position {
    let position = from
    for (;;) {
      const first = position.place + 1
      const removal = this.#byFirst.get(nameOf({ chain: chain.id, first }))
      if (removal === undefined || removal.last < first || removal.last > upTo) return position
      this.#used.add(nameOf(removal))
      this.#check(chain, removal)
      position = { place: removal.last, hash: removal.hash }
    }
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

  #check(chain: Chain, { kid, signature, ...content }: Removal): void {
    const { first, last } = content
    const key = kid === undefined ? undefined : this.#keys.get(kid)
    const isSigned =
      key !== undefined &&
      signature !== undefined &&
      isSignedBy(key, removalText(content, beginningOf(chain)), signature)
    if (isSigned) this.#events += last - first + 1
    else
      this.#faults.add(`the places ${first} to ${last} were removed, and no trusted key says that retention did it`, {
        chain: chain.id,
        place: first,
      })
  }
}

const nameOf = ({ chain, first }: Pick<Removal, 'chain' | 'first'>): string => `${chain} ${first}`
