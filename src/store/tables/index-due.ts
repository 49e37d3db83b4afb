import type { Kysely } from 'kysely'
import type { Schema } from '../sql/schema.ts'
import { segmentOf } from './event-segments.ts'

/** Whether a whole segment of events is not indexed yet, or an indexed one has gone. */
export async function isIndexDue(db: Kysely<Schema>): Promise<boolean> {
  const { first, last } = await db
    .selectFrom('audit_event')
    .select(({ fn }) => [fn.min<number | null>('seq').as('first'), fn.max<number | null>('seq').as('last')])
    .executeTakeFirstOrThrow()
  if (first === null || last === null) return false
  const [start, end] = [segmentOf(first), segmentOf(last + 1)]
  const { indexed, gone } = await db
    .selectFrom('audit_segment')
    .select(({ fn, eb }) => [
      fn.countAll<number>().filterWhere('segment', '>=', start).filterWhere('segment', '<', end).as('indexed'),
      fn
        .countAll<number>()
        .filterWhere(eb('segment', '<', start))
        .as('gone'),
    ])
    .executeTakeFirstOrThrow()
  return Number(indexed) < end - start || Number(gone) > 0
}
