import { dirname } from 'node:path'
import { Kysely, sql } from 'kysely'
import { makeFolder } from '../../platform/files.ts'
import type { Database, Dialect } from '../dialect.ts'
import type { Schema } from '../schema.ts'
import { Checkpoints } from './checkpoints.ts'
import { NodeSqliteDialect, type Synchronous } from './dialect.ts'

const dialect: Dialect = {
  bytes: 'blob',
  autoIncrement: (table, column) => table.addColumn(column, 'integer', (id) => id.primaryKey().autoIncrement()),
  lastNumber: (table) => sql`select seq from sqlite_sequence where name = ${table}`,
  hasTable: async (db, name) => {
    const found = await sql`select 1 from sqlite_master where type = 'table' and name = ${name}`.execute(db)
    return found.rows.length > 0
  },
  takeTime: async () => {},
  // Its autoincrement looks at what was inserted (https://sqlite.org/autoinc.html).
  continueNumbers: async () => {},
}

/** Opens the SQLite database at `path`, made where it is not there. */
export function openSqlite(path: string): Database {
  makeFolder(dirname(path))
  // FULL: what was acknowledged survives a power cut (https://sqlite.org/pragma.html#pragma_synchronous).
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
    unhurried: writes,
    connections: () => [],
    startUpkeep: () => {
      const checkpoints = new Checkpoints(path)
      return () => checkpoints.close()
    },
    close: async () => {
      for (const connection of [reads, writes, logs]) await connection.destroy()
    },
  }
}

/** Opens the SQLite database at `path` read-only, without making any file. */
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
    unhurried: db,
    connections: () => [],
    startUpkeep: () => async () => {},
    close: () => db.destroy(),
  }
}
