import { type Kysely, sql } from 'kysely'
import type { Schema } from '../sql/schema.ts'

/** The numbers of the first and the last event; undefined if there is none. In one query without subqueries, SQLite reads all events. */
export async function eventEnds(
  db: Kysely<Schema>,
): Promise<{ readonly first: number; readonly last: number } | undefined> {
  const { rows } = await sql<{ first: number | null; last: number | null }>`
    select (select min(seq) from audit_event) as first, (select max(seq) from audit_event) as last`.execute(db)
  const { first, last } = rows[0] ?? { first: null, last: null }
  return first === null || last === null ? undefined : { first, last }
}

/** The number of the last event; 0 if there is none. */
export const lastEvent = async (db: Kysely<Schema>): Promise<number> => (await eventEnds(db))?.last ?? 0
