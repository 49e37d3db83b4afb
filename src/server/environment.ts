import type { Lookup } from '../client-auth/remote-jwks/resolve.ts'
import type { Config } from '../config/resolve.ts'
import { Holds } from '../http/hold.ts'
import type { Logger } from '../observability/log.ts'
import { UnreadableRecords } from '../observability/unreadable.ts'
import { type Clock, systemClock } from '../platform/clock.ts'
import { Poller } from '../platform/poller.ts'
import { type RandomBytes, systemRandom } from '../platform/random.ts'
import { openStore } from '../store/open.ts'
import { ReloadableConfig } from './reload/reloadable-config.ts'
import { ShutdownStack } from './shutdown.ts'
import type { PrimaryLink } from './workers/primary-link.ts'

/** The most refusals held back at once. Each takes about 10 KB. */
const MOST_HELD = 1_000
const LOGGED_AGAIN_MS = 60_000

/** The dependencies of a server on its surroundings. A test may replace any of them. */
export interface Environment {
  readonly log: Logger
  readonly clock?: Clock
  readonly random?: RandomBytes
  readonly open?: typeof openStore
  /** The resolver for the hosts of keys by URL. */
  readonly lookup?: Lookup
  /** Holds refusals back. */
  readonly holds?: Pick<Holds, 'begin'>
  /** Makes this process a worker: its primary writes the audit log, counts guesses, and listens for administrators. */
  readonly primary?: PrimaryLink
  /** Shows a link to the person who sets up a new server. Without it, none is made, and the log says how to make one. */
  readonly onSetUpLink?: (url: string) => void
  /** The folder of the built console. */
  readonly consoleFolder?: string
}

/** Work that is repeated until the server stops. */
interface Repeated {
  /** Milliseconds. */
  readonly every: number
  readonly work: (ending: AbortSignal) => Promise<void>
  /** The log message if it fails. */
  readonly failure: string
}

/** The dependencies of every part of a process: the environment with every default filled in, and objects made from it. */
export interface Dependencies extends Required<Pick<Environment, 'log' | 'clock' | 'random' | 'open' | 'holds'>> {
  /** The configuration at the start. */
  readonly config: Config
  /** The configuration in force. */
  readonly live: ReloadableConfig
  readonly lookup: Lookup | undefined
  readonly primary: PrimaryLink | undefined
  readonly onSetUpLink: ((url: string) => void) | undefined
  readonly consoleFolder: string | undefined
  readonly shutdown: ShutdownStack
  readonly unreadable: UnreadableRecords
  /** Makes a logger for failures of work that is repeated often. It logs the same failure once a minute. */
  onFailure(message: string): (error: unknown) => void
  /** Begins to repeat some work. */
  repeat(repeated: Repeated): void
}

export function resolveDependencies(config: Config, environment: Environment): Dependencies {
  const { log, clock = systemClock } = environment
  const shutdown = new ShutdownStack()
  const onFailure = (message: string) => logFailures(log, clock, message)
  return {
    config,
    live: new ReloadableConfig(config),
    log,
    clock,
    random: environment.random ?? systemRandom,
    open: environment.open ?? openStore,
    holds: environment.holds ?? new Holds(MOST_HELD),
    lookup: environment.lookup,
    primary: environment.primary,
    onSetUpLink: environment.onSetUpLink,
    consoleFolder: environment.consoleFolder,
    shutdown,
    unreadable: new UnreadableRecords(log),
    onFailure,
    repeat: ({ every, work, failure }) => {
      const poller = new Poller(every, work, onFailure(failure))
      poller.start()
      shutdown.add(() => poller.stop())
    },
  }
}

function logFailures(log: Logger, clock: Clock, failure: string): (error: unknown) => void {
  let last = { message: '', at: Number.NEGATIVE_INFINITY }
  return (error) => {
    const now = clock.monotonic()
    const message = String(error)
    if (message === last.message && now - last.at < LOGGED_AGAIN_MS) return
    last = { message, at: now }
    log.error({ err: error }, `${failure}; it will be tried again`)
  }
}
