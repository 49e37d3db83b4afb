import type { ReplayMark, ReplayStore } from '../replay/store.ts'
import type { Database } from './dialect.ts'

export class SqlReplayStore implements ReplayStore {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  async addMarks(marks: readonly ReplayMark[]): Promise<readonly Buffer[]> {
    // In one order everywhere: of two processes, neither waits for a row that the other waits to follow with.
    const sorted = marks.toSorted((one, other) => one.id.compare(other.id))
    const added = await this.#db.marks
      .insertInto('replay_mark')
      .values(sorted.map(({ id, expiresAt }) => ({ id, expires_at: expiresAt })))
      .onConflict((conflict) => conflict.doNothing())
      .returning('id')
      .execute()
    return added.map(({ id }) => Buffer.from(id))
  }

  async pruneMarks(time: number, most: number): Promise<number> {
    const due = await this.#db.scans
      .selectFrom('replay_mark')
      .select('id')
      .where('expires_at', '<', time)
      .limit(most)
      .execute()
    if (due.length === 0) return 0
    const ids = due.map(({ id }) => id)
    for (let from = 0; from < ids.length; from += IDS_IN_QUERY) {
      const some = ids.slice(from, from + IDS_IN_QUERY)
      await this.#db.logs.deleteFrom('replay_mark').where('id', 'in', some).execute()
    }
    return due.length
  }
}

/** Well below the number of parameters that any of the databases takes. */
const IDS_IN_QUERY = 500
