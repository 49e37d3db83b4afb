import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { loadOptions } from '../../src/config/load.ts'
import { resolveStorageAccess } from '../../src/config/resolve.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { openDatabase } from '../../src/store/open.ts'
import type { Database } from '../../src/store/sql/dialect.ts'
import { freePort } from '../../test/harness/port.ts'
import { cores, type Workspace } from '../workspace.ts'

export type DatabaseKind = 'sqlite' | 'postgres'
type Vacuum = 'on' | 'off'

/** A database for one Tessera server. */
export interface BenchDatabase {
  /** The value of the option `storage`. */
  readonly url: string
  /** Opens the database beside the server. */
  open(): Promise<Database>
}

const postgresProcess = fileURLToPath(new URL('../../test/harness/postgres-process.ts', import.meta.url))
/** The superuser's address. One PostgreSQL server serves a whole run. */
const addresses = new WeakMap<Workspace, Promise<string>>()
let made = 0

/**
 * Makes a new, empty database. @param folder the folder of the server @param vacuum whether PostgreSQL reuses the room of removed rows,
 * as it does by default; the first database of a run decides
 */
export async function makeDatabase(
  kind: DatabaseKind,
  workspace: Workspace,
  folder: string,
  vacuum: Vacuum = 'off',
): Promise<BenchDatabase> {
  const url = await makeAddress(kind, workspace, folder, vacuum)
  const access = resolveStorageAccess(loadOptions({ env: {} }))
  return { url, open: () => openDatabase(url, systemClock, access) }
}

/** The address of a new database without tables. */
export const makeAddress = async (
  kind: DatabaseKind,
  workspace: Workspace,
  folder: string,
  vacuum: Vacuum = 'off',
): Promise<string> => (kind === 'sqlite' ? `sqlite:${join(folder, 'tessera.db')}` : makePostgres(workspace, vacuum))

async function makePostgres(workspace: Workspace, vacuum: Vacuum): Promise<string> {
  const starting = addresses.get(workspace) ?? startPostgres(workspace, vacuum)
  addresses.set(workspace, starting)
  const address = await starting
  made += 1
  const client = new pg.Client({ connectionString: `${address}/postgres` })
  await client.connect()
  await client.query(`create database bench${made}`)
  await client.end()
  return `${address}/bench${made}`
}

/** Starts PostgreSQL without syncs, on the load's core, because the bench measures only the cost to the server. */
async function startPostgres(workspace: Workspace, vacuum: Vacuum): Promise<string> {
  const port = await freePort()
  await workspace
    .start({ args: [postgresProcess, String(port)], env: { AUTOVACUUM: vacuum } }, cores.load)
    .says(/started/)
  return `postgres://postgres:postgres@127.0.0.1:${port}`
}
