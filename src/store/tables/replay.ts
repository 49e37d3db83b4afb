import type { CompiledQuery, Insertable } from 'kysely'
import type { TenantId } from '../../oauth/ids.ts'
import type { ReplayMark, ReplayStore } from '../../replay/store.ts'
import type { Database } from '../sql/dialect.ts'
import { inParts } from '../sql/parts.ts'
import type { Schema } from '../sql/schema.ts'

export class SqlReplayStore implements ReplayStore {
  readonly #db: Database
  readonly #tenant: TenantId
  readonly #inserts = new Map<number, CompiledQuery>()

  constructor(db: Database, tenant: TenantId) {
    this.#db = db
    this.#tenant = tenant
  }

  async addMarks(marks: readonly ReplayMark[]): Promise<readonly Buffer[]> {
    // All processes insert in one order, so that no two of them can deadlock.
    const sorted = marks.toSorted((one, other) => one.id.compare(other.id))
    const rows = sorted.map(({ id, expiresAt }) => ({ tenant: this.#tenant, id, expires_at: expiresAt }))
    const parameters = rows.flatMap((row) => Object.values(row))
    const added = await this.#db.marks.executeQuery<{ readonly id: Uint8Array }>({ ...this.#insert(rows), parameters })
    return added.rows.map(({ id }) => Buffer.from(id))
  }

  /** Compiled once for each number of rows, of which there are few: building the query costs as much as running it. */
  #insert(rows: readonly Insertable<Schema['replay_mark']>[]): CompiledQuery {
    const known = this.#inserts.get(rows.length)
    if (known !== undefined) return known
    const compiled = this.#db.marks
      .insertInto('replay_mark')
      .values(rows)
      .onConflict((conflict) => conflict.doNothing())
      .returning('id')
      .compile()
    this.#inserts.set(rows.length, compiled)
    return compiled
  }

  async pruneMarks(time: number, most: number): Promise<number> {
    const due = await this.#db.scans
      .selectFrom('replay_mark')
      .select(['tenant', 'id'])
      .where('expires_at', '<', time)
      // In the order of the index, which has the due rows first.
      .orderBy('expires_at')
      .limit(most)
      .execute()
    if (due.length === 0) return 0
    for (const [tenant, marks] of Map.groupBy(due, (mark) => mark.tenant)) {
      for (const some of inParts(marks.map(({ id }) => id))) {
        await this.#db.logs.deleteFrom('replay_mark').where('tenant', '=', tenant).where('id', 'in', some).execute()
      }
    }
    return due.length
  }
}
