import type { Kysely } from 'kysely'
import type { Schema } from './schema.ts'

/** What is numbered in the order of its commits. */
export type CounterName = 'change' | 'revocation'

/**
 * Takes the next numbers, within a transaction. Until that ends, whoever else wants some waits: numbers become visible in
 * their order and without gaps, which neither PostgreSQL's sequences nor anybody's clock promises.
 * @returns the last of them
 */
export async function takeNumbers(trx: Kysely<Schema>, name: CounterName, count: number): Promise<number> {
  const { value } = await trx
    .updateTable('counter')
    .set(({ eb }) => ({ value: eb('value', '+', count) }))
    .where('name', '=', name)
    .returning('value')
    .executeTakeFirstOrThrow()
  return value
}

/** Waits until no other transaction takes numbers, and keeps others waiting. @returns the last number that was taken */
export const lockNumbers = (trx: Kysely<Schema>, name: CounterName): Promise<number> => takeNumbers(trx, name, 0)

/** The last number that was taken, 0 where none was. */
export async function lastTaken(db: Kysely<Schema>, name: CounterName): Promise<number> {
  const { value } = await db.selectFrom('counter').select('value').where('name', '=', name).executeTakeFirstOrThrow()
  return value
}
