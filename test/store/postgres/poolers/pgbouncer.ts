import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { installed } from '../../../harness/installed.ts'
import { freePort } from '../../../harness/port.ts'
import { until } from '../../../harness/until.ts'

/** The path of the program, if it is installed. */
const program = installed('pgbouncer')

/** Whether PgBouncer is installed. */
export const isPgBouncerHere = program !== undefined

/** Starts PgBouncer before a database, with default settings except for the mode. */
export async function startPgBouncer(
  url: string,
  mode: 'transaction' | 'session',
): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-pgbouncer-'))
  const port = await freePort()
  const { hostname, port: target, username, password, pathname } = new URL(url)
  const isRoot = process.getuid?.() === 0
  const database = `host=${hostname} port=${target} dbname=${pathname.slice(1)} user=${username} password='${decodeURIComponent(password)}'`
  writeFileSync(
    join(folder, 'pgbouncer.ini'),
    `[databases]
tessera = ${database}
[pgbouncer]
pool_mode = ${mode}
listen_addr = 127.0.0.1
listen_port = ${port}
auth_type = any
unix_socket_dir =
${isRoot ? 'user = nobody' : ''}
`,
  )
  chmodSync(folder, 0o755)
  const child = spawn(program ?? 'pgbouncer', [join(folder, 'pgbouncer.ini')], { stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  child.stderr.on('data', (chunk) => {
    log += String(chunk)
  })
  const exited = new Promise<void>((resolve) => child.on('exit', () => resolve()))
  const pooled = `postgres://${username}@127.0.0.1:${port}/tessera`
  const answers = async () => {
    const client = new pg.Client({ connectionString: pooled })
    try {
      await client.connect()
      await client.end()
      return true
    } catch {
      return false
    }
  }
  await until(answers).catch((error: unknown) => {
    throw new Error(`PgBouncer does not answer: ${log}`, { cause: error })
  })
  return {
    url: pooled,
    stop: async () => {
      child.kill()
      await exited
      rmSync(folder, { recursive: true })
    },
  }
}
