import type { ColumnDataType, CreateTableBuilder, Kysely } from 'kysely'
import type { Schema } from './schema.ts'

/** What differs between the databases beyond what the query builder knows. */
export interface Dialect {
  /** The column type that holds bytes. */
  readonly bytes: ColumnDataType
  /** Adds a primary key that counts upwards and never repeats a number, even of a deleted row. */
  autoIncrement<Table extends string>(table: CreateTableBuilder<Table>, column: string): CreateTableBuilder<Table>
}

/** An open database. Where it takes one writer at a time, whoever reads does not wait for who waits to write. */
export interface Database {
  readonly dialect: Dialect
  readonly reads: Kysely<Schema>
  /** For transactions. */
  readonly writes: Kysely<Schema>
  /** For transactions of which a power cut, though not a crash, may undo the last ones: the audit log. */
  readonly logs: Kysely<Schema>
  close(): Promise<void>
}
