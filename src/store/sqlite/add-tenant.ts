import { type RawBuilder, sql } from 'kysely'
import type { MigratedDatabase, TenantTable } from '../sql/dialect.ts'

/** A row of `pragma table_info` (https://sqlite.org/pragma.html#pragma_table_info). */
interface Column {
  readonly name: string
  readonly type: string
  readonly notnull: number
  /** SQL. */
  readonly dflt_value: string | null
}

const temporary = (table: string): string => `${table}_of_tenants`

/**
 * SQLite can't change a primary key, so each table is made anew (https://sqlite.org/lang_altertable.html#otheralter). A dropped table
 * takes its rows with it, and the rows that refer to them: so no table is dropped before those that refer to it. Renaming
 * a table renames it in references, too.
 */
export async function addTenant(db: MigratedDatabase, tables: readonly TenantTable[]): Promise<void> {
  for (const table of tables) await copy(db, table)
  for (const { name } of tables.toReversed()) await db.schema.dropTable(name).execute()
  for (const { name } of tables) await db.schema.alterTable(temporary(name)).renameTo(name).execute()
}

async function copy(db: MigratedDatabase, { name, key, without, owner }: TenantTable): Promise<void> {
  const { rows } = await sql<Column>`select * from pragma_table_info(${name})`.execute(db)
  const columns = rows.filter((column) => column.name !== without)
  const names = sql.join(columns.map((column) => sql.ref(column.name)))
  const definitions = [
    ...columns.map((column) => define(column, key)),
    sql`tenant text not null default 'default'`,
    sql`primary key (${sql.join(['tenant', ...key].map((column) => sql.ref(column)))})`,
    ...(owner === undefined ? [] : [refer(owner)]),
  ]
  const copied = sql.table(temporary(name))
  await sql`create table ${copied} (${sql.join(definitions)})`.execute(db)
  // A row without its owner was left by somebody who changed the database by hand. The program would have deleted it.
  const owned =
    owner &&
    sql`where ${sql.ref(owner.column)} in (select ${sql.ref(owner.key)} from ${sql.table(temporary(owner.table))})`
  // Rows that stand in the order of their key are read faster by it.
  const inOrder = key.length === 0 ? sql`` : sql`order by ${sql.join(key.map((column) => sql.ref(column)))}`
  await sql`insert into ${copied} (${names}) select ${names} from ${sql.table(name)} ${owned ?? sql``}
    ${inOrder}`.execute(db)
}

function define({ name, type, notnull, dflt_value: otherwise }: Column, key: readonly string[]): RawBuilder<unknown> {
  const required = notnull === 1 || key.includes(name) ? sql` not null` : sql``
  return sql`${sql.ref(name)} ${sql.raw(type)}${required}${otherwise === null ? sql`` : sql` default ${sql.raw(otherwise)}`}`
}

const refer = ({ table, key, column }: NonNullable<TenantTable['owner']>): RawBuilder<unknown> =>
  sql`foreign key (tenant, ${sql.ref(column)}) references ${sql.table(temporary(table))} (tenant, ${sql.ref(key)})
    on delete cascade`
