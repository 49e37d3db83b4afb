import type { Kysely } from 'kysely'
import type { Change, ChangeStore } from '../../model/changes/change.ts'
import type { Clock } from '../../platform/clock.ts'
import { lastTaken, takeNumbers } from '../sql/counters.ts'
import { inParts } from '../sql/parts.ts'
import type { Schema } from '../sql/schema.ts'
import { toChange } from './rows.ts'

/** The number of changes that stay listed. A process that has missed more drops everything it remembers. */
export const CHANGES_KEPT = 50_000
/** The number of changes removed at a time, beyond those added. It is bounded, since other writers wait meanwhile. */
const REMOVED_BESIDE = 1_000

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
    const latest = rows.at(-1)?.seq ?? seq
    const changes = rows.map(toChange).filter((change) => change !== undefined)
    // Their numbers have no gaps.
    return { latest, changes, missed: changes.length < latest - seq }
  }
}

/** Lists changes, within the transaction that makes them. Forgets the oldest ones by number, since clocks may be wrong. */
export async function announce(trx: Kysely<Schema>, clock: Clock, changes: readonly Change[]): Promise<void> {
  const at = clock.now()
  const latest = await takeNumbers(trx, 'change', changes.length)
  const rows = changes.map(({ kind, id }, index) => ({ seq: latest - changes.length + 1 + index, kind, id, at }))
  for (const part of inParts(rows)) await trx.insertInto('change').values(part).execute()
  await forget(trx, latest - CHANGES_KEPT, changes.length + REMOVED_BESIDE)
}

/** @param upTo the number of the last change that may be removed @param most how many may be removed at a time */
async function forget(trx: Kysely<Schema>, upTo: number, most: number): Promise<void> {
  const { oldest } = await trx
    .selectFrom('change')
    .select(({ fn }) => fn.min<number | null>('seq').as('oldest'))
    .executeTakeFirstOrThrow()
  if (oldest === null || oldest > upTo) return
  await trx
    .deleteFrom('change')
    .where('seq', '<=', Math.min(upTo, oldest + most - 1))
    .execute()
}
