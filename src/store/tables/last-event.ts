import type { Kysely } from 'kysely'
import type { Schema } from '../sql/schema.ts'

/** The number of the last event; 0 if there is none. */
export async function lastEvent(db: Kysely<Schema>): Promise<number> {
  const { last } = await db
    .selectFrom('audit_event')
    .select(({ fn }) => fn.max<number | null>('seq').as('last'))
    .executeTakeFirstOrThrow()
  return last ?? 0
}
