import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { Audience, ClientId, CredentialId } from '../oauth/ids.ts'
import { type Clock, DAY_MS } from '../platform/clock.ts'
import type { RandomBytes } from '../platform/random.ts'
import { StorageUnavailable } from '../platform/storage-unavailable.ts'
import { ALSO_ISSUED, ISSUED, intervalOf, NONE, type UsageBatch, type UsageCount, type UsageStore } from './store.ts'

/** The bounds of a counter. About 300 bytes an entry. */
export const COUNTER_LIMITS = {
  /** The most entries: combinations of minute, client, API, credential and outcome. Later ones are counted under no client. */
  entries: 50_000,
  /** The most entries under no client. Later ones are lost. */
  others: 1_000,
  /** With so many entries, a write begins before its time. */
  early: 25_000,
  /** The entries of one transaction, which become at most three times as many rows. */
  batch: 250,
} as const

/** The time between two writes: for each entry `perEntry`, within these limits. So few counts are soon visible. Milliseconds. */
const INTERVAL = { least: 5_000, most: 60_000, perEntry: 5 } as const
/** The pause after each transaction, as a multiple of its time. So writing takes a hundredth of the process at most. */
const PAUSE = { times: 100, most: 2_000 } as const
/** The time for which the id of a batch is remembered. No batch is tried for longer after its first attempt. Milliseconds. */
const REMEMBERED = DAY_MS

/** An entry, while it grows. */
type Entry = { -readonly [Field in keyof UsageCount]: UsageCount[Field] } & {
  /** The outcome and the API, which tell the entries of one credential apart. */
  readonly what: string
  /** Further entries of the same credential, by their `what`. */
  more: Map<string, Entry> | undefined
}

/** The entries of one minute, by credential. */
interface Minute {
  readonly at: number
  readonly entries: Map<string, Entry>
}

/** A request for a token, by everything that usage is counted by. */
interface Counted {
  readonly clientId: ClientId | typeof NONE
  readonly credentialId: CredentialId | typeof NONE
  readonly audience: Audience | typeof NONE
  readonly outcome: string
}

/** The health of a counter. */
export interface UsageCounts {
  readonly entries: number
  /** Requests that were written. */
  readonly written: number
  readonly failedBatches: number
  /** Requests that were counted under no client, since there was no room. */
  readonly others: number
  /** Requests that were not counted. */
  readonly lost: number
}

interface CounterOptions {
  readonly store: Pick<UsageStore, 'add'>
  readonly clock: Clock
  readonly random: RandomBytes
}

/** Counts the requests for tokens in memory, and writes the counts in batches. */
export class UsageCounter {
  readonly #options: CounterOptions
  #minutes = new Map<number, Minute>()
  #minute: Minute = { at: Number.NaN, entries: new Map() }
  /** Batches that are being written. After a failure, they are tried again unchanged. */
  #sealed: UsageBatch[] = []
  #entries = 0
  #otherEntries = 0
  #written = 0
  #failedBatches = 0
  #others = 0
  #lost = 0
  #writing: Promise<void> | undefined
  #writtenAt: number
  #isClosing = false

  constructor(options: CounterOptions) {
    this.#options = options
    this.#writtenAt = options.clock.monotonic()
  }

  get counts(): UsageCounts {
    return {
      entries: this.#entries + this.#otherEntries,
      written: this.#written,
      failedBatches: this.#failedBatches,
      others: this.#others,
      lost: this.#lost,
    }
  }

