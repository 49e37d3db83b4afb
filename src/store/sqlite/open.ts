import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { Kysely } from 'kysely'
import type { Clock } from '../../platform/clock.ts'
import type { Dialect } from '../dialect.ts'
import type { Schema } from '../schema.ts'
import { openSqlStore, type Store } from '../sql-store.ts'
import { NodeSqliteDialect } from './dialect.ts'

const dialect: Dialect = {
  bytes: 'blob',
  autoIncrement: (table, column) => table.addColumn(column, 'integer', (id) => id.primaryKey().autoIncrement()),
}

/** Opens the SQLite database at `path`, made where it is not there, and migrates it. @throws DatabaseTooNew */
export async function openSqlite(path: string, clock: Clock): Promise<Store> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const connect = () => new Kysely<Schema>({ dialect: new NodeSqliteDialect(path) })
  const [reads, writes] = [connect(), connect()]
  const close = async () => {
    await reads.destroy()
    await writes.destroy()
  }
  return openSqlStore({ dialect, reads, writes, close }, clock)
}
