import { type Kysely, type SelectQueryBuilder, sql } from 'kysely'
import type { Count } from '../../model/group.ts'
import type { Schema } from '../sql/schema.ts'

/** The most things that are counted exactly. Counting more would keep others waiting, and tells nobody more. */
export const MOST_COUNTED = 10_000

/** Counts the rows of a query, and stops once there are more than `MOST_COUNTED`. */
export async function countAtMost<Row>(
  db: Kysely<Schema>,
  query: SelectQueryBuilder<Schema, keyof Schema, Row>,
): Promise<Count> {
  const counted = query.limit(MOST_COUNTED + 1).as('counted')
  const { count } = await db
    .selectFrom(counted)
    .select(sql<number | string>`count(*)`.as('count'))
    .executeTakeFirstOrThrow()
  return { count: Math.min(Number(count), MOST_COUNTED), isMore: Number(count) > MOST_COUNTED }
}
