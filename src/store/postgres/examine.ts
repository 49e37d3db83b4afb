import { sql } from 'kysely'
import { pendingMigrations } from '../migrations/migrate.ts'
import type { Database } from '../sql/dialect.ts'
import { type DatabaseFindings, NOTHING, noteOf } from '../sql/findings.ts'
import { tableNames } from '../tables/copy.ts'
import { findMissingGrants } from '../tables/sql-store.ts'
import type { PostgresAddress } from './address.ts'
import { faultOf, nameOf, WrongServer } from './errors.ts'
import { Hosts } from './hosts.ts'

/** Says of each of several hosts whether it accepts writes. A standby is no problem, a host that does not answer may become one. */
export async function examineHosts(address: PostgresAddress): Promise<DatabaseFindings> {
  if (address.hosts.length === 1) return NOTHING
  const hosts = new Hosts(address)
  const [warnings, notes]: [string[], string[]] = [[], []]
  for (const { host, error } of await hosts.examine()) {
    const name = `storage: ${nameOf(host)}`
    if (error === undefined) notes.push(`${name} accepts writes`)
    else if (error instanceof WrongServer) notes.push(`${name} is read-only, as a standby is`)
    else warnings.push(`${name} can't be used: ${faultOf(error)}`)
  }
  hosts.close()
  return { ...NOTHING, warnings, notes }
}

/** Checks whether a role has the rights that a server needs, including those for migrations that are due. */
export async function examinePostgres(database: Database): Promise<DatabaseFindings> {
  const { checks: db, dialect } = database
  const { rows } = await sql<Session>`select quote_ident(current_user) as role, current_schema() as schema,
    coalesce(has_schema_privilege(current_schema(), 'create'), false) as may_create,
    current_setting('transaction_read_only') = 'on' as is_read_only,
    current_setting('server_encoding') as encoding`.execute(db)
  const [session] = rows
  if (session === undefined) return NOTHING
  const { is_read_only: isReadOnly, encoding } = session
  const warnings =
    encoding === 'UTF8'
      ? []
      : [`storage: the database has the encoding ${encoding}, which lacks letters: use one with UTF8`]
  const refuse = (mistakes: readonly string[]): DatabaseFindings => ({ ...NOTHING, mistakes, warnings })
  if (isReadOnly) return refuse(['storage: the database is read-only: it is a standby, or was made read-only'])
  // Without these rights, the migrations that ran and the existing tables can't be listed.
  const missing = await findMissingGrants(database)
  if (missing !== undefined) return refuse([`storage: ${missing.message}`])
  const due = await pendingMigrations(db, dialect)
  if (due.length === 0) return refuse(await missingTables(db))
  const mistakes = await lackingToMigrate(db, session, due)
  return { mistakes, warnings, notes: mistakes.length > 0 ? [] : [noteOf(due)] }
}

type Session = {
  readonly role: string
  readonly schema: string | null
  readonly may_create: boolean
  readonly is_read_only: boolean
  readonly encoding: string
}

async function lackingToMigrate(
  db: Database['checks'],
  { role, schema, may_create: mayCreate }: Session,
  due: readonly string[],
): Promise<readonly string[]> {
  const { rows: foreign } = await sql<{ name: string }>`select tablename as name from pg_tables
    where schemaname = current_schema() and tablename in (${sql.join([...tableNames, 'migration'])})
    and not pg_has_role(current_user, tableowner, 'usage')`.execute(db)
  if (mayCreate && foreign.length === 0) return []
  const where = schema === null ? 'any schema of its search_path' : `the schema ${schema}`
  const what = mayCreate ? `change the tables, which other roles own` : `create tables in ${where}`
  return [
    `storage: the database has not had ${due.join(', ')}, and the role ${role} may not ${what}: run \`tessera storage migrate\` as a role that may`,
  ]
}

async function missingTables(db: Database['checks']): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string }>`select name from unnest(array[${sql.join(tableNames)}]::text[]) as name
    where to_regclass(quote_ident(name)) is null`.execute(db)
  const missing = rows.map(({ name }) => name)
  return missing.length === 0 ? [] : [`storage: the database has lost these tables: ${missing.join(', ')}`]
}
