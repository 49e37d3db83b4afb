import { dirname } from 'node:path'
import { Kysely, sql } from 'kysely'
import { makeFolder } from '../../platform/files.ts'
import { UserError } from '../../platform/user-error.ts'
import type { Database, Dialect } from '../sql/dialect.ts'
import type { Schema } from '../sql/schema.ts'
import { isIndexDue } from '../tables/index-due.ts'
import { lastEvent } from '../tables/last-event.ts'
import { addTenant } from './add-tenant.ts'
import { Checkpoints } from './checkpoints.ts'
import { NodeSqliteDialect, type Synchronous } from './dialect.ts'
import { createDatabaseFile, makeDatabasePrivate } from './files.ts'
import type { Pages } from './free-pages.ts'
import { Indexing } from './indexing.ts'

/** A value of `auto_vacuum` (https://sqlite.org/pragma.html#pragma_auto_vacuum). */
const INCREMENTAL = 2

const dialect: Dialect = {
  // SQLite looks for each parameter among all that have a number (https://sqlite.org/lang_expr.html#varparam).
  parameter: (number, occurs) => (occurs === 'once' ? '?' : `?${number}`),
  bytes: 'blob',
  bytewise: 'text',
  autoIncrement: (table, column) => table.addColumn(column, 'integer', (id) => id.primaryKey().autoIncrement()),
  lastNumber: (table) => sql`select seq from sqlite_sequence where name = ${table}`,
  addTenant,
  // https://sqlite.org/withoutrowid.html
  storedInKey: sql`without rowid`,
  someBytes: sql`randomblob(16)`,
  // A migration waits for the only lock before it begins.
  limitLockWaits: async () => {},
  lacksLock: () => false,
  hasTable: async (db, name) => {
    const found = await sql`select 1 from sqlite_master where type = 'table' and name = ${name}`.execute(db)
    return found.rows.length > 0
  },
  hasMigrations: async (db) => {
    const list = await sql`select 1 from pragma_table_info('migration') where name in ('name', 'timestamp')`.execute(db)
    if (list.rows.length === 2) return true
    const others = await sql<{ file: string }>`select file from pragma_database_list
      where name = 'main' and exists (select 1 from sqlite_master where type = 'table')`.execute(db)
    const [other] = others.rows
    if (other !== undefined) throw new UserError(`storage: sqlite:${other.file} belongs to another program`)
    return false
  },
  // https://sqlite.org/dbstat.html
  bytesOf: async (db, table) => {
    const { rows } = await sql<{ bytes: number | null }>`select sum(pgsize) as bytes from dbstat where aggregate = true
      and name in (select name from sqlite_master where tbl_name = ${table})`.execute(db)
    return rows[0]?.bytes ?? 0
  },
  // SQLite has no roles: access to the file is enough.
  missingGrants: async () => [],
  // SQLite's autoincrement continues after inserted numbers by itself (https://sqlite.org/autoinc.html).
  continueNumbers: async () => {},
}

/** Opens the SQLite database at `path`, and creates it if it does not exist. */
export function openSqlite(path: string): Database {
  makeFolder(dirname(path))
  createDatabaseFile(path)
  const open = makeDatabasePrivate(path)
  // With FULL, acknowledged writes survive a power cut (https://sqlite.org/pragma.html#pragma_synchronous).
  const connect = (synchronous: Synchronous) =>
    new Kysely<Schema>({ dialect: new NodeSqliteDialect(path, synchronous) })
  const [reads, writes, logs] = [connect('NORMAL'), connect('FULL'), connect('NORMAL')]
  return {
    dialect,
    reads,
    scans: reads,
    writes,
    urgent: writes,
    logs,
    marks: logs,
    checks: writes,
    unhurried: writes,
    connections: () => [],
    // SQLite numbers events in the order of commits.
    settledEvents: () => lastEvent(reads),
    warnings: () =>
      open.map((file) => `${file} can be used by others than its owner, and this program may not change that`),
    startUpkeep: () => {
      const checkpoints = new Checkpoints(path, () => countPages(reads))
      const indexing = new Indexing(path, () => isIndexDue(reads))
      return async () => {
        await indexing.close()
        await checkpoints.close()
      }
    },
    close: async () => {
      for (const connection of [reads, writes, logs]) await connection.destroy()
    },
  }
}

/** Opens the SQLite database at `path` read-only, without creating any file. */
export function openSqliteToRead(path: string): Database {
  const db = new Kysely<Schema>({ dialect: new NodeSqliteDialect(path, 'READ') })
  return {
    dialect,
    reads: db,
    scans: db,
    writes: db,
    urgent: db,
    logs: db,
    marks: db,
    checks: db,
    unhurried: db,
    connections: () => [],
    settledEvents: () => lastEvent(db),
    warnings: () => [],
    startUpkeep: () => async () => {},
    close: () => db.destroy(),
  }
}

/**
 * Counts the pages by asking SQLite. If we read the header from the file, closing it would release all locks of this process on
 * the database (https://sqlite.org/howtocorrupt.html, 2.2).
 */
async function countPages(db: Kysely<Schema>): Promise<Pages | undefined> {
  const { rows } = await sql<Pages & { readonly mode: number }>`
    select p.page_count as "all", f.freelist_count as free, a.auto_vacuum as mode
    from pragma_page_count p, pragma_freelist_count f, pragma_auto_vacuum a`.execute(db)
  return rows.find(({ mode }) => mode === INCREMENTAL)
}
