import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import pg from 'pg'
import { freePort } from './port.ts'
import { until } from './until.ts'

const MEMBERS = 3
/** Milliseconds that a member may take to join, with a copy of the whole database if need be. */
const JOINING_MS = 120_000

const isInPath = (program: string) =>
  (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)))

/** The folder of PostgreSQL's programs as Debian installs them: the newest version. */
const programs = globSync('/usr/lib/postgresql/*/bin/pg_rewind')
  .map(dirname)
  .sort((one, other) => one.localeCompare(other, 'en', { numeric: true }))
  .at(-1)

/** The packages of Debian that a cluster needs and this machine lacks. */
export const missingPackages: readonly string[] = [
  ...(isInPath('patroni') ? [] : ['patroni']),
  ...(isInPath('etcd') ? [] : ['etcd-server']),
  ...(programs === undefined ? ['postgresql'] : []),
]

/** Three PostgreSQL servers with synchronous replication, which Patroni manages. They end with the test's process. */
export interface TestPatroni {
  /** The address of an empty database, with all three hosts. */
  readonly location: string
  /** The member that accepts writes, found by a connection to each; undefined if none does. */
  primary(): Promise<number | undefined>
  /** Runs a statement as superuser at a member. Rejects if no answer comes within a second. */
  query(member: number, sql: string): Promise<readonly Record<string, unknown>[]>
  /** Kills a member: Patroni and all processes of its PostgreSQL server, at once. */
  kill(member: number): Promise<void>
  /** Starts a killed member, and waits until all three run and one of them is a synchronous standby. */
  restore(member: number): Promise<void>
  stop(): Promise<void>
}

/** Starts a cluster. The caller stops it. */
export async function startPatroni(): Promise<TestPatroni> {
  const ports: number[] = []
  while (ports.length < 2 + 2 * MEMBERS) ports.push(await freePort())
  const [, , ...ofMembers] = ports
  const [sql, rest] = [0, 1].map((odd) => ofMembers.filter((_, index) => index % 2 === odd)) as [number[], number[]]
  const args = ['test/harness/patroni-process.ts', programs ?? '', ...ports.map(String)]
  const child = spawn(process.execPath, args)
  child.stderr.pipe(process.stderr)
  const exited = once(child, 'exit')
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const { value: folder } = await lines.next()
  const tell = async (line: string) => {
    child.stdin.write(`${line}\n`)
    await lines.next()
  }

  async function query(member: number, statement: string, database = 'postgres') {
    const client = new pg.Client({
      connectionString: `postgres://postgres:postgres@127.0.0.1:${sql[member]}/${database}`,
      connectionTimeoutMillis: 1_000,
      query_timeout: 1_000,
    })
    client.on('error', () => {})
    try {
      await client.connect()
      return (await client.query<Record<string, unknown>>(statement)).rows
    } finally {
      client.end().catch(() => {})
    }
  }
  const acceptsWrites = (member: number) =>
    query(member, 'show transaction_read_only').then(
      ([row]) => row?.['transaction_read_only'] === 'off',
      () => false,
    )
  async function primary(): Promise<number | undefined> {
    const found = await Promise.all(sql.map((_, member) => acceptsWrites(member)))
    const member = found.indexOf(true)
    return member === -1 ? undefined : member
  }

  /** Whether every member runs, by the word of each. */
  async function isWhole(): Promise<boolean> {
    const views = await Promise.all(rest.map((port) => membersAt(port)))
    return views.every(
      (members) =>
        members.length === MEMBERS &&
        members.every(({ state }) => state === 'running' || state === 'streaming') &&
        members.some(({ role }) => role === 'sync_standby'),
    )
  }
  const whole = () =>
    until(isWhole, JOINING_MS).catch((error: unknown) => {
      const logs = globSync(`${folder}/*.log`).map((path) => `${path}\n${readFileSync(path, 'utf8').slice(-3_000)}`)
      throw new Error(`the cluster is not whole:\n${logs.join('\n')}`, { cause: error })
    })

  await whole()
  const first = (await primary()) ?? 0
  await query(first, "create role tessera login password 'tessera'")
  await query(first, 'create database tessera owner tessera')
  const hosts = sql.map((port) => `127.0.0.1:${port}`).join(',')
  return {
    location: `postgres://tessera:tessera@${hosts}/tessera?target_session_attrs=read-write`,
    primary,
    query,
    kill: (member) => tell(`kill ${member}`),
    restore: async (member) => {
      await tell(`start ${member}`)
      await whole()
    },
    stop: async () => {
      child.stdin.end()
      await exited
    },
  }
}

interface Member {
  readonly role: string
  readonly state: string
}

/** The members as one of them sees them (https://patroni.readthedocs.io/en/latest/rest_api.html). */
async function membersAt(port: number): Promise<readonly Member[]> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/cluster`, { signal: AbortSignal.timeout(2_000) })
    return ((await response.json()) as { members: Member[] }).members
  } catch {
    return []
  }
}
