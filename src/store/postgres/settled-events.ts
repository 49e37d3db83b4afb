import { type Kysely, sql } from 'kysely'
import type { Schema } from '../sql/schema.ts'
import { lastEvent } from '../tables/last-event.ts'

interface Mark {
  /** The last number that was visible. */
  readonly seq: number
  /** The first transaction that had not begun, one look later; undefined before that look. */
  readonly transaction?: string
}

/**
 * Knows up to which number no event can be added any more. PostgreSQL commits numbers in another order than it gives them out. A
 * number is settled once every transaction has ended that may have taken a lower one
 * (https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-SNAPSHOT).
 */
export class SettledEvents {
  readonly #db: Kysely<Schema>
  #mark: Mark | undefined
  #last = 0
  #isRegular = false

  constructor(db: Kysely<Schema>) {
    this.#db = db
  }

  /** The last settled number. It lags by some looks, and for as long as an old transaction is open. */
  get last(): number {
    return this.#last
  }

  /** Like `last`, in a process that may not look regularly. */
  async current(): Promise<number> {
    if (!this.#isRegular) await this.look()
    return this.#last
  }

  /** Says that somebody looks regularly from now on. */
  lookRegularly(): void {
    this.#isRegular = true
  }

  /** Looks at the transactions. Between two looks there must be a second or more: an insertion takes its numbers before its transaction gets an id. */
  async look(): Promise<void> {
    const mark = this.#mark
    if (mark?.transaction === undefined) {
      this.#mark =
        mark === undefined ? { seq: await lastEvent(this.#db) } : { ...mark, transaction: await this.#next() }
      return
    }
    if (!(await this.#haveEnded(mark.transaction))) return
    this.#last = mark.seq
    this.#mark = { seq: await lastEvent(this.#db) }
  }

  async #next(): Promise<string> {
    const { rows } = await sql<{ next: string }>`
      select pg_snapshot_xmax(pg_current_snapshot())::text as next`.execute(this.#db)
    return rows[0]?.next ?? ''
  }

  /** Whether all transactions before one have ended. */
  async #haveEnded(transaction: string): Promise<boolean> {
    const { rows } = await sql<{ ended: boolean }>`
      select pg_snapshot_xmin(pg_current_snapshot()) >= ${transaction}::text::xid8 as ended`.execute(this.#db)
    return rows[0]?.ended === true
  }
}
