import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { systemClock } from '../../src/platform/clock.ts'
import { migrateDatabase } from '../../src/store/open.ts'
import { ACCESS } from './access.ts'
import { freePort } from './port.ts'

/** The processes that serve connections, but for the one that is asked. */
const SERVING = `select pid from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`

/** A PostgreSQL server of a test's own, in a folder that goes with it. It ends when the test's process does, however that ends. */
export interface TestPostgres {
  readonly port: number
  /** The address of a new and empty database. */
  newDatabase(): Promise<string>
  /** The address of a new database that is migrated and empty. */
  newMigrated(): Promise<string>
  /** The address of a new schema of a role of its own, which owns nothing else: as good as a database, and made faster. */
  newSchema(): Promise<string>
  /** Runs statements as the superuser, in the database of an address, else in that which is always there. */
  query(sql: string, url?: string): Promise<readonly Record<string, unknown>[]>
  /** Shuts the server down, breaking all connections. */
  down(): Promise<void>
  up(): Promise<void>
  /** Stops every process of it where it stands: connections stay open, and nothing answers. Resolves with what lets it go on. */
  freeze(): Promise<() => void>
  stop(): Promise<void>
}

/** A server that lives on when a file ends. */
export type SharedPostgres = Omit<TestPostgres, 'down' | 'up' | 'freeze' | 'stop'>

let shared: Promise<TestPostgres> | undefined

/** The server that all files of a worker share: none of them stops or freezes it. It ends with the worker. */
export function sharedPostgres(): Promise<SharedPostgres> {
  shared ??= startPostgres()
  return shared
}

/** Makes a role that may log in with its name as password, unless another file has. */
export const loginRole = (name: string): string =>
  `do $$ begin create role ${name} login password '${name}'; exception when duplicate_object then null; end $$`

/** Starts one; whoever does stops it. @param tls paths of what it serves TLS with; without, it has none */
export async function startPostgres(tls?: { readonly cert: string; readonly key: string }): Promise<TestPostgres> {
  const port = await freePort()
  const args = ['test/harness/postgres-process.ts', String(port), ...(tls ? [tls.cert, tls.key] : [])]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const answered = async (): Promise<void> => {
    const { done } = await lines.next()
    if (done) throw new Error('PostgreSQL did not start')
  }
  const tell = (line: string): Promise<void> => {
    child.stdin.write(`${line}\n`)
    return answered()
  }
  const addressOf = (database: string) => `postgres://postgres:postgres@127.0.0.1:${port}/${database}`
  const query = async (sql: string, url = addressOf('postgres')) => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows
    } finally {
      await client.end()
    }
  }
  await answered()
  let databases = 0
  const newDatabase = async (template = 'template1') => {
    databases += 1
    await query(`create database test${databases} template ${template} strategy file_copy`)
    return addressOf(`test${databases}`)
  }
  let migrated: Promise<string> | undefined
  return {
    port,
    newDatabase: () => newDatabase(),
    newMigrated: async () => {
      migrated ??= newDatabase().then(async (address) => {
        await migrateDatabase(address, systemClock, ACCESS)
        return address.slice(address.lastIndexOf('/') + 1)
      })
      return newDatabase(await migrated)
    },
    newSchema: async () => {
      databases += 1
      const name = `test${databases}`
      // What comes first in PostgreSQL's `search_path` is the schema of the role's name.
      await query(`create role ${name} login password 'of ${name}'; create schema authorization ${name}`)
      return addressOf('postgres').replace('postgres:postgres@', `${name}:of%20${name}@`)
    },
    query,
    down: () => tell('stop'),
    up: () => tell('start'),
    freeze: async () => {
      const client = new pg.Client({ connectionString: addressOf('postgres') })
      await client.connect()
      const stopped: number[] = []
      /** Stops the processes that a query names, but for those that have been. @returns how many */
      const stop = async (sql: string): Promise<number> => {
        const { rows } = await client.query<{ pid: number }>(sql)
        const pids = rows.map(({ pid }) => pid).filter((pid) => !stopped.includes(pid))
        for (const pid of pids) signal(pid, 'SIGSTOP')
        stopped.push(...pids)
        return pids.length
      }
      // The first process takes connections, each of the others serves one. The youngest may be too young to be listed.
      await stop(`select split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int as pid`)
      for (let passes = 0; passes < 2; passes += 1) {
        while ((await stop(SERVING)) > 0) passes = 0
        await sleep(20)
      }
      await client.end()
      return () => {
        for (const pid of stopped) signal(pid, 'SIGCONT')
      }
    },
    stop: async () => {
      child.stdin.end()
      await exited
    },
  }
}

/** To a process that may have ended since it was listed. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
