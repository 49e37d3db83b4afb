import { ALSO_ISSUED, ISSUED, isRefusal, type UsageSum } from '../../usage/store.ts'

/** The requests for tokens of some time. */
export interface Totals {
  readonly issued: number
  readonly refused: number
  /** The refused requests, by reason. */
  readonly reasons: ReadonlyMap<string, number>
  /** The sum of the lifetimes of the issued tokens. */
  readonly tokenSeconds: number
}

/** Totals, while they grow. */
export class RunningTotals implements Totals {
  issued = 0
  refused = 0
  tokenSeconds = 0
  readonly reasons = new Map<string, number>()

  /** @param isOfApi whether the totals are of one API: a token for several APIs counts for each of them there, and once elsewhere */
  add({ outcome, count, tokenSeconds }: UsageSum, isOfApi: boolean): void {
    if (isRefusal(outcome)) {
      this.refused += count
      this.reasons.set(outcome, (this.reasons.get(outcome) ?? 0) + count)
    } else if (outcome === ISSUED || (isOfApi && outcome === ALSO_ISSUED)) {
      this.issued += count
      this.tokenSeconds += tokenSeconds
    }
  }

  get isEmpty(): boolean {
    return this.issued === 0 && this.refused === 0
  }
}
