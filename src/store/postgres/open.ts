import { Kysely, sql } from 'kysely'
import type { Database, Dialect } from '../sql/dialect.ts'
import type { Schema } from '../sql/schema.ts'
import { addTenant } from './add-tenant.ts'
import type { PostgresAccess, PostgresAddress } from './address.ts'
import { BoundedPostgresDialect } from './driver.ts'
import { lacksLock } from './errors.ts'
import { missingGrants } from './grants.ts'
import { Hosts } from './hosts.ts'
import { startIndexing } from './indexing.ts'
import type { Limits } from './limits.ts'
import { hasMigrations } from './ours.ts'
import { Connections } from './pool.ts'
import { SettledEvents } from './settled-events.ts'
import { Trust } from './trust.ts'

/** The longest time that an abandoned transaction keeps its locks. */
const IDLE_IN_TRANSACTION_MS = 30_000
/** The time that background work may wait for a connection. */
const PATIENCE_MS = 5_000
/**
 * The time that a login may take at one of several hosts. The request that asked for it may have given up by then, but the next one
 * finds the connection. A new primary is busy. If its logins were cut off at the limit of a request, they might never succeed.
 */
const LOGIN_MS = 2_000
/** The server's own limit mostly ends a statement first. Our limit is later by this, for a server that does not answer. */
const GRACE_MS = 2_000
/** The longest wait of a migration for a lock. It is shorter than `storage_request_timeout` is by default. */
const LOCK_MS = 300
/** Without limits. Read-only is acceptable, since a standby may be the source of a copy. */
const UNLIMITED: Limits = {
  statement: 0,
  idleInTransaction: 0,
  answer: Number.POSITIVE_INFINITY,
  whole: Number.POSITIVE_INFINITY,
  mayBeReadOnly: true,
}

const dialect: Dialect = {
  parameter: (number) => `$${number}`,
  bytes: 'bytea',
  bytewise: sql`text collate "C"`,
  autoIncrement: (table, column) =>
    table.addColumn(column, 'bigint', (id) => id.primaryKey().generatedByDefaultAsIdentity()),
  lastNumber: (table) => sql`select max(seq) from ${sql.table(table)}`,
  addTenant,
  storedInKey: sql``,
  someBytes: sql`uuid_send(gen_random_uuid())`,
  limitLockWaits: async (trx) => {
    await sql`select set_config('lock_timeout', ${String(LOCK_MS)}, true)`.execute(trx)
  },
  lacksLock,
  hasTable: async (db, name) => {
    const { rows } = await sql<{ found: boolean }>`select to_regclass(${name}) is not null as found`.execute(db)
    return rows[0]?.found === true
  },
  bytesOf: async (db, table) => {
    const size = sql`pg_total_relation_size(to_regclass(quote_ident(${table})))`
    const { rows } = await sql<{ bytes: number }>`select coalesce(${size}, 0)::float8 as bytes`.execute(db)
    return rows[0]?.bytes ?? 0
  },
  hasMigrations,
  missingGrants,
  continueNumbers: async (trx) => {
    const { last } = await trx
      .selectFrom('audit_event')
      .select(({ fn }) => fn.max('seq').as('last'))
      .executeTakeFirstOrThrow()
    if (last !== null) await sql`select setval(pg_get_serial_sequence('audit_event', 'seq'), ${last})`.execute(trx)
  },
}

/**
 * Opens a PostgreSQL database. Connections are made when they are first needed. Requests have their own pool, so that they never
 * wait for slow background work.
 */
export function openPostgres(address: PostgresAddress, access: PostgresAccess): Database {
  const { connections, requestTimeout, statementTimeout } = access
  const forPatient = Math.max(2, Math.floor(connections * 0.4))
  const trust = new Trust()
  const hosts = new Hosts(address)
  trust.onLoss(() => hosts.giveUp())
  const common = { address, hosts, trust }
  const patience = address.hosts.length > 1 ? Math.max(LOGIN_MS, requestTimeout / 2) : requestTimeout / 2
  const prompt = new Connections({ ...common, size: connections - forPatient, patience })
  const patient = new Connections({ ...common, size: forPatient, patience: PATIENCE_MS })
  const connect = (connections: Connections, limits: Limits) =>
    new Kysely<Schema>({ dialect: new BoundedPostgresDialect(connections, limits) })
  const limits = { idleInTransaction: IDLE_IN_TRANSACTION_MS, mayBeReadOnly: false }
  const reads = connect(prompt, {
    ...limits,
    statement: requestTimeout,
    answer: requestTimeout / 2,
    whole: requestTimeout,
  })
  const patiently: Limits = {
    ...limits,
    statement: statementTimeout,
    answer: statementTimeout + GRACE_MS,
    whole: Number.POSITIVE_INFINITY,
  }
  const writes = connect(patient, patiently)
  const settled = new SettledEvents(writes)
  return {
    dialect,
    reads,
    urgent: reads,
    marks: reads,
    scans: writes,
    writes,
    logs: writes,
    checks: connect(patient, { ...patiently, mayBeReadOnly: true }),
    unhurried: connect(patient, UNLIMITED),
    connections: () => [
      { pool: 'prompt', ...prompt.counts },
      { pool: 'patient', ...patient.counts },
    ],
    settledEvents: () => settled.current(),
    warnings: () => [],
    // PostgreSQL vacuums and makes checkpoints by itself.
    startUpkeep: () => startIndexing(writes, settled),
    close: async () => {
      hosts.close()
      await Promise.all([prompt.end(), patient.end()])
    },
  }
}
