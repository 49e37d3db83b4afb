import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { Kysely } from 'kysely'
import type { Clock } from '../../platform/clock.ts'
import type { Dialect } from '../dialect.ts'
import type { Schema } from '../schema.ts'
import { openSqlStore, type Store } from '../sql-store.ts'
import { NodeSqliteDialect, type Synchronous } from './dialect.ts'

const dialect: Dialect = {
  bytes: 'blob',
  autoIncrement: (table, column) => table.addColumn(column, 'integer', (id) => id.primaryKey().autoIncrement()),
}

/** Opens the SQLite database at `path`, made where it is not there, and migrates it. @throws DatabaseTooNew */
export async function openSqlite(path: string, clock: Clock): Promise<Store> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  // FULL: what was acknowledged survives a power cut (https://sqlite.org/pragma.html#pragma_synchronous).
  const connect = (synchronous: Synchronous) =>
    new Kysely<Schema>({ dialect: new NodeSqliteDialect(path, synchronous) })
  const [reads, writes, logs] = [connect('NORMAL'), connect('FULL'), connect('NORMAL')]
  const close = async () => {
    for (const connection of [reads, writes, logs]) await connection.destroy()
  }
  return openSqlStore({ dialect, reads, writes, logs, close }, clock)
}
