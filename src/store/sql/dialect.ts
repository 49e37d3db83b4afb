import type { ColumnDataType, CreateTableBuilder, Kysely, RawBuilder } from 'kysely'
import type { Schema } from './schema.ts'

/** As much of a database as a migration needs: what the tables were at its time, no type says. */
export type MigratedDatabase = Pick<Kysely<unknown>, 'schema' | 'getExecutor'>

/** A table whose rows belong to tenants, for the migration that made them so. */
export interface TenantTable {
  readonly name: string
  /** The columns of its primary key, after the tenant. */
  readonly key: readonly string[]
  /** A column that goes: each tenant has one row. */
  readonly without?: string
  /** The table whose rows these belong to, its `key`, and the column that names it here. */
  readonly owner?: { readonly table: string; readonly key: string; readonly column: string }
}

/** What differs between the databases beyond what the query builder knows. */
export interface Dialect {
  /** The column type that holds bytes. */
  readonly bytes: ColumnDataType
  /** Adds a primary key that counts upwards and never repeats a number, even of a deleted row. */
  autoIncrement<Table extends string>(table: CreateTableBuilder<Table>, column: string): CreateTableBuilder<Table>
  /** The last number that such a key of a table has had, null where there was none: for migrations. */
  lastNumber(table: string): RawBuilder<number | null>
  /** 16 random bytes, made by the database. */
  readonly someBytes: RawBuilder<Buffer>
  /** Adds the column `tenant` to the tables, at the head of their primary keys: for migrations. */
  addTenant(db: MigratedDatabase, tables: readonly TenantTable[]): Promise<void>
  hasTable(db: Kysely<Schema>, name: string): Promise<boolean>
  /**
   * The statements that give the role the rights that a server needs, for the owner of the tables; none if it has all of them.
   */
  missingGrants(db: Kysely<Schema>, tables: readonly string[]): Promise<readonly string[]>
  /** Has the numbers of audit events go on after the last one there is. */
  continueNumbers(trx: Kysely<Schema>): Promise<void>
}

/** The connections to the database, by what they are kept for. */
export interface ConnectionCounts {
  /** `prompt`: for what a request waits for. `patient`: for everything else. */
  readonly pool: 'prompt' | 'patient'
  readonly busy: number
  readonly idle: number
  /** Who waits for one. */
  readonly waiting: number
}

/**
 * An open database. What a request waits for (`reads`, `urgent`, `marks`) fails soon rather than late; what no request waits
 * for (`scans`, `writes`, `logs`) may take long. Where a database takes one writer at a time, whoever reads does not wait for
 * who waits to write.
 */
export interface Database {
  readonly dialect: Dialect
  readonly reads: Kysely<Schema>
  readonly scans: Kysely<Schema>
  /** For transactions. */
  readonly writes: Kysely<Schema>
  /** For transactions, in a request. */
  readonly urgent: Kysely<Schema>
  /** For transactions of which a power cut, though not a crash, may undo the last ones: the audit log. */
  readonly logs: Kysely<Schema>
  /** As `logs`, in a request. */
  readonly marks: Kysely<Schema>
  /** For what takes as long as it takes: migrations, copies. */
  readonly unhurried: Kysely<Schema>
  /** None where the database is a file. */
  connections(): readonly ConnectionCounts[]
  /** Lines for an administrator, about things that this program can't mend. */
  warnings(): readonly string[]
  /** Has done, off the way of everything else, what the database needs from time to time. @returns what ends that */
  startUpkeep(): () => Promise<void>
  close(): Promise<void>
}
