import { readdirSync } from 'node:fs'
import { parsePostgresUrl } from '../../src/store/postgres/address.ts'
import { openPostgres } from '../../src/store/postgres/open.ts'
import type { Dialect, MigratedDatabase } from '../../src/store/sql/dialect.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { ACCESS } from './access.ts'

type Module = Readonly<Record<string, { up(db: MigratedDatabase, dialect: Dialect): Promise<void> }>>

const folder = new URL('../../src/store/migrations/', import.meta.url)
const migrations = readdirSync(folder)
  .flatMap((file) => /^(\d{4}-.*)\.ts$/.exec(file)?.[1] ?? [])
  .sort()

/** The migration before this one. */
export const migrationBefore = (name: string): string => migrations[migrations.indexOf(name) - 1] ?? ''

/**
 * Makes a database as an earlier version made it, at a location where there is none.
 * @param last the last migration of that version
 */
export async function makeOldDatabase(location: string, last: string): Promise<void> {
  const db = location.startsWith('sqlite:')
    ? openSqlite(location.slice('sqlite:'.length))
    : openPostgres(parsePostgresUrl(location, ACCESS), ACCESS)
  const old = db.unhurried.withTables<{ migration: { name: string; timestamp: string } }>()
  await old.schema
    .createTable('migration')
    .addColumn('name', 'varchar(255)', (column) => column.notNull().primaryKey())
    .addColumn('timestamp', 'varchar(255)', (column) => column.notNull())
    .execute()
  for (const name of migrations.slice(0, migrations.indexOf(last) + 1)) {
    const module: Module = await import(new URL(`${name}.ts`, folder).href)
    for (const { up } of Object.values(module)) await up(old, db.dialect)
    await old.insertInto('migration').values({ name, timestamp: '' }).execute()
  }
  await db.close()
}
