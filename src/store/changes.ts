import type { Kysely } from 'kysely'
import type { Change, ChangeStore } from '../changes/feed.ts'
import type { Clock } from '../platform/clock.ts'
import { lastTaken, takeNumbers } from './counters.ts'
import { toChange } from './rows.ts'
import type { Schema } from './schema.ts'

/** A process that has not asked for a day drops everything it remembers. */
const KEPT_MS = 24 * 3600 * 1000
/** Well below the number of parameters that any of the databases takes. */
const ROWS_IN_STATEMENT = 1_000

export class SqlChangeStore implements ChangeStore {
  readonly #db: Kysely<Schema>

  constructor(db: Kysely<Schema>) {
    this.#db = db
  }

  latestChange(): Promise<number> {
    return lastTaken(this.#db, 'change')
  }

  async changesSince(seq: number) {
    const rows = await this.#db.selectFrom('change').selectAll().where('seq', '>', seq).orderBy('seq').execute()
    const [oldest] = rows
    const latest = rows.at(-1)?.seq ?? seq
    const changes = rows.map(toChange).filter((change) => change !== undefined)
    const isIncomplete = changes.length < rows.length || (oldest !== undefined && oldest.seq > seq + 1)
    return { latest, changes, missed: isIncomplete }
  }
}

/** Lists changes, within the transaction that makes them; forgets those that are too old to matter, but the newest. */
export async function announce(trx: Kysely<Schema>, clock: Clock, changes: readonly Change[]): Promise<void> {
  const at = clock.now()
  const latest = await takeNumbers(trx, 'change', changes.length)
  const rows = changes.map(({ kind, id }, index) => ({ seq: latest - changes.length + 1 + index, kind, id, at }))
  for (let from = 0; from < rows.length; from += ROWS_IN_STATEMENT) {
    await trx
      .insertInto('change')
      .values(rows.slice(from, from + ROWS_IN_STATEMENT))
      .execute()
  }
  await trx
    .deleteFrom('change')
    .where('at', '<', at - KEPT_MS)
    .where('seq', '<', latest)
    .execute()
}
