import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import pg from 'pg'
import { inject } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import { migrateDatabase } from '../../src/store/open.ts'
import { ACCESS } from './access.ts'
import { freePort } from './port.ts'

/** A PostgreSQL server for one test, in a temporary folder. It ends with the test's process, even if that crashes. */
export interface TestPostgres {
  readonly port: number
  /** Creates an empty database. @returns its address */
  newDatabase(): Promise<string>
  /** Creates a migrated database without data. @returns its address */
  newMigrated(): Promise<string>
  /**
   * Creates a schema with a role of its own, which is as isolated as a database and faster to create. @returns its
   * address
   */
  newSchema(): Promise<string>
  /** Runs statements as the superuser, in the database at `url` or in the default one. */
  query(sql: string, url?: string): Promise<readonly Record<string, unknown>[]>
  /**
   * Shuts the server down, breaking all connections. Resolves with a function that starts it again, and that may be
   * called twice.
   */
  down(): Promise<() => Promise<void>>
  /**
   * Suspends every process of the server: connections stay open, and nothing answers. Resolves with a function that
   * resumes them, and that may be called twice.
   */
  freeze(): Promise<() => Promise<void>>
  stop(): Promise<void>
}

/** A server that outlives a test file. */
export type SharedPostgres = Omit<TestPostgres, 'down' | 'freeze' | 'stop'>

let shared: Promise<TestPostgres> | undefined

/** The server that all files of a worker share, so that no file may stop or freeze it. It ends with the worker. */
export function sharedPostgres(): Promise<SharedPostgres> {
  shared ??= startPostgres()
  return shared
}

/** Creates a login role with its name as password, unless another file has created it. */
export const loginRole = (name: string): string =>
  `do $$ begin create role ${name} login password '${name}'; exception when duplicate_object then null; end $$`

/** Starts a server. The caller stops it. @param tls paths of its certificate and key; without them it has no TLS */
export async function startPostgres(tls?: { readonly cert: string; readonly key: string }): Promise<TestPostgres> {
  const port = await freePort()
  const files = [inject('emptyCluster'), ...(tls ? [tls.cert, tls.key] : [])]
  const args = ['test/harness/postgres-process.ts', String(port), ...files]
  const child = spawn(process.execPath, args)
  child.stderr.pipe(process.stderr)
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
      // PostgreSQL's `search_path` begins with the schema that has the role's name.
      await query(`create role ${name} login password 'of ${name}'; create schema authorization ${name}`)
      return addressOf('postgres').replace('postgres:postgres@', `${name}:of%20${name}@`)
    },
    query,
    down: async () => {
      await tell('stop')
      return () => tell('start')
    },
    freeze: async () => {
      await tell('freeze')
      return () => tell('thaw')
    },
    stop: async () => {
      child.stdin.end()
      await exited
    },
  }
}
