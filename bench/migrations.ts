/** `node bench/migrations.ts`: microseconds that each migration takes for each row of a table, for its `work` (src/store/migrations). */

import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { loadOptions } from '../src/config/load.ts'
import { resolveStorageAccess } from '../src/config/resolve.ts'
import { migrations } from '../src/store/migrations/migrate.ts'
import { connect } from '../src/store/open.ts'
import type { Database } from '../src/store/sql/dialect.ts'
import { type DatabaseKind, makeAddress } from './servers/databases.ts'
import { Workspace } from './workspace.ts'

/** The rows of a table: the migration after which they are added, and what the n-th one holds, as SQL. */
const FILLS: Readonly<Record<string, { readonly after: string; readonly columns: string; readonly values: string }>> = {
  audit_event: {
    after: '0001-first',
    columns: 'at, type, result, client_id, remote_address, request_id, detail',
    values: `n, 'token.issue', case when n % 50 = 0 then 'refused' else 'success' end, 'client', '10.1.2.3', 'request-' || n,
      '{"method":"client_secret_basic","credential":"01890000-0000-7000-8000-000000000000","audience":"https://orders.example.com","scope":"orders:read"}'`,
  },
  client: {
    after: '0001-first',
    columns:
      'client_id, name, owner, tags, enabled, grant_types, scopes, default_scopes, token, created_at, updated_at',
    values: `'client-' || n, 'Client ' || n, 'owner', '["one","two"]', n % 10, '["client_credentials"]', '["orders:read"]', '[]', '{}', n, n`,
  },
  client_secret: {
    after: '0001-first',
    columns: 'id, client_id, label, hint, hash, created_at',
    values: `'secret-' || n, 'client-0', 'label-' || n, 'abcd', '$sha256$01234567890123456789012345678901234567890123', n`,
  },
  revocation: {
    after: '0002-tokens',
    columns: 'kind, id, expires_at',
    values: `'token', '01890000-0000-7000-8000-' || n, n`,
  },
  change: { after: '0002-tokens', columns: 'kind, id, at', values: `'client', 'client-' || n, n` },
  credential: {
    after: '0004-credentials',
    columns: 'id, client_id, kind, label, hint, data, origin, created_at',
    values: `'credential-' || n, 'client-0', 'secret', 'label-' || n, 'abcd', '{"hash":"$sha256$01234567890123456789012345678901234567890123"}', 'manifest', n`,
  },
  replay_mark: { after: '0004-credentials', columns: 'id, expires_at', values: `BYTES, n` },
  client_use: {
    after: '0017-idempotency',
    columns: 'tenant, client_id, id_key, name_key',
    values: `'default', 'client-' || n, 'client-' || n, 'client-' || n`,
  },
}
/** The rows that those of another table belong to. */
const OWNERS: Readonly<Record<string, { readonly table: string; readonly isEach: boolean }>> = {
  client_secret: { table: 'client', isEach: false },
  credential: { table: 'client', isEach: false },
  client_use: { table: 'client', isEach: true },
}

/** A busy machine takes some microseconds more here and there. Less than this is noise, but for the largest table. */
const WORTH_NAMING_US = 0.5

const say = (text: string): void => void process.stdout.write(`${text}\n`)

async function fill(db: Database, table: string, rows: number, isPostgres: boolean): Promise<void> {
  const { columns, values } = FILLS[table] ?? { columns: '', values: '' }
  const bytes = isPostgres ? `decode(md5(cast(n as text)), 'hex')` : 'randomblob(16)'
  await sql`insert into ${sql.table(table)} (${sql.raw(columns)})
    with recursive numbers (n) as (select cast(0 as bigint) union all select n + 1 from numbers where n + 1 < ${sql.lit(rows)})
    select ${sql.raw(values.replace('BYTES', bytes))} from numbers`.execute(db.unhurried)
}

/** Runs every migration. @param table the only one with rows @returns the milliseconds of each migration */
async function run(db: Database, isPostgres: boolean, table?: string, rows = 0): Promise<ReadonlyMap<string, number>> {
  const times = new Map<string, number>()
  const owner = table === undefined ? undefined : OWNERS[table]
  await db.unhurried.schema.createTable('migration').addColumn('name', 'text').execute()
  for (const [name, { up }] of Object.entries(migrations)) {
    const from = performance.now()
    await db.unhurried.transaction().execute((trx) => up(trx, db.dialect))
    times.set(name, performance.now() - from)
    if (table === undefined || FILLS[table]?.after !== name) continue
    if (owner !== undefined) await fill(db, owner.table, owner.isEach ? rows : 1, isPostgres)
    await fill(db, table, rows, isPostgres)
  }
  return times
}

async function measure(kind: DatabaseKind, rows: number, workspace: Workspace): Promise<void> {
  const isPostgres = kind === 'postgres'
  const timed = async (table?: string) => {
    const address = await makeAddress(kind, workspace, mkdtempSync(join(workspace.folder, 'migrate-')))
    const db = await connect(address, resolveStorageAccess(loadOptions({ env: {} })))
    const times = await run(db, isPostgres, table, rows)
    await db.close()
    return times
  }
  const empty = await timed()
  for (const table of Object.keys(FILLS)) {
    const times = await timed(table)
    for (const [name, time] of times) {
      const perRow = ((time - (empty.get(name) ?? 0)) * 1000) / rows
      if (perRow >= WORTH_NAMING_US) say(`${kind} ${name} ${table} ${perRow.toFixed(1)} µs`)
    }
  }
}

const [count = '300000'] = process.argv.slice(2)
const workspace = new Workspace()
try {
  for (const kind of ['sqlite', 'postgres'] as const) await measure(kind, Number(count), workspace)
} finally {
  await workspace.close()
}
