import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import { type EventFilter, type EventQuery, LARGEST_PAGE } from '../../audit/query.ts'
import { LONGEST_GATHERED_MS } from '../../audit/refusals.ts'
import type { EventPage, StoredAuditEvent } from '../../audit/store.ts'
import type { TenantId } from '../../oauth/ids.ts'
import { uuidv7Time } from '../../platform/random.ts'
import type { Database } from '../sql/dialect.ts'
import { inParts } from '../sql/parts.ts'
import type { Schema } from '../sql/schema.ts'
import { Criteria } from './event-criteria.ts'
import { toAuditEvent } from './event-rows.ts'
import { BLOCK, BLOCKS, EVERY_BLOCK, SEGMENT, segmentOf } from './event-segments.ts'
import { eventEnds } from './last-event.ts'

/** The blocks that one page reads at most, and if no index helps, so that each text must be searched. */
const MOST_BLOCKS = 64
const MOST_SEARCHED = 24
/** The blocks of the first query, which often suffices, and of later ones. Requests are handled between two queries. */
const FEW_BLOCKS = 1
const MANY_BLOCKS = 8
/** The segments that are looked up at once, and those of one page at most. */
const FEW_SEGMENTS = 8
const MANY_SEGMENTS = 256
const MOST_SEGMENTS = 4_096
/** The entries of the index that are read at once, about. */
const ENTRIES = 32_000

/** The usual difference between the time in a request's id and that of its event, and the greatest one. Milliseconds. */
const SOON_MS = 2_000
const LATE_MS = LONGEST_GATHERED_MS + 60_000

type Direction = 'older' | 'newer'

/** Numbers of events, both included. */
interface Range {
  readonly from: number
  readonly to: number
}

/** Events in the direction of a search. */
interface Found {
  readonly events: readonly StoredAuditEvent[]
  /** The numbers that were not looked at; undefined if there are none. */
  readonly rest: Range | undefined
}

/** Finds the events of one tenant. The index says which blocks to read, and every event is checked, so a lagging index only costs time. */
export class EventSearch {
  readonly #db: Kysely<Schema>
  readonly #tenant: TenantId
  readonly #settled: () => Promise<number>

  constructor({ scans, settledEvents }: Pick<Database, 'scans' | 'settledEvents'>, tenant: TenantId) {
    this.#db = scans
    this.#settled = settledEvents
    this.#tenant = tenant
  }

  /** @see AuditTrail.queryEvents */
  async query({ limit, from, settled = false, ...filter }: EventQuery): Promise<EventPage> {
    const most = Math.min(Math.max(1, limit), LARGEST_PAGE)
    const ends = await this.#ends(settled)
    const time = filter.requestId === undefined ? undefined : uuidv7Time(filter.requestId)
    if (time === undefined) return this.#page(filter, most, from, ends)
    // An event has the time of its request, so the time in the id leads to it, wherever it is.
    const soon = await this.#page(around(filter, time, SOON_MS), most, from, ends)
    return soon.events.length > 0 ? soon : this.#page(around(filter, time, LATE_MS), most, from, ends)
  }

