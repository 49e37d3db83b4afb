import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import type { Schema } from './schema.ts'
import { transact } from './transaction.ts'

/** Events that follow each other by number. */
interface Segment {
  /** It has the events with numbers above this one, up to the last. */
  readonly after: number
  readonly last: number
  /** The earliest time of any of them, in milliseconds. */
  readonly earliest: number
}

interface Connections {
  readonly scans: Kysely<Schema>
  readonly logs: Kysely<Schema>
}

/** How much is looked at. */
interface Extent {
  /** Events in a segment. */
  readonly segment: number
  /** Segments at a time of which nothing is due; the next call looks on from there. */
  readonly mostInVain: number
}

/**
 * Removes events by their time, of which there is no index (`docs/decisions/0011-events-without-an-index.md`). Events are looked
 * at once, in the order of their numbers, and the earliest time of each segment is remembered. So what is due is found
 * wherever it stands: events that are dated ahead are looked at, and then are in nobody's way.
 */
export class EventPruning {
  readonly #db: Connections
  readonly #extent: Extent
  /** Of those that have their full number of events, or had, in the order of their numbers. */
  readonly #segments: Segment[] = []

  constructor(db: Connections, extent: Extent = { segment: 1_000, mostInVain: 100 }) {
    this.#db = db
    this.#extent = extent
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
      // More will follow the last ones: they are looked at again.
      if (next.events < this.#extent.segment) return next.earliest < time ? this.#remove(next, time, most) : 0
      this.#segments.push(next)
      if (next.earliest < time) continue
      inVain += 1
      await nextTurn()
    }
    return 0
  }

  /** The next events after a number; undefined where there are none. */
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

  /** @returns how many were removed, of those of a segment that are due */
  async #remove({ after, last }: Segment, time: number, most: number): Promise<number> {
    const oldest = this.#db.scans
      .selectFrom('audit_event')
      .select('seq')
      .where('seq', '>', after)
      .where('seq', '<=', last)
      .where('at', '<', time)
      .orderBy('seq')
      .limit(most)
    const { upTo } = await this.#db.scans
      .selectFrom(oldest.as('oldest'))
      .select(({ fn }) => fn.max<number | null>('seq').as('upTo'))
      .executeTakeFirstOrThrow()
    if (upTo === null) return 0
    const { numDeletedRows } = await transact(this.#db.logs, (trx) =>
      trx
        .deleteFrom('audit_event')
        .where('seq', '>', after)
        .where('seq', '<=', upTo)
        .where('at', '<', time)
        .executeTakeFirstOrThrow(),
    )
    return Number(numDeletedRows)
  }

  /** Remembers of a segment what is left of it. */
  async #lookAgain(segment: Segment): Promise<void> {
    const { earliest } = await this.#db.scans
      .selectFrom('audit_event')
      .select(({ fn }) => fn.min<number | null>('at').as('earliest'))
      .where('seq', '>', segment.after)
      .where('seq', '<=', segment.last)
      .executeTakeFirstOrThrow()
    const left = earliest === null ? [] : [{ ...segment, earliest }]
    // It may have moved, or gone, since.
    const index = this.#segments.indexOf(segment)
    if (index >= 0) this.#segments.splice(index, 1, ...left)
  }
}
