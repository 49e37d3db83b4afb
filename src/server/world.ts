import type { AuditSink } from '../audit/sink.ts'
import type { Lookup } from '../client-auth/remote-jwks/resolve.ts'
import type { Guesses } from '../client-auth/throttle/limiter.ts'
import type { Config } from '../config/resolve.ts'
import { Holds } from '../http/hold.ts'
import type { Logger } from '../observability/log.ts'
import { UnreadableRecords } from '../observability/unreadable.ts'
import { type Clock, systemClock } from '../platform/clock.ts'
import { Poller } from '../platform/poller.ts'
import { type RandomBytes, systemRandom } from '../platform/random.ts'
import { openStore } from '../store/open.ts'
import type { Closers } from './closers.ts'
import { LiveConfig } from './live.ts'
import type { RemoteCondition } from './workers/remote-condition.ts'
import type { RemoteMetrics } from './workers/remote-metrics.ts'

/** The most refusals held back at once. Each takes about 10 KB. */
const MOST_HELD = 1_000

/** What the server takes from the world; a test may hold any of it. */
export interface World {
  readonly log: Logger
  readonly clock?: Clock
  readonly random?: RandomBytes
  readonly open?: typeof openStore
  /** The resolver for the hosts of keys by URL. */
  readonly lookup?: Lookup
  /** Holds refusals back. */
  readonly holds?: Pick<Holds, 'begin'>
  /** What this process has in common with others, and does not keep itself: it then has no admin listener either. */
  readonly shared?: Shared
}

/** What is one for several processes. */
interface Shared {
  readonly audit: AuditSink
  readonly guesses: Guesses
  /** Is told what this process measures. */
  readonly metrics: Pick<RemoteMetrics, 'offer'>
  /** Gets the reasons why this process can't answer as it should. */
  readonly condition: Pick<RemoteCondition, 'tell'>
}

/** The same, with nothing left open. */
export interface Means extends Required<Pick<World, 'log' | 'clock' | 'random' | 'open' | 'holds'>> {
  readonly lookup: Lookup | undefined
  readonly shared: Shared | undefined
  readonly live: LiveConfig
  readonly unreadable: UnreadableRecords
  /** Logs the failures of work that is repeated several times a second: the same failure once a minute. */
  failing(what: string): (error: unknown) => void
}

const LOGGED_AGAIN_MS = 60_000

export const meansOf = (config: Config, world: World): Means => ({
  log: world.log,
  clock: world.clock ?? systemClock,
  random: world.random ?? systemRandom,
  open: world.open ?? openStore,
  holds: world.holds ?? new Holds(MOST_HELD),
  lookup: world.lookup,
  shared: world.shared,
  live: createLive(config, world.log),
  unreadable: new UnreadableRecords(world.log),
  failing: (what) => logFailures(world.log, world.clock ?? systemClock, what),
})

function logFailures(log: Logger, clock: Clock, what: string): (error: unknown) => void {
  let last = { message: '', at: Number.NEGATIVE_INFINITY }
  return (error) => {
    const now = clock.monotonic()
    const message = String(error)
    if (message === last.message && now - last.at < LOGGED_AGAIN_MS) return
    last = { message, at: now }
    log.error({ err: error }, `${what}; it is tried again`)
  }
}

function createLive(config: Config, log: Logger): LiveConfig {
  const live = new LiveConfig(config)
  live.follow((next) => {
    const isOther = next.log.level !== live.current.log.level
    return () => {
      if (isOther) log.level = next.log.level
    }
  })
  return live
}

/** Does some work again and again until all is closed. @param what in a message, where it fails @param interval milliseconds */
export function repeat(
  closers: Closers,
  { failing }: Means,
  interval: number,
  work: () => Promise<void>,
  what: string,
): void {
  const poller = new Poller(interval, work, failing(what))
  poller.start()
  closers.add(() => poller.stop())
}
