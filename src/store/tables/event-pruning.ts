import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import type { Schema } from '../sql/schema.ts'
import { transact } from '../sql/transaction.ts'
import { lockRemovals, Removals } from './removals.ts'

/** A segment of events with consecutive numbers. */
interface Segment {
  /** The segment begins after this number. */
  readonly after: number
  readonly last: number
  /** The earliest time of its events, in milliseconds. */
  readonly earliest: number
}

interface Connections {
  readonly scans: Kysely<Schema>
  readonly logs: Kysely<Schema>
}

/** The amounts that are read. */
interface Extent {
  /** Events in a segment. */
  readonly segment: number
  /** The most new segments without a due event that one call reads. The next call goes on from there. */
  readonly mostInVain: number
}

/**
 * Removes events by time, without an index on time (`docs/decisions/0011-events-without-an-index.md`). It reads each event once,
 * in the order of their numbers, and remembers the earliest time of each segment. So it finds due events anywhere in the log, and
 * never reads events again that are dated ahead.
 */
export class EventPruning {
  readonly #db: Connections
  readonly #extent: Extent
  readonly #removals: Removals
  /** Segments that have, or had, their full number of events; in the order of their numbers. */
  readonly #segments: Segment[] = []

  constructor(
    db: Connections,
    extent: Extent = { segment: 1_000, mostInVain: 100 },
    removals: Removals = new Removals(),
  ) {
    this.#db = db
    this.#extent = extent
    this.#removals = removals
  }

  /** @see AuditStore.pruneBefore */
  async pruneBefore(time: number, most: number): Promise<number> {
    for (let inVain = 0; inVain < this.#extent.mostInVain; ) {
      const due = this.#segments.find(({ earliest }) => earliest < time)
      if (due !== undefined) {
        const removed = await this.#remove(due, time, most)
        await this.#lookAgain(due)
        if (removed > 0) return removed
        continue
      }
      const next = await this.#look(this.#segments.at(-1)?.last ?? 0)
      if (next === undefined) return 0
      // The last segment is not full yet. It is not remembered, but read again the next time.
      if (next.events < this.#extent.segment) return next.earliest < time ? this.#remove(next, time, most) : 0
      this.#segments.push(next)
      if (next.earliest < time) continue
      inVain += 1
      await nextTurn()
    }
    return 0
  }

  /** The next events after a number; undefined if there are none. */
  async #look(after: number): Promise<(Segment & { readonly events: number }) | undefined> {
    const next = this.#db.scans
      .selectFrom('audit_event')
      .select(['seq', 'at'])
      .where('seq', '>', after)
      .orderBy('seq')
      .limit(this.#extent.segment)
    const { last, earliest, events } = await this.#db.scans
      .selectFrom(next.as('next'))
      .select(({ fn }) => [fn.max('seq').as('last'), fn.min('at').as('earliest'), fn.countAll<number>().as('events')])
      .executeTakeFirstOrThrow()
    return events === 0 ? undefined : { after, last, earliest, events }
  }

  /** Removes events of a segment that are due. @returns how many */
  #remove({ after, last }: Segment, time: number, most: number): Promise<number> {
    return transact(this.#db.logs, async (trx) => {
      await lockRemovals(trx)
      const rows = await trx
        .selectFrom('audit_event')
        .selectAll()
        .where('seq', '>', after)
        .where('seq', '<=', last)
        .where('at', '<', time)
        .orderBy('seq')
        .limit(most)
        .execute()
      return this.#removals.removeEvents(trx, rows, { cause: 'time', at: time })
    })
  }

  /** Reads the rest of a segment again. */
  async #lookAgain(segment: Segment): Promise<void> {
    const { earliest } = await this.#db.scans
      .selectFrom('audit_event')
      .select(({ fn }) => fn.min<number | null>('at').as('earliest'))
      .where('seq', '>', segment.after)
      .where('seq', '<=', segment.last)
      .executeTakeFirstOrThrow()
    const left = earliest === null ? [] : [{ ...segment, earliest }]
    // Another call may have moved or removed it meanwhile.
    const index = this.#segments.indexOf(segment)
    if (index >= 0) this.#segments.splice(index, 1, ...left)
  }
}
