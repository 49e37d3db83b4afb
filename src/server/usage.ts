import { DAY_MS } from '../platform/clock.ts'
import type { Store } from '../store/tables/sql-store.ts'
import { UsageCounter } from '../usage/counter.ts'
import { UsageRetention } from '../usage/retention.ts'
import type { Dependencies } from './environment.ts'

/** Starts to count the requests of this process. */
export function openUsage({ clock, random, repeat, shutdown }: Dependencies, store: Store): UsageCounter {
  const usage = new UsageCounter({ store: store.usage, clock, random })
  repeat({ every: 1_000, work: () => usage.flushIfDue(), failure: 'usage could not be written' })
  // Added last, so that it ends the pauses of a running write before anything waits for that.
  shutdown.add(() => usage.close())
  return usage
}

/** Keeps the counts of all processes within their limits. */
export function keepUsageBounded({ config, clock, repeat }: Dependencies, store: Store): UsageRetention {
  const { minutes_kept: hours, hours_kept: days, days_kept: many, rows_kept: rows } = config.usage
  const kept = { minute: (hours * DAY_MS) / 24, hour: days * DAY_MS, day: many * DAY_MS }
  const retention = new UsageRetention({ store: store.usage, clock, limits: { kept, rows } })
  repeat({ every: 60_000, work: (ending) => retention.prune(ending), failure: 'old usage could not be removed' })
  return retention
}
