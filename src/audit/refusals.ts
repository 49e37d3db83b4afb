import { hash } from 'node:crypto'
import type { Clock } from '../platform/clock.ts'
import type { AuditEvent } from './event.ts'
import type { AuditCounts, AuditSink } from './sink.ts'

/** The interval at which gathered refusals are recorded if due. Milliseconds. */
const TICK_MS = 250
/**
 * The number of equal refusals that are recorded one by one, so that a person who tries something out sees each. Later ones are
 * gathered.
 */
const FREE = 20
/** The time for which equal refusals are gathered at first. It doubles each time that more have come. Milliseconds. */
const SHORTEST_MS = 1_000
/** The longest time before a gathered refusal is recorded and can be looked up. Milliseconds. */
export const LONGEST_GATHERED_MS = 60_000
/** Groups of equal refusals of strangers, and as many of clients. They take 20 MB at most. */
const MOST_GROUPS = 1_500
/** The most request ids in one event. If there are more equal refusals, the last ids are kept. */
const MOST_IDS = 20
/** The most characters of JSON. The detail of a refusal takes a few hundred. */
const LONGEST_DETAIL = 8 * 1024

/** The budget of events for refusals that differ: a burst, then a number per second. */
const BUDGET = { burst: 1_000, perSecond: 20 } as const

/** Refusals that become one event. */
class Group {
  #interval = SHORTEST_MS
  #until: number
  /** The time at which an event of this group was last recorded. */
  #at: number
  /** The number of refusals that may still be recorded one by one. */
  #free = FREE - 1
  #last: AuditEvent | undefined
  #ids: string[] = []
  #since = 0
  #count = 0

  /** @param now monotonic milliseconds */
  constructor(now: number) {
    this.#until = now + this.#interval
    this.#at = now
  }

