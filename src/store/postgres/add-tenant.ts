import { sql } from 'kysely'
import type { MigratedDatabase, TenantTable } from '../sql/dialect.ts'

/** Changes the tables where they are, which keeps the rights on them. Only the indexes of the keys are built anew. */
export async function addTenant(db: MigratedDatabase, tables: readonly TenantTable[]): Promise<void> {
  for (const table of tables) await rekey(db, table)
  for (const { name, owner } of tables) {
    if (owner === undefined) continue
    const { table, key, column } = owner
    await sql`alter table ${sql.table(name)} add foreign key (tenant, ${sql.ref(column)})
      references ${sql.table(table)} (tenant, ${sql.ref(key)}) on delete cascade`.execute(db)
  }
}

async function rekey(db: MigratedDatabase, { name, key, without }: TenantTable): Promise<void> {
  const table = sql.table(name)
  // A constant default needs no rewrite of the table (https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES).
  await sql`alter table ${table} add column tenant text not null default 'default'`.execute(db)
  const { rows } = await sql<{ constraint: string }>`select conname as constraint from pg_constraint
    where conrelid = to_regclass(quote_ident(${name})) and contype = 'p'`.execute(db)
  // Foreign keys that refer to it go with it.
  for (const { constraint } of rows)
    await sql`alter table ${table} drop constraint ${sql.ref(constraint)} cascade`.execute(db)
  if (without !== undefined) await db.schema.alterTable(name).dropColumn(without).execute()
  // A number counts within its tenant, which the numbers of the database do not.
  for (const column of key)
    await sql`alter table ${table} alter column ${sql.ref(column)} drop identity if exists`.execute(db)
  const columns = sql.join(['tenant', ...key].map((column) => sql.ref(column)))
  await sql`alter table ${table} add primary key (${columns})`.execute(db)
}
