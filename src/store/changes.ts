import type { Kysely } from 'kysely'
import type { Change, ChangeStore } from '../changes/feed.ts'
import type { Clock } from '../platform/clock.ts'
import { toChange } from './rows.ts'
import type { Schema } from './schema.ts'

/** A process that has not asked for a day drops everything it remembers. */
const KEPT_MS = 24 * 3600 * 1000

export class SqlChangeStore implements ChangeStore {
  readonly #db: Kysely<Schema>

  constructor(db: Kysely<Schema>) {
    this.#db = db
  }

  latestChange(): Promise<number> {
    return latestChange(this.#db)
  }

  async changesSince(seq: number) {
    const rows = await this.#db.selectFrom('change').selectAll().where('seq', '>', seq).orderBy('seq').execute()
    const [oldest] = rows
    const latest = rows.at(-1)?.seq ?? seq
    return { latest, changes: rows.map(toChange), missed: oldest !== undefined && oldest.seq > seq + 1 }
  }
}

/** The number of the newest change, 0 where there is none. */
export async function latestChange(db: Kysely<Schema>): Promise<number> {
  const row = await db
    .selectFrom('change')
    .select((select) => select.fn.max('seq').as('latest'))
    .executeTakeFirstOrThrow()
  return row.latest ?? 0
}

/** Lists changes, within the transaction that makes them; forgets those that are too old to matter, but the newest. */
export async function announce(trx: Kysely<Schema>, clock: Clock, changes: readonly Change[]): Promise<void> {
  const at = clock.now()
  for (const { kind, id } of changes) await trx.insertInto('change').values({ kind, id, at }).execute()
  const latest = await latestChange(trx)
  await trx
    .deleteFrom('change')
    .where('at', '<', at - KEPT_MS)
    .where('seq', '<', latest)
    .execute()
}
