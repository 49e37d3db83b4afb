import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Kysely, SelectQueryBuilder } from 'kysely'
import type { Schema } from '../sql/schema.ts'
import { transact } from '../sql/transaction.ts'
import { lockRemovals, type Removals } from './removals.ts'

/** Consecutive numbers: the segment begins after the first one. */
interface Range {
  readonly after: number
  readonly last: number
}

/** A segment of rows with consecutive numbers. */
interface Segment extends Range {
  /** The earliest time of its rows, in milliseconds. */
  readonly earliest: number
}

interface Numbered {
  readonly number: number
  readonly at: number
}

/** Rows of the log that have numbers and times, and no index on time. */
interface Rows {
  /** The numbers and times of all rows that may be removed. */
  all(db: Kysely<Schema>): SelectQueryBuilder<Schema, keyof Schema, Numbered>
  /** Removes at most `most` of them that are older than `time`. @returns how many */
  remove(trx: Kysely<Schema>, range: Range, time: number, most: number): Promise<number>
}

interface Connections {
  readonly scans: Kysely<Schema>
  readonly logs: Kysely<Schema>
}

/** The amounts that are read. */
interface Extent {
  /** Rows in a segment. */
  readonly segment: number
  /** The most new segments without a due row that one call reads. The next call goes on from there. */
  readonly mostInVain: number
}

/**
 * Removes rows of the log by time, without an index on time (`docs/decisions/0011-events-without-an-index.md`). It reads each row once,
 * in the order of their numbers, and remembers the earliest time of each segment. So it finds due rows anywhere in the log, and
 * never reads rows again that are dated ahead.
 */
export class Pruning {
  readonly #db: Connections
  readonly #rows: Rows
  readonly #extent: Extent
  /** Segments that have, or had, their full number of rows; in the order of their numbers. */
  readonly #segments: Segment[] = []

  constructor(db: Connections, rows: Rows, extent: Extent = { segment: 1_000, mostInVain: 100 }) {
    this.#db = db
    this.#rows = rows
    this.#extent = extent
  }

  /** @see AuditStore.pruneBefore, ProofStore.removeCheckpointsBefore */
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
      if (next.rows < this.#extent.segment) return next.earliest < time ? this.#remove(next, time, most) : 0
      this.#segments.push(next)
      if (next.earliest < time) continue
      inVain += 1
      await nextTurn()
    }
    return 0
  }

  /** The next rows after a number; undefined if there are none. */
  async #look(after: number): Promise<(Segment & { readonly rows: number }) | undefined> {
    const next = this.#all().select(['number', 'at']).where('number', '>', after).orderBy('number')
    const { last, earliest, rows } = await this.#db.scans
      .selectFrom(next.limit(this.#extent.segment).as('next'))
      .select(({ fn }) => [fn.max('number').as('last'), fn.min('at').as('earliest'), fn.countAll<number>().as('rows')])
      .executeTakeFirstOrThrow()
    return rows === 0 ? undefined : { after, last, earliest, rows }
  }

  #all() {
    return this.#db.scans.selectFrom(this.#rows.all(this.#db.scans).as('all_rows'))
  }

  /** Removes rows of a segment that are due. @returns how many */
  #remove(segment: Segment, time: number, most: number): Promise<number> {
    return transact(this.#db.logs, async (trx) => {
      await lockRemovals(trx)
      return this.#rows.remove(trx, segment, time, most)
    })
  }

  /** Reads the rest of a segment again. */
  async #lookAgain(segment: Segment): Promise<void> {
    const { earliest } = await this.#all()
      .select(({ fn }) => fn.min<number | null>('at').as('earliest'))
      .where('number', '>', segment.after)
      .where('number', '<=', segment.last)
      .executeTakeFirstOrThrow()
    const left = earliest === null ? [] : [{ ...segment, earliest }]
    // Another call may have moved or removed it meanwhile.
    const index = this.#segments.indexOf(segment)
    if (index >= 0) this.#segments.splice(index, 1, ...left)
  }
}

/** The events of all tenants. */
export const events = (removals: Removals): Rows => ({
  all: (db) => db.selectFrom('audit_event').select(['seq as number', 'at']),
  remove: async (trx, { after, last }, time, most) => {
    const rows = trx.selectFrom('audit_event').selectAll().where('seq', '>', after).where('seq', '<=', last)
    const due = await rows.where('at', '<', time).orderBy('seq').limit(most).execute()
    return removals.removeEvents(trx, due, { cause: 'time', at: time })
  },
})

/** The checkpoints, but for the last one. */
export const checkpoints = (removals: Removals): Rows => ({
  all: (db) => db.selectFrom('audit_checkpoint').select(['number', 'at']).where('number', '<', lastCheckpoint(db)),
  remove: async (trx, { after, last }, time, most) => {
    const rows = trx.selectFrom('audit_checkpoint').selectAll().where('number', '>', after).where('number', '<=', last)
    const due = await rows.where('at', '<', time).orderBy('number').limit(most).execute()
    return removals.removeCheckpoints(trx, due, { cause: 'time', at: time })
  },
})

const lastCheckpoint = (db: Kysely<Schema>) =>
  db.selectFrom('audit_checkpoint').select(({ fn }) => fn.max('number').as('last'))
