import type { Kysely } from 'kysely'
import type { Schema } from '../sql/schema.ts'
import { segmentOf } from './event-segments.ts'
import { eventEnds } from './last-event.ts'

/** Whether a whole segment of events is not indexed yet, or an indexed one has gone. */
export async function isIndexDue(db: Kysely<Schema>): Promise<boolean> {
  const ends = await eventEnds(db)
  if (ends === undefined) return false
  const [start, end] = [segmentOf(ends.first), segmentOf(ends.last + 1)]
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
