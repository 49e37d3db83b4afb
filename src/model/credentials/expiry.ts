import type { ClientId } from '../../oauth/ids.ts'
import type { Clock } from '../../platform/clock.ts'
import { DAY_MS } from '../../platform/clock.ts'
import { type OnUnreadable, UnreadableWatch } from '../../platform/unreadable.ts'
import type { Credential } from './credential.ts'
import type { CredentialStore, OwnedCredential } from './store.ts'

/** Days ahead at which somebody is told, soonest first. */
const WARN_DAYS = [1, 7, 30] as const
/** Of more, the soonest are told of first. */
const MOST_AT_ONCE = 10_000

/** A credential that will have expired in so many days. */
interface ExpiryWarning extends OwnedCredential {
  /** At most so many: 30, 7 or 1. */
  readonly days: number
}

interface ExpiryOptions {
  readonly store: CredentialStore
  readonly clock: Clock
  /** Told of each credential once at 30, at 7 and at 1 days, by whichever process comes first. */
  readonly onWarning: (warning: ExpiryWarning) => void
  /** Called once for each expiring credential that can't be read. */
  readonly onUnreadable: OnUnreadable
}

/** How many credentials will have expired within so many days, by the days. */
export type ExpiringCounts = ReadonlyMap<number, number>

/** Looks which credentials will expire, and warns of each in time. */
export class ExpiryWatch {
  readonly #options: ExpiryOptions
  readonly #unreadable: UnreadableWatch
  #counts: ExpiringCounts = new Map()

  constructor(options: ExpiryOptions) {
    this.#options = options
    this.#unreadable = new UnreadableWatch(options.onUnreadable)
  }

  /** As of the last look. */
  get counts(): ExpiringCounts {
    return this.#counts
  }

  /** Rejects when the store fails; what was not told then is told the next time. */
  async look(): Promise<void> {
    const { store, clock, onWarning } = this.#options
    const now = clock.now()
    const counts = new Map<number, number>(WARN_DAYS.map((days) => [days, 0]))
    const { found, unreadable } = await store.listExpiring(now, now + Math.max(...WARN_DAYS) * DAY_MS, MOST_AT_ONCE)
    this.#unreadable.see(unreadable)
    for (const expiring of found) {
      const left = (expiring.credential.expiresAt ?? now) - now
      const passed = WARN_DAYS.filter((days) => left <= days * DAY_MS)
      for (const days of passed) counts.set(days, (counts.get(days) ?? 0) + 1)
      const [days] = passed
      if (days !== undefined && (await store.claimWarning(expiring.credential.id, days))) {
        onWarning({ ...expiring, days })
      }
    }
    this.#counts = counts
  }
}

/** What is told of a credential that will expire. */
export const expiryDetail = (clientId: ClientId, { id, label, kind, expiresAt }: Credential, days: number) => ({
  client_id: clientId,
  credential: id,
  label,
  kind,
  expires: new Date(expiresAt ?? 0).toISOString(),
  within_days: days,
})