  add(event: AuditEvent): void {
    if (this.#count === 0) this.#since = event.at
    this.#count += 1
    this.#last = event
    this.#ids.push(event.requestId)
    if (this.#ids.length > MOST_IDS) this.#ids.shift()
  }

  get isEmpty(): boolean {
    return this.#count === 0
  }

  get isFree(): boolean {
    return this.#free > 0
  }

  /** Counts one refusal that was recorded by itself. @param now monotonic milliseconds */
  useFree(now: number): void {
    this.#free -= 1
    this.#at = now
    this.#until = now + this.#interval
  }

  isDue(now: number): boolean {
    return now >= this.#until
  }

  /** Whether the group has been silent for long enough to be forgotten. */
  isOver(now: number): boolean {
    return this.isEmpty && now - this.#at >= LONGEST_GATHERED_MS
  }

  /** Doubles the time of gathering. */
  extend(now: number): void {
    this.#interval = Math.min(LONGEST_GATHERED_MS, this.#interval * 2)
    this.#until = now + this.#interval
    this.#at = now
  }

  /**
   * Returns the refusals since the last call as one event; undefined if there were none.
   * @param summarize keeps the parts of the last event that are true of all of them
   */
  take(now: number, summarize: (last: AuditEvent) => AuditEvent): AuditEvent | undefined {
    const last = this.#last
    if (last === undefined) return undefined
    const event = this.#count === 1 ? last : this.#withCount(summarize(last))
    this.extend(now)
    this.#last = undefined
    this.#ids = []
    this.#count = 0
    return event
  }

  #withCount(event: AuditEvent): AuditEvent {
    const since = new Date(this.#since).toISOString()
    return { ...event, detail: { ...event.detail, repeated: this.#count, since, request_ids: this.#ids } }
  }
}

/** A source of refusals, with one budget. */
class Source {
  /** The groups, keyed by a digest of everything that is equal in them. */
  readonly equal = new Map<string, Group>()
  #left: number = BUDGET.burst
  #at: number

  /** @param now monotonic milliseconds, as everywhere here */
  constructor(now: number) {
    this.#at = now
  }

  get hasRoom(): boolean {
    return this.equal.size < MOST_GROUPS
  }

  /** Whether one more event may be recorded. If so, the event is charged to the budget. */
  spend(now: number): boolean {
    this.#left = Math.min(BUDGET.burst, this.#left + ((now - this.#at) / 1_000) * BUDGET.perSecond)
    this.#at = now
    if (this.#left < 1) return false
    this.#left -= 1
    return true
  }
}

/**
 * Keeps refusals from filling the audit log, since a stranger can cause them at no cost. The first equal refusals are recorded one
 * by one. Later ones are gathered into events with a count. If very many refusals differ, those with the same reason are
 * gathered, too.
 */
export class RefusalGatherer implements AuditSink {
  readonly #sink: AuditSink
  readonly #clock: Clock
  /** Two sources, so that a flood of strangers does not hide the refusals of clients. */
  readonly #sources: { readonly strangers: Source; readonly clients: Source }
  /** Refusals beyond the budget, keyed by tenant, type and reason. Strangers choose none of these, so there are few. */
  readonly #others = new Map<string, Group>()
  #timer: NodeJS.Timeout | undefined

  constructor(sink: AuditSink, clock: Clock) {
    this.#sink = sink
    this.#clock = clock
    const now = clock.monotonic()
    this.#sources = { strangers: new Source(now), clients: new Source(now) }
  }

  start(): void {
    this.#timer = setInterval(() => this.recordDue(), TICK_MS).unref()
  }

  get isFull(): boolean {
    return this.#sink.isFull
  }

  get isFullForRefusals(): boolean {
    return this.#sink.isFullForRefusals
  }

  get counts(): AuditCounts {
    return this.#sink.counts
  }

  record(event: AuditEvent): void {
    if (event.result === 'success') this.#sink.record(event)
    else this.#recordRefusal(event)
  }

  /** Records the refusals that were gathered for long enough. */
  recordDue(): void {
    this.#recordUntil(this.#clock.monotonic())
  }

  /** Records all gathered refusals. The owner of the sink closes it. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#recordUntil(Number.POSITIVE_INFINITY)
  }

  #recordRefusal(event: AuditEvent): void {
    const now = this.#clock.monotonic()
    const { digest, copy } = ownCopy(event)
    // Only the event of an authenticated client has a `credential`. A failed authentication uses another name for it.
    const source = 'credential' in event.detail ? this.#sources.clients : this.#sources.strangers
    const equal = source.equal.get(digest)
    const hasRoom = !this.#sink.isFullForRefusals
    if (equal?.isFree && equal.isEmpty && hasRoom && source.spend(now)) {
      equal.useFree(now)
      this.#sink.record(copy)
      return
    }
    if (equal !== undefined) {
      equal.add(copy)
      this.#recordEqual(equal, now, source)
      return
    }
    if (hasRoom && source.hasRoom && source.spend(now)) {
      source.equal.set(digest, new Group(now))
      this.#sink.record(copy)
      return
    }
    const kind = `${event.tenant} ${event.type} ${event.reason}`
    const others = this.#others.get(kind) ?? new Group(now)
    others.add(copy)
    this.#others.set(kind, others)
  }

  /** @param now infinity to record everything, however little room there is */
  #recordUntil(now: number): void {
    for (const source of Object.values(this.#sources)) {
      for (const [digest, group] of source.equal) {
        this.#recordEqual(group, now, source)
        if (group.isOver(now)) source.equal.delete(digest)
      }
    }
    for (const [kind, group] of this.#others) {
      if (this.#mayRecord(group, now)) this.#record(group.take(now, withoutParticulars))
      if (group.isOver(now)) this.#others.delete(kind)
    }
  }

  #recordEqual(group: Group, now: number, source: Source): void {
    if (group.isEmpty || !this.#mayRecord(group, now)) return
    if (now === Number.POSITIVE_INFINITY || source.spend(now)) this.#record(group.take(now, (last) => last))
  }

  #mayRecord(group: Group, now: number): boolean {
    return group.isDue(now) && (now === Number.POSITIVE_INFINITY || !this.#sink.isFullForRefusals)
  }

  #record(event: AuditEvent | undefined): void {
    if (event !== undefined) this.#sink.record(event)
  }
}

/** The client, address and detail of the last refusal say nothing about others with the same reason. */
const withoutParticulars = ({ detail: _, ...last }: AuditEvent): AuditEvent => ({
  ...last,
  clientId: undefined,
  remoteAddress: undefined,
  traceId: undefined,
  detail: {},
})

/** Returns a digest of an event, and a copy in its own memory, so that the event does not keep the request alive. */
function ownCopy(event: AuditEvent): { readonly digest: string; readonly copy: AuditEvent } {
  const { tenant, type, reason, clientId = null, remoteAddress = null, traceId = null } = event
  const json = JSON.stringify(event.detail)
  const detail = json.length > LONGEST_DETAIL ? JSON.stringify({ too_long: json.length }) : json
  const said = JSON.stringify([clientId, remoteAddress, traceId])
  const [ownClientId, ownAddress, ownTraceId]: readonly (string | null)[] = JSON.parse(said)
  return {
    digest: hash(
      'sha256',
      JSON.stringify([tenant, type, reason, clientId, remoteAddress, event.actor ?? null, detail]),
      'base64url',
    ),
    copy: {
      ...event,
      clientId: ownClientId ?? undefined,
      remoteAddress: ownAddress ?? undefined,
      traceId: ownTraceId ?? undefined,
      detail: JSON.parse(detail),
    },
  }
}
