import type { ColumnDataType, CreateTableBuilder, Kysely, RawBuilder } from 'kysely'
import type { Schema } from './schema.ts'

/** The part of a database that a migration needs. No type knows the tables as they were before it. */
export type MigratedDatabase = Pick<Kysely<unknown>, 'schema' | 'getExecutor'>

/** A table whose rows get a tenant, for the migration that adds it. */
export interface TenantTable {
  readonly name: string
  /** The columns of its primary key, after the tenant. */
  readonly key: readonly string[]
  /** A column to remove, since each tenant has one row. */
  readonly without?: string
  /** The table whose rows these belong to, its `key`, and the column that names it here. */
  readonly owner?: { readonly table: string; readonly key: string; readonly column: string }
}

/** The differences between the databases that the query builder does not cover. */
export interface Dialect {
  /**
   * A parameter of a statement. The numbers count from 1, in the order in which parameters first occur.
   * @param occurs whether it occurs once or several times
   */
  parameter(number: number, occurs: 'once' | 'repeatedly'): string
  /** The column type that holds bytes. */
  readonly bytes: ColumnDataType
  /** The column type of text that is compared and sorted by its bytes in UTF-8, whatever the collation of the database. */
  readonly bytewise: ColumnDataType | RawBuilder<unknown>
  /** Adds a primary key that counts upwards and never repeats a number, even of a deleted row. */
  autoIncrement<Table extends string>(table: CreateTableBuilder<Table>, column: string): CreateTableBuilder<Table>
  /** For migrations: the last number of such a key of a table; null if there was none. */
  lastNumber(table: string): RawBuilder<number | null>
  /** The end of `create table` for a table that consists of its primary key and little else. */
  readonly storedInKey: RawBuilder<unknown>
  /** 16 random bytes, made by the database. */
  readonly someBytes: RawBuilder<Buffer>
  /** For migrations: adds the column `tenant` to the tables, at the head of their primary keys. */
  addTenant(db: MigratedDatabase, tables: readonly TenantTable[]): Promise<void>
  /**
   * For migrations: makes the rest of a transaction fail soon if another one holds a lock that it needs. Everybody else queues behind
   * one that waits.
   */
  limitLockWaits(trx: Kysely<Schema>): Promise<void>
  /** Whether a transaction failed because another one held a lock, so that it may succeed later. */
  lacksLock(error: unknown): boolean
  hasTable(db: Kysely<Schema>, name: string): Promise<boolean>
  /**
   * Whether the database has our list of migrations.
   * @throws UserError if it has not, and another program has tables in the place of ours
   */
  hasMigrations(db: Kysely<Schema>): Promise<boolean>
  /** The bytes that a table takes with its indexes. */
  bytesOf(db: Kysely<Schema>, table: string): Promise<number>
  /**
   * The statements with which the owner of the tables grants the missing rights of a server. The list is empty if none is missing.
   */
  missingGrants(db: Kysely<Schema>, tables: readonly string[]): Promise<readonly string[]>
  /** Continues the numbers of audit events after the last existing one. */
  continueNumbers(trx: Kysely<Schema>): Promise<void>
}

/** The connections to the database, by their purpose. */
export interface ConnectionCounts {
  /** `prompt`: for queries that a request waits for. `patient`: for all others. */
  readonly pool: 'prompt' | 'patient'
  readonly busy: number
  readonly idle: number
  /** The callers that wait for a connection. */
  readonly waiting: number
}

/**
 * An open database. Requests wait for `reads`, `urgent` and `marks`, which therefore fail early. No request waits for
 * `scans`, `writes` and `logs`, which may take long. If a database takes one writer at a time, reads never queue behind a
 * pending write.
 */
export interface Database {
  readonly dialect: Dialect
  readonly reads: Kysely<Schema>
  readonly scans: Kysely<Schema>
  /** For transactions. */
  readonly writes: Kysely<Schema>
  /** For transactions, in a request. */
  readonly urgent: Kysely<Schema>
  /** For transactions of the audit log. A power cut, but not a crash, may undo the last ones. */
  readonly logs: Kysely<Schema>
  /** The same as `logs`, within a request. */
  readonly marks: Kysely<Schema>
  /** For checks before anything else uses the database, which may be read-only. They fail in time if it does not answer. */
  readonly checks: Kysely<Schema>
  /** For work without a deadline, such as migrations and copies. */
  readonly unhurried: Kysely<Schema>
  /** Empty if the database is a file. */
  connections(): readonly ConnectionCounts[]
  /** The number up to which no audit event can be added any more. It may lag. */
  settledEvents(): Promise<number>
  /** Lines for an administrator, about things that this program can't mend. */
  warnings(): readonly string[]
  /** Starts the regular upkeep of the database in the background. @returns a function that ends it */
  startUpkeep(): () => Promise<void>
  close(): Promise<void>
}