  /** Counts an issued token. @param lifetime seconds @param at milliseconds */
  issued(
    clientId: ClientId,
    credentialId: CredentialId,
    audiences: Audience | readonly Audience[],
    { lifetime, at }: { readonly lifetime: number; readonly at: number },
  ): void {
    if (typeof audiences === 'string') {
      this.#count(
        { clientId, credentialId, audience: audiences, outcome: ISSUED },
        credentialId,
        audiences,
        at,
        lifetime,
      )
      return
    }
    for (const [index, audience] of audiences.entries()) {
      const outcome = index === 0 ? ISSUED : ALSO_ISSUED
      const what = index === 0 ? audience : `${ALSO_ISSUED} ${audience}`
      this.#count({ clientId, credentialId, audience, outcome }, credentialId, what, at, lifetime)
    }
  }

  /**
   * Counts a refused request of a client that exists.
   * @param credentialId absent if none was verified
   * @param audience absent if the request named no API that exists
   * @param at milliseconds
   */
  refused(
    clientId: ClientId,
    credentialId: CredentialId | undefined,
    audience: Audience | undefined,
    { reason, at }: { readonly reason: string; readonly at: number },
  ): void {
    // No audience and no id of a credential has a space.
    const name = credentialId ?? `client ${clientId}`
    const what = `${reason} ${audience ?? NONE}`
    this.#count(
      { clientId, credentialId: credentialId ?? NONE, audience: audience ?? NONE, outcome: reason },
      name,
      what,
      at,
      0,
    )
  }

  /** Writes the counts if it is time. Rejects if the store fails; the counts are kept then. */
  async flushIfDue(): Promise<void> {
    const { entries } = this.counts
    if (entries === 0) return
    const due = this.#writtenAt + Math.min(INTERVAL.most, Math.max(INTERVAL.least, entries * INTERVAL.perEntry))
    if (entries < COUNTER_LIMITS.early && this.#options.clock.monotonic() < due) return
    await this.flush()
  }

  /** Writes all counts, with pauses. Rejects if the store fails; the counts are kept then. */
  flush(): Promise<void> {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined
    })
    return this.#writing
  }

  /** Writes all counts without pauses, so that the process may end. */
  async close(): Promise<void> {
    this.#isClosing = true
    await this.#writing?.catch(() => {})
    // Requests that were counted during an earlier write are not among its batches.
    do await this.flush()
    while (this.counts.entries > 0)
  }

  /** @param name tells the credentials of a minute apart @param what tells the entries of a credential apart */
  #count(counted: Counted, name: string, what: string, at: number, lifetime: number): void {
    const entry = this.#entry(at, name, what) ?? this.#begin(counted, name, what, at)
    if (entry === undefined) return
    entry.count += 1
    entry.tokenSeconds += lifetime
  }

  /** The entry, if it has begun. This is all that most requests do. */
  #entry(at: number, name: string, what: string): Entry | undefined {
    const minute = intervalOf('minute', at)
    if (minute !== this.#minute.at) this.#minute = this.#minuteAt(minute)
    const first = this.#minute.entries.get(name)
    return first === undefined || first.what === what ? first : first.more?.get(what)
  }

  /** Usually requests are of the present minute. A refusal that was held back may be of the one before. */
  #minuteAt(at: number): Minute {
    return this.#minutes.get(at) ?? { at, entries: new Map() }
  }

  /** Begins an entry. @returns an entry for all clients if there is no room; undefined if there is none for that, either */
  #begin(counted: Counted, name: string, what: string, at: number): Entry | undefined {
    if (this.#entries < COUNTER_LIMITS.entries) {
      this.#entries += 1
      return this.#put(name, what, counted)
    }
    const other = this.#entry(at, NONE, what)
    if (other === undefined && this.#otherEntries >= COUNTER_LIMITS.others) {
      this.#lost += 1
      return undefined
    }
    this.#others += 1
    if (other !== undefined) return other
    this.#otherEntries += 1
    return this.#put(NONE, what, { ...counted, clientId: NONE, credentialId: NONE })
  }

  #put(name: string, what: string, counted: Counted): Entry {
    const { at, entries } = this.#minute
    // A minute is kept once it has an entry, so that times alone take no memory.
    this.#minutes.set(at, this.#minute)
    const entry: Entry = { at, ...counted, count: 0, tokenSeconds: 0, what, more: undefined }
    const first = entries.get(name)
    if (first === undefined) entries.set(name, entry)
    else {
      first.more ??= new Map()
      first.more.set(what, entry)
    }
    return entry
  }

  async #write(): Promise<void> {
    const { store, clock } = this.#options
    // While a failed batch waits, counts of a minute must not become ever more batches.
    if (this.#sealed.length === 0) this.#seal()
    this.#writtenAt = clock.monotonic()
    for (let batch = this.#sealed[0]; batch !== undefined; batch = this.#sealed[0]) {
      const startedAt = clock.monotonic()
      try {
        await store.add(batch)
      } catch (error) {
        this.#failedBatches += 1
        // A batch that the database refuses would keep all others waiting for ever.
        if (!(error instanceof StorageUnavailable)) this.#lost += this.#drop(batch)
        throw error
      }
      this.#written += this.#drop(batch)
      const pause = Math.min(PAUSE.most, PAUSE.times * (clock.monotonic() - startedAt))
      if (this.#isClosing || this.#sealed.length === 0) await nextTurn()
      else await sleep(pause)
    }
  }

  /** Removes a batch. @returns the number of its requests */
  #drop({ counts }: UsageBatch): number {
    this.#sealed.shift()
    let requests = 0
    for (const { clientId, outcome, count } of counts) {
      if (clientId === NONE) this.#otherEntries -= 1
      else this.#entries -= 1
      if (outcome !== ALSO_ISSUED) requests += count
    }
    return requests
  }

  /** Makes batches of everything that was counted. */
  #seal(): void {
    const { clock, random } = this.#options
    const counts: UsageCount[] = []
    for (const { entries } of this.#minutes.values()) {
      for (const first of entries.values()) {
        counts.push(first)
        if (first.more !== undefined) counts.push(...first.more.values())
      }
    }
    this.#minutes = new Map()
    this.#minute = { at: Number.NaN, entries: new Map() }
    const expiresAt = clock.now() + REMEMBERED
    for (let from = 0; from < counts.length; from += COUNTER_LIMITS.batch)
      this.#sealed.push({ id: random(16), expiresAt, counts: counts.slice(from, from + COUNTER_LIMITS.batch) })
  }
}
