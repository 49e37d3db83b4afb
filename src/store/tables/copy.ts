import { hash } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import { Conflict, UserError } from '../../platform/user-error.ts'
import type { Database } from '../sql/dialect.ts'
import { toParameter } from '../sql/parameters.ts'
import type { Schema } from '../sql/schema.ts'

type TableName = keyof Schema
type Row = Readonly<Record<string, unknown>>

/** Every table and its primary key, each after those that it refers to. */
const TABLES = {
  api: ['tenant', 'audience'],
  client: ['tenant', 'client_id'],
  credential: ['tenant', 'id'],
  credential_use: ['tenant', 'credential_id'],
  client_use: ['tenant', 'client_id'],
  client_tag: ['tenant', 'tag', 'client_id'],
  group: ['tenant', 'name'],
  group_member: ['tenant', 'group_name', 'kind', 'claim', 'id'],
  key: ['tenant', 'kid'],
  master_key: ['tenant'],
  key_consumer: ['tenant', 'address', 'user_agent'],
  replay_mark: ['tenant', 'id'],
  longest_lifetime: ['tenant'],
  counter: ['tenant', 'name'],
  revocation: ['tenant', 'seq'],
  change: ['tenant', 'seq'],
  account: ['tenant', 'name'],
  account_link: ['tenant', 'hash'],
  admin_session: ['tenant', 'id'],
  device_request: ['tenant', 'device_hash'],
  usage: ['tenant', 'resolution', 'client_id', 'at', 'audience', 'credential_id', 'outcome'],
  idempotency_key: ['tenant', 'id'],
  audit_event: ['seq'],
  audit_chain: ['id'],
  audit_removal: ['chain', 'first'],
  audit_checkpoint: ['number'],
  audit_key: ['number'],
  audit_segment: ['segment'],
  audit_term: ['tenant', 'segment', 'term'],
  audit_export: ['tenant', 'sink'],
  node: ['id'],
} satisfies { readonly [Table in TableName]: readonly (keyof Schema[Table])[] }

/** Every table except the one of migrations. */
export const tableNames = Object.keys(TABLES).filter((name): name is TableName => Object.hasOwn(TABLES, name))

/** The tables that even a new database has rows in. */
const NEVER_EMPTY: readonly TableName[] = ['counter', 'audit_chain']
/** Times the columns of the widest table, fewer than the parameters that either database takes. */
const ROWS_AT_ONCE = 500

/** A digest of a table. It is equal if the rows are equal, whatever their order. */
export interface TableDigest {
  readonly rows: number
  /** The sum, modulo 2^256, of the SHA-256 of each row; hexadecimal. */
  readonly digest: string
}

/** The progress with a table. */
interface CopyProgress {
  readonly table: string
  readonly step: 'copied' | 'verified'
  /** The rows copied so far. */
  readonly rows: number
  readonly isDone: boolean
}

/** Called repeatedly, and once at the end of each table. */
export type OnProgress = (progress: CopyProgress) => void

/**
 * Copies everything from one database to another, which must be empty: all or nothing. It reads the copy back, and compares
 * each row. The copy is of one moment, without later writes. @returns the digests of the tables
 * @throws UserError if the target has data, or differs afterwards
 */
export async function copyDatabase(
  from: Database,
  to: Database,
  onProgress: OnProgress,
): Promise<ReadonlyMap<string, TableDigest>> {
  // One view of the source for all tables: https://www.postgresql.org/docs/current/transaction-iso.html
  const source = from.unhurried.transaction().setIsolationLevel('repeatable read')
  const copied = await source.execute((reading) =>
    to.unhurried.transaction().execute(async (writing) => {
      await refuseFull(writing)
      const digests = await copyTables(reading, writing, onProgress)
      await to.dialect.continueNumbers(writing)
      return digests
    }),
  )
  for (const table of tableNames) {
    const there = new Digest()
    for await (const rows of pages(to.unhurried, table)) {
      there.add(rows)
      onProgress({ table, step: 'verified', rows: there.rows, isDone: false })
    }
    onProgress({ table, step: 'verified', rows: there.rows, isDone: true })
    const { rows, digest } = copied.get(table) ?? new Digest()
    if (rows !== there.rows || digest !== there.digest) {
      throw new UserError(
        `${table} is not the same there: ${there.rows} of ${rows} rows. Drop the copy, and copy again`,
      )
    }
  }
  return copied
}

async function refuseFull(db: Kysely<Schema>): Promise<void> {
  for (const table of tableNames) {
    if (NEVER_EMPTY.includes(table)) continue
    const { rows } = await sql`select 1 from ${sql.table(table)} limit 1`.execute(db)
    if (rows.length > 0)
      throw new Conflict(`the target has data already, in the table ${table}: take an empty database`)
  }
}

async function copyTables(reading: Kysely<Schema>, writing: Kysely<Schema>, onProgress: OnProgress) {
  const digests = new Map<string, TableDigest>()
  for (const table of tableNames) {
    if (NEVER_EMPTY.includes(table)) await sql`delete from ${sql.table(table)}`.execute(writing)
    const digest = new Digest()
    for await (const rows of pages(reading, table)) {
      await insert(writing, table, rows)
      digest.add(rows)
      onProgress({ table, step: 'copied', rows: digest.rows, isDone: false })
    }
    onProgress({ table, step: 'copied', rows: digest.rows, isDone: true })
    digests.set(table, { rows: digest.rows, digest: digest.digest })
  }
  return digests
}

/** All rows of a table, in the order of its primary key. */
async function* pages(db: Kysely<Schema>, table: TableName): AsyncIterable<readonly Row[]> {
  const columns: readonly string[] = TABLES[table]
  const key = sql.join(columns.map((column) => sql.ref(column)))
  for (let last: Row | undefined; ; ) {
    const behind = last && sql.join(columns.map((column) => last?.[column]))
    const where = behind === undefined ? sql`` : sql`where (${key}) > (${behind})`
    const query = sql<Row>`select * from ${sql.table(table)} ${where} order by ${key} limit ${sql.lit(ROWS_AT_ONCE)}`
    const { rows } = await query.execute(db)
    if (rows.length > 0) yield rows
    if (rows.length < ROWS_AT_ONCE) return
    last = rows.at(-1)
  }
}

async function insert(db: Kysely<Schema>, table: TableName, rows: readonly Row[]): Promise<void> {
  const columns = Object.keys(rows[0] ?? {})
  const names = sql.join(columns.map((column) => sql.ref(column)))
  const values = sql.join(rows.map((row) => sql`(${sql.join(columns.map((column) => row[column]))})`))
  await sql`insert into ${sql.table(table)} (${names}) values ${values}`.execute(db)
}

/** A `TableDigest` that grows. */
class Digest {
  #rows = 0
  #sum = 0n

  add(rows: readonly Row[]): void {
    for (const row of rows) this.#sum += BigInt(`0x${hash('sha256', encode(row))}`)
    this.#rows += rows.length
  }

  get rows(): number {
    return this.#rows
  }

  get digest(): string {
    return BigInt.asUintN(256, this.#sum).toString(16).padStart(64, '0')
  }
}

/**
 * Returns one text for equal rows of either database: columns by name, bytes as hexadecimal and distinct from text, numbers
 * without the fraction that the copy drops.
 */
const encode = (row: Row): string =>
  JSON.stringify(
    Object.keys(row)
      .sort()
      .map((column) => {
        const value = row[column]
        return [
          column,
          value instanceof Uint8Array ? { bytes: Buffer.from(value).toString('hex') } : toParameter(value),
        ]
      }),
  )