  async #page(filter: EventFilter, limit: number, place: EventQuery['from'], ends: Range): Promise<EventPage> {
    if (place !== undefined && 'after' in place) {
      const range = { from: Math.max(ends.from, place.after + 1), to: ends.to }
      const { events, rest } = await this.#walk(filter, limit, 'newer', range)
      const last = rest === undefined ? Math.max(ends.to, place.after) : rest.from - 1
      return { events: events.toReversed(), older: { before: range.from }, newer: { after: last } }
    }
    const range = { from: ends.from, to: place === undefined ? ends.to : Math.min(ends.to, place.before - 1) }
    const { events, rest } = await this.#walk(filter, limit, 'older', range)
    return { events, older: rest && { before: rest.to + 1 }, newer: { after: range.to } }
  }

  async #ends(settled: boolean): Promise<Range> {
    const most = settled ? await this.#settled() : Number.MAX_SAFE_INTEGER
    const ends = await eventEnds(this.#db)
    return { from: ends?.first ?? 1, to: Math.min(ends?.last ?? 0, most) }
  }

  async #walk(filter: EventFilter, limit: number, direction: Direction, range: Range): Promise<Found> {
    const criteria = await Criteria.of(filter, this.#db, this.#tenant)
    const events: StoredAuditEvent[] = []
    const most = Math.max(FEW_SEGMENTS, Math.min(MANY_SEGMENTS, Math.floor(ENTRIES / criteria.size)))
    let blocks = criteria.searchesText ? MOST_SEARCHED : MOST_BLOCKS
    let [segments, window] = [MOST_SEGMENTS, FEW_SEGMENTS]
    let rest = criteria.isImpossible || range.from > range.to ? undefined : range
    while (rest !== undefined && segments > 0) {
      const part = windowOf(rest, window, direction)
      const left = await this.#blocksIn(part, criteria, direction)
      for (let some = FEW_BLOCKS; left.length > 0; some = Math.min(some * 4, MANY_BLOCKS)) {
        const [head] = left
        if (blocks <= 0 && head !== undefined) return { events, rest: beginningWith(head, rest, direction) }
        const taken = left.splice(0, some)
        const found = await this.#read(taken, criteria, { limit: limit - events.length, direction })
        events.push(...found.events)
        if (found.last !== undefined) return { events, rest: behind(found.last, rest, direction) }
        blocks -= taken.length
        await nextTurn()
      }
      rest = behind(direction === 'older' ? part.from : part.to, rest, direction)
      segments -= window
      window = Math.min(window * 4, most)
    }
    return { events, rest }
  }

  /** The blocks that may have such events, in the direction. */
  async #blocksIn(part: Range, criteria: Criteria, direction: Direction): Promise<Range[]> {
    const [first, last] = [segmentOf(part.from), segmentOf(part.to)]
    const indexed = await this.#db
      .selectFrom('audit_segment')
      .selectAll()
      .where('segment', '>=', first)
      .where('segment', '<=', last)
      .execute()
    let known = new Map(
      indexed.filter((segment) => criteria.mayContain(segment)).map(({ segment }) => [segment, EVERY_BLOCK]),
    )
    for (const terms of criteria.terms) known = await this.#narrow(known, terms)
    const isIndexed = new Set(indexed.map(({ segment }) => segment))
    const ranges: Range[] = []
    for (let segment = first; segment <= last; segment += 1) {
      const blocks = isIndexed.has(segment) ? (known.get(segment) ?? 0) : EVERY_BLOCK
      for (let block = 0; block < BLOCKS; block += 1) {
        const from = Math.max(part.from, segment * SEGMENT + block * BLOCK)
        const to = Math.min(part.to, segment * SEGMENT + (block + 1) * BLOCK - 1)
        if (((blocks >>> block) & 1) === 1 && from <= to) ranges.push({ from, to })
      }
    }
    return direction === 'older' ? ranges.reverse() : ranges
  }

  /** Keeps the blocks in which one of the terms occurs. */
  async #narrow(known: ReadonlyMap<number, number>, terms: readonly string[]): Promise<Map<number, number>> {
    const segments = [...known.keys()]
    const having = new Map<number, number>()
    if (segments.length === 0) return having
    for (const some of inParts(terms)) {
      const rows = await this.#db
        .selectFrom('audit_term')
        .select(['segment', 'blocks'])
        .where('tenant', '=', this.#tenant)
        .where('segment', 'in', segments)
        .where('term', 'in', some)
        .execute()
      for (const { segment, blocks } of rows) having.set(segment, ((having.get(segment) ?? 0) | blocks) >>> 0)
    }
    return new Map(
      [...known].flatMap(([segment, blocks]) => {
        const both = (blocks & (having.get(segment) ?? 0)) >>> 0
        return both === 0 ? [] : [[segment, both] as const]
      }),
    )
  }

  /** @returns the events, and the number of the last one if they are as many as the limit */
  async #read(
    blocks: readonly Range[],
    criteria: Criteria,
    { limit, direction }: { readonly limit: number; readonly direction: Direction },
  ): Promise<{ readonly events: readonly StoredAuditEvent[]; readonly last: number | undefined }> {
    const events: StoredAuditEvent[] = []
    let ranges = merged(blocks)
    for (;;) {
      const asked = limit - events.length
      const order = direction === 'older' ? 'desc' : 'asc'
      const [first, ...others] = ranges.map(({ from, to }) =>
        this.#db
          .selectFrom(
            criteria
              .restrict(this.#db.selectFrom('audit_event').selectAll().where('tenant', '=', this.#tenant))
              .where('seq', '>=', from)
              .where('seq', '<=', to)
              .orderBy('seq', order)
              .limit(asked)
              .as('part'),
          )
          .selectAll(),
      )
      if (first === undefined) break
      // One condition with all ranges would make SQLite read the whole log, since it expects much of each range.
      const all = others.reduce((query, other) => query.unionAll(other), first)
      const rows = await all.orderBy('seq', order).limit(asked).execute()
      events.push(...rows.map(toAuditEvent).filter((event) => criteria.matches(event)))
      const last = rows.at(-1)?.seq
      if (events.length >= limit) return { events, last }
      if (rows.length < asked || last === undefined) break
      ranges = ranges.flatMap((range) => behind(last, range, direction) ?? [])
    }
    return { events, last: undefined }
  }
}

const around = (filter: EventFilter, time: number, difference: number): EventFilter => ({
  ...filter,
  since: Math.max(filter.since ?? 0, time - difference),
  until: Math.min(filter.until ?? Number.MAX_SAFE_INTEGER, time + difference),
})

/** The first segments of a range, in the direction. */
const windowOf = ({ from, to }: Range, segments: number, direction: Direction): Range =>
  direction === 'older'
    ? { from: Math.max(from, (segmentOf(to) - segments + 1) * SEGMENT), to }
    : { from, to: Math.min(to, (segmentOf(from) + segments) * SEGMENT - 1) }

/** The part of a range that follows a number, in the direction; undefined if it is empty. */
function behind(seq: number, { from, to }: Range, direction: Direction): Range | undefined {
  const rest = direction === 'older' ? { from, to: Math.min(to, seq - 1) } : { from: Math.max(from, seq + 1), to }
  return rest.from <= rest.to ? rest : undefined
}

/** The part of a range that begins with a block, in the direction. */
const beginningWith = (block: Range, { from, to }: Range, direction: Direction): Range =>
  direction === 'older' ? { from, to: block.to } : { from: block.from, to }

/** Ranges that follow each other become one, so that the database needn't sort the events of several. */
function merged(blocks: readonly Range[]): readonly Range[] {
  const ranges: Range[] = []
  for (const block of blocks.toSorted((one, other) => one.from - other.from)) {
    const last = ranges.at(-1)
    if (last !== undefined && last.to + 1 === block.from) ranges[ranges.length - 1] = { from: last.from, to: block.to }
    else ranges.push(block)
  }
  return ranges
}
