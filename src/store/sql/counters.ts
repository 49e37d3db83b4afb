import { type Kysely, sql } from 'kysely'
import type { Schema } from './schema.ts'

/** The rows that each tenant numbers in the order of its commits. Chains of events are of all tenants, and the default one numbers them. */
export type CounterName = 'change' | 'revocation' | 'audit_chain'

/**
 * Takes the next numbers of a tenant, within a transaction. Until it ends, other transactions wait for numbers of that
 * tenant. So numbers become visible in their order and without gaps, which neither sequences of PostgreSQL nor clocks
 * guarantee.
 * @returns the last of them
 */
export async function takeNumbers(
  trx: Kysely<Schema>,
  tenant: string,
  name: CounterName,
  count: number,
): Promise<number> {
  const { value } = await trx
    .insertInto('counter')
    .values({ tenant, name, value: count })
    .onConflict((conflict) =>
      conflict.columns(['tenant', 'name']).doUpdateSet({ value: sql`counter.value + excluded.value` }),
    )
    .returning('value')
    .executeTakeFirstOrThrow()
  return value
}

/** Waits until no other transaction takes numbers of the tenant, and makes later ones wait. @returns the last number that was taken */
export const lockNumbers = (trx: Kysely<Schema>, tenant: string, name: CounterName): Promise<number> =>
  takeNumbers(trx, tenant, name, 0)

/** The last number that a tenant has taken; 0 if it took none. */
export async function lastTaken(db: Kysely<Schema>, tenant: string, name: CounterName): Promise<number> {
  const row = await db
    .selectFrom('counter')
    .select('value')
    .where('tenant', '=', tenant)
    .where('name', '=', name)
    .executeTakeFirst()
  return row?.value ?? 0
}
