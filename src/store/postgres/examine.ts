import { sql } from 'kysely'
import { tableNames } from '../copy.ts'
import type { Database } from '../dialect.ts'
import { type DatabaseFindings, NOTHING, noteOf } from '../findings.ts'
import { pendingMigrations } from '../migrate.ts'

const RIGHTS = ['select', 'insert', 'update', 'delete'] as const

/** Checks whether a role has the rights that a server needs, including those for migrations that are due. */
export async function examinePostgres({ unhurried: db, dialect }: Database): Promise<DatabaseFindings> {
  const { rows } = await sql<Session>`select quote_ident(current_user) as role, current_schema() as schema,
    coalesce(has_schema_privilege(current_schema(), 'create'), false) as may_create,
    coalesce(has_table_privilege(to_regclass('migration'), 'select'), true) as may_read_migrations,
    current_setting('transaction_read_only') = 'on' as is_read_only,
    current_setting('server_encoding') as encoding`.execute(db)
  const [session] = rows
  if (session === undefined) return NOTHING
  const { role, is_read_only: isReadOnly, may_read_migrations: mayReadMigrations, encoding } = session
  const warnings =
    encoding === 'UTF8'
      ? []
      : [`storage: the database keeps text as ${encoding}, which lacks letters: make one in UTF8`]
  const refuse = (mistakes: readonly string[]): DatabaseFindings => ({ ...NOTHING, mistakes, warnings })
  if (isReadOnly) return refuse(['storage: the database is read-only: it is a standby, or was set so'])
  if (!mayReadMigrations)
    return refuse([`storage: the role ${role} lacks rights: grant select on migration to ${role}`])
  const due = await pendingMigrations(db, dialect)
  if (due.length === 0) return refuse(await lackingToServe(db, role))
  const mistakes = await lackingToMigrate(db, session, due)
  return { mistakes, warnings, notes: mistakes.length > 0 ? [] : [noteOf(due)] }
}

type Session = {
  readonly role: string
  readonly schema: string | null
  readonly may_create: boolean
  readonly may_read_migrations: boolean
  readonly is_read_only: boolean
  readonly encoding: string
}

async function lackingToMigrate(
  db: Database['unhurried'],
  { role, schema, may_create: mayCreate }: Session,
  due: readonly string[],
): Promise<readonly string[]> {
  const { rows: foreign } = await sql<{ name: string }>`select tablename as name from pg_tables
    where schemaname = current_schema() and tablename in (${sql.join([...tableNames, 'migration'])})
    and not pg_has_role(current_user, tableowner, 'usage')`.execute(db)
  if (mayCreate && foreign.length === 0) return []
  const where = schema === null ? 'any schema of its search_path' : `the schema ${schema}`
  const what = mayCreate ? `change the tables there, which others own` : `make tables in ${where}`
  return [
    `storage: the database has not had ${due.join(', ')}, and the role ${role} may not ${what}: run \`tessera storage migrate\` as a role that may`,
  ]
}

async function lackingToServe(db: Database['unhurried'], role: string): Promise<readonly string[]> {
  const rights = RIGHTS.map((right) => sql`has_table_privilege(to_regclass(name), ${right})`)
  const { rows } = await sql<{ name: string; is_there: boolean; rights: readonly (boolean | null)[] }>`select name,
    to_regclass(name) is not null as is_there, array[${sql.join(rights)}] as rights
    from unnest(array[${sql.join(tableNames)}]::text[]) as name`.execute(db)
  const missing = rows.filter((table) => !table.is_there).map(({ name }) => name)
  const lacking = new Map<string, readonly string[]>()
  for (const table of rows.filter(({ is_there: isThere }) => isThere)) {
    const rights = RIGHTS.filter((_, index) => table.rights[index] !== true).join(', ')
    if (rights !== '') lacking.set(rights, [...(lacking.get(rights) ?? []), table.name])
  }
  return [
    ...(missing.length === 0 ? [] : [`storage: the database lacks tables that it has had: ${missing.join(', ')}`]),
    ...[...lacking].map(
      ([rights, tables]) =>
        `storage: the role ${role} lacks rights: grant ${rights} on ${tables.join(', ')} to ${role}`,
    ),
  ]
}
