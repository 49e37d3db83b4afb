import type { ClientId } from '../../oauth/ids.ts'
import type { Clock } from '../../platform/clock.ts'
import { DAY_MS } from '../../platform/clock.ts'
import { type OnUnreadable, UnreadableWatch } from '../../platform/unreadable.ts'
import type { Credential } from './credential.ts'
import type { CredentialStore, OwnedCredential } from './store.ts'

/** The days before an expiry on which a warning is given, latest warning first. */
const WARN_DAYS = [1, 7, 30] as const
/** The most credentials that one look reads. If there are more, those that expire soonest come first. */
const MOST_AT_ONCE = 10_000

/** A warning that a credential expires within a number of days. */
interface ExpiryWarning extends OwnedCredential {
  /** The most days that are left: 30, 7 or 1. */
  readonly days: number
}

interface ExpiryOptions {
  readonly store: CredentialStore
  readonly clock: Clock
  /** Called for each credential at 30, 7 and 1 days before its expiry, once each, in one of all processes. */
  readonly onWarning: (warning: ExpiryWarning) => void
  /** Called once for each expiring credential that can't be read. */
  readonly onUnreadable: OnUnreadable
}

/** The number of credentials that expire within a number of days, keyed by the days. */
export type ExpiringCounts = ReadonlyMap<number, number>

/** Finds the credentials that will expire, and warns of each in time. */
export class ExpiryWatch {
  readonly #options: ExpiryOptions
  readonly #unreadable: UnreadableWatch
  #counts: ExpiringCounts = new Map()

  constructor(options: ExpiryOptions) {
    this.#options = options
    this.#unreadable = new UnreadableWatch(options.onUnreadable)
  }

  /** The counts of the last look. */
  get counts(): ExpiringCounts {
    return this.#counts
  }

  /** Looks once. Rejects if the store fails; the next look then gives the missing warnings. */
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

/** The detail of a warning about a credential that will expire. */
export const expiryDetail = (clientId: ClientId, { id, label, kind, expiresAt }: Credential, days: number) => ({
  client_id: clientId,
  credential: id,
  label,
  kind,
  expires: new Date(expiresAt ?? 0).toISOString(),
  within_days: days,
})
