import { setImmediate as nextTurn } from 'node:timers/promises'
import { BelievedTime } from '../platform/believed-time.ts'
import { cleanUp } from '../platform/clean-up.ts'
import { type Clock, DAY_MS } from '../platform/clock.ts'
import { intervalOf, type Resolution, resolutions, type UsageStore } from './store.ts'

/** Intervals whose rows are counted at a time. Requests are handled between the steps. */
const INTERVALS_AT_ONCE = 16
/** Rows dated further ahead come from a clock that was wrong. Milliseconds. */
const AHEAD = DAY_MS

/** The limits of what is kept, for each tenant. */
interface UsageLimits {
  /** The time for which the counts of each resolution are kept. Milliseconds. */
  readonly kept: Readonly<Record<Resolution, number>>
  /** The most rows of each resolution. */
  readonly rows: number
}

type RetentionStore = Pick<UsageStore, 'intervals' | 'pruneUsage' | 'removeFirst'>

interface RetentionOptions {
  readonly store: RetentionStore
  readonly clock: Clock
  readonly limits: UsageLimits
}

/** Removes counts that are too old, and the oldest of those that are too many. */
export class UsageRetention {
  readonly #options: RetentionOptions
  readonly #time: BelievedTime
  /** Rows that were removed before their time, because there were too many. */
  readonly removedEarly: Record<Resolution, number> = { minute: 0, hour: 0, day: 0 }

  constructor(options: RetentionOptions) {
    this.#options = options
    this.#time = new BelievedTime(options.clock)
  }

  /** Rejects when the database fails. */
  async prune(ending?: AbortSignal): Promise<void> {
    const { store, limits } = this.#options
    const names: readonly Resolution[] = ['minute', 'hour', 'day']
    for (const resolution of names) {
      const oldest = intervalOf(resolution, this.#time.now() - limits.kept[resolution])
      await cleanUp((most) => store.pruneUsage(resolution, oldest, most), ending)
      await this.#removeSurplus(resolution, ending)
    }
  }

  async #removeSurplus(resolution: Resolution, ending: AbortSignal | undefined): Promise<void> {
    const { store, clock, limits } = this.#options
    let surplus = (await countRows(store, resolution)) - limits.rows
    await cleanUp(async (most) => {
      if (surplus <= 0) return 0
      const removed = await store.removeFirst(resolution, clock.now() + AHEAD, Math.min(most, surplus))
      surplus -= removed
      this.removedEarly[resolution] += removed
      return removed
    }, ending)
  }
}

async function countRows(store: RetentionStore, resolution: Resolution): Promise<number> {
  let rows = 0
  for (let from = Number.MIN_SAFE_INTEGER; ; ) {
    const some = await store.intervals(resolution, from, INTERVALS_AT_ONCE)
    for (const interval of some) rows += interval.rows
    const last = some.at(-1)
    if (last === undefined || some.length < INTERVALS_AT_ONCE) return rows
    from = last.at + resolutions[resolution]
    await nextTurn()
  }
}
