import type { KeyStore, StoredKey } from '../keys/store.ts'
import type { Clock } from '../platform/clock.ts'
import { announce } from './changes.ts'
import type { Database } from './dialect.ts'
import { fromKey, toKey } from './rows.ts'

export class SqlKeyStore implements KeyStore {
  readonly #db: Database
  readonly #clock: Clock

  constructor(db: Database, clock: Clock) {
    this.#db = db
    this.#clock = clock
  }

  async listKeys(): Promise<readonly StoredKey[]> {
    const rows = await this.#db.reads
      .selectFrom('signing_key')
      .selectAll()
      .orderBy('created_at', 'desc')
      .orderBy('kid')
      .execute()
    return rows.map(toKey)
  }

  async addFirstKey(key: StoredKey): Promise<void> {
    await this.#db.writes.transaction().execute(async (trx) => {
      const first = await trx
        .selectFrom('signing_key')
        .select('kid')
        .where('algorithm', '=', key.algorithm)
        .executeTakeFirst()
      if (first !== undefined) return
      await trx.insertInto('signing_key').values(fromKey(key)).execute()
      await announce(trx, this.#clock, [{ kind: 'key', id: key.kid }])
    })
  }
}
