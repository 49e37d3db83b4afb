/**
 * The database: implements the stores that other folders declare. Named by the wiring and the commands alone. May
 * import `oauth`, `platform`, `secrets`, `directory`, `changes`, `keys`, `audit`, `revocation`, `manifest`.
 */

import type { CompiledQuery, Insertable, Kysely } from 'kysely'
import type { AuditEvent } from '../audit/event.ts'
import type { AuditQuery, AuditStore, StoredAuditEvent } from '../audit/store.ts'
import type { Database } from './dialect.ts'
import { fromAuditEvent, toAuditEvent } from './rows.ts'
import type { Schema } from './schema.ts'

type AuditRow = Insertable<Schema['audit_event']>

/** Events go in by so many rows a statement, each compiled once: building the query would cost more than running it. */
const ROWS_IN_STATEMENT = [256, 64, 16, 4, 1] as const

export class SqlAuditStore implements AuditStore {
  readonly #db: Database
  readonly #inserts = new Map<number, CompiledQuery>()

  constructor(db: Database) {
    this.#db = db
  }

  append(events: readonly AuditEvent[]): Promise<void> {
    return this.#db.logs.transaction().execute((trx) => this.appendWithin(trx, events))
  }

  /** Adds events within a transaction of somebody else's. */
  async appendWithin(trx: Kysely<Schema>, events: readonly AuditEvent[]): Promise<void> {
    const rows = events.map(fromAuditEvent)
    let from = 0
    for (const size of ROWS_IN_STATEMENT) {
      for (; rows.length - from >= size; from += size) {
        const some = rows.slice(from, from + size)
        await trx.executeQuery({ ...this.#insert(some), parameters: some.flatMap((row) => Object.values(row)) })
      }
    }
  }

  #insert(rows: readonly AuditRow[]): CompiledQuery {
    const known = this.#inserts.get(rows.length)
    if (known !== undefined) return known
    const compiled = this.#db.writes.insertInto('audit_event').values(rows).compile()
    this.#inserts.set(rows.length, compiled)
    return compiled
  }

  async listEvents({ limit, after, clientId, requestId }: AuditQuery): Promise<readonly StoredAuditEvent[]> {
    let query = this.#db.reads.selectFrom('audit_event').selectAll().orderBy('seq', 'desc').limit(limit)
    if (after !== undefined) query = query.where('seq', '>', after)
    if (clientId !== undefined) query = query.where('client_id', '=', clientId)
    if (requestId !== undefined) query = query.where('request_id', '=', requestId)
    const rows = await query.execute()
    return rows.reverse().map(toAuditEvent)
  }

  async pruneBefore(time: number, most: number): Promise<number> {
    // Numbers grow with time: the first row that is young enough bounds the search, whatever the clocks did.
    const oldest = this.#db.reads.selectFrom('audit_event').select(['seq', 'at']).orderBy('seq').limit(most)
    const due = (await oldest.execute()).filter((row) => row.at < time)
    const last = due.at(-1)
    if (last === undefined) return 0
    const { numDeletedRows } = await this.#db.logs
      .transaction()
      .execute((trx) =>
        trx.deleteFrom('audit_event').where('seq', '<=', last.seq).where('at', '<', time).executeTakeFirstOrThrow(),
      )
    return Number(numDeletedRows)
  }
}
