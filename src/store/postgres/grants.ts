import { type Kysely, sql } from 'kysely'
import type { Schema } from '../sql/schema.ts'
import { hasOurList } from './ours.ts'

/** The rights on each table that the role of a server needs (`docs/operating/storage.md`). It only reads the list of migrations. */
const SERVING = ['select', 'insert', 'update', 'delete'] as const
const MIGRATIONS = 'migration'

/** The rights of a role. All names are quoted for SQL. */
interface Rights {
  readonly role: string
  /** The schema in which this role finds tables; null if it may not use any schema of its search path. */
  readonly schema: string | null
  /** The schema of our tables; null if there are none. */
  readonly home: string | null
  /** The first schema of the search path that exists. */
  readonly unusable: string | null
  /** The existing tables on which the role lacks a right. */
  readonly lacking: readonly string[]
  readonly lacks_migrations: boolean
}

/**
 * The statements with which the owner of the tables gives this role the rights that a server needs. The list is empty if the role
 * has all of them. Missing tables are ignored.
 */
export async function missingGrants(db: Kysely<Schema>, tables: readonly string[]): Promise<readonly string[]> {
  const { role, schema, home, unusable, lacking, lacks_migrations: lacksMigrations } = await readRights(db, tables)
  if (schema === null) return unusable === null ? [] : [`grant usage on schema ${unusable} to ${role}`]
  const on = (names: readonly string[]) => names.map((table) => `${home}.${table}`).join(', ')
  return [
    ...(lacksMigrations ? [`grant select on ${on([MIGRATIONS])} to ${role}`] : []),
    ...(lacking.length > 0 ? [`grant ${SERVING.join(', ')} on ${on(lacking)} to ${role}`] : []),
  ]
}

/** Reads the rights of this role (https://www.postgresql.org/docs/current/functions-info.html). */
async function readRights(db: Kysely<Schema>, tables: readonly string[]): Promise<Rights> {
  const found = sql`to_regclass(quote_ident(name))`
  const lacksAny = sql.join(
    SERVING.map((right) => sql`not has_table_privilege(${found}, ${right})`),
    sql` or `,
  )
  const query = sql<Rights>`
    select quote_ident(current_user) as role,
      quote_ident(current_schema()) as schema,
      (select quote_ident(nspname) from pg_class join pg_namespace on relnamespace = pg_namespace.oid
        where pg_class.oid = to_regclass(${MIGRATIONS})) as home,
      (select quote_ident(nspname)
        from unnest(string_to_array(current_setting('search_path'), ',')) with ordinality as path (name, place)
        join pg_namespace on nspname = replace(trim(name, ' "'), '$user', current_user)
        order by place limit 1) as unusable,
      array(select quote_ident(name) from unnest(array[${sql.join(tables)}]::text[]) as known (name)
        where ${hasOurList} and ${found} is not null and (${lacksAny}) order by name) as lacking,
      ${hasOurList} and not has_table_privilege(to_regclass(${MIGRATIONS}), 'select') as lacks_migrations`
  const { rows } = await query.execute(db)
  const [rights] = rows
  if (rights === undefined) throw new Error('PostgreSQL returned no row')
  return rights
}
