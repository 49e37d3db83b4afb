import type { Kysely } from 'kysely'
import type { Revocation, RevocationStore } from '../revocation/store.ts'
import type { Database } from './dialect.ts'
import { fromRevocation, toRevocation } from './rows.ts'
import type { Schema } from './schema.ts'

/** Well below the number of parameters that any of the databases takes. */
const ROWS_IN_STATEMENT = 1_000
const THE_ROW = 1

export class SqlRevocationStore implements RevocationStore {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  addRevocations(revocations: readonly Revocation[]): Promise<void> {
    return this.#db.writes.transaction().execute(async (trx) => {
      for (let from = 0; from < revocations.length; from += ROWS_IN_STATEMENT) {
        const rows = revocations.slice(from, from + ROWS_IN_STATEMENT).map(fromRevocation)
        await trx.insertInto('revocation').values(rows).execute()
      }
    })
  }

  async revocationsAfter(after: number, limit: number) {
    const rows = await this.#db.reads
      .selectFrom('revocation')
      .selectAll()
      .where('seq', '>', after)
      .orderBy('seq')
      .limit(limit)
      .execute()
    return { latest: rows.at(-1)?.seq ?? after, revocations: rows.map(toRevocation) }
  }

  pruneRevocations(time: number, most: number): Promise<number> {
    return this.#db.writes.transaction().execute(async (trx) => {
      const due = await trx.selectFrom('revocation').select('seq').where('expires_at', '<=', time).limit(most).execute()
      const seqs = due.map(({ seq }) => seq)
      if (seqs.length > 0) await trx.deleteFrom('revocation').where('seq', 'in', seqs).execute()
      return seqs.length
    })
  }

  async longestLifetime(): Promise<number> {
    const row = await this.#db.reads.selectFrom('longest_lifetime').select('milliseconds').executeTakeFirst()
    return row?.milliseconds ?? 0
  }

  async noteLifetime(milliseconds: number): Promise<void> {
    if ((await this.longestLifetime()) >= milliseconds) return
    await this.#db.writes.transaction().execute((trx) => noteLifetime(trx, milliseconds))
  }
}

/** Remembers, within a transaction, that tokens may live so long. */
export async function noteLifetime(trx: Kysely<Schema>, milliseconds: number): Promise<void> {
  const known = await trx.selectFrom('longest_lifetime').select('milliseconds').executeTakeFirst()
  if (known !== undefined && known.milliseconds >= milliseconds) return
  await trx
    .insertInto('longest_lifetime')
    .values({ id: THE_ROW, milliseconds })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ milliseconds }))
    .execute()
}
