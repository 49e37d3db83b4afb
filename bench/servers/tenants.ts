import { sql } from 'kysely'
import { DEFAULT_TENANT } from '../../src/oauth/ids.ts'
import type { Database } from '../../src/store/sql/dialect.ts'
import { tenantName } from '../audit-fill.ts'

/** The tables whose rows each tenant gets, each after those that it refers to. */
const TABLES = [
  'counter',
  'api',
  'client',
  'credential',
  'client_use',
  'credential_use',
  'client_tag',
  'change',
] as const
/** Marks of each tenant. */
const MARKS = 1_000
const FAR = Number.MAX_SAFE_INTEGER

/** Adds tenants that have the same rows as the default one, and marks. No other process may write. */
export async function addTenants({ unhurried: db, dialect }: Database, count: number): Promise<void> {
  for (let number = 1; number <= count; number += 1) {
    const tenant = tenantName(number)
    await db.transaction().execute(async (trx) => {
      for (const table of TABLES) {
        const row = await trx.selectFrom(table).selectAll().limit(1).executeTakeFirst()
        const columns = Object.keys(row ?? {}).filter((column) => column !== 'tenant')
        if (columns.length === 0) continue
        const names = sql.join(columns.map((column) => sql.ref(column)))
        await sql`insert into ${sql.table(table)} (tenant, ${names})
          select ${tenant}, ${names} from ${sql.table(table)} where tenant = ${DEFAULT_TENANT}`.execute(trx)
      }
      await sql`insert into replay_mark (tenant, id, expires_at)
        with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < ${sql.lit(MARKS)})
        select ${tenant}, ${dialect.someBytes}, ${sql.lit(FAR)} from numbers`.execute(trx)
    })
  }
}
