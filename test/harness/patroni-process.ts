/**
 * Runs Patroni (https://patroni.readthedocs.io) with three PostgreSQL servers and one etcd, all of which end with the process that
 * started this one: when standard input closes. Each line of input is `kill` or `start` and a member's number, and gets one line in
 * answer. Arguments: the folder of PostgreSQL's programs; the ports of etcd and of its peers; then, for each member, the ports of
 * PostgreSQL and of Patroni.
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { childrenOf } from './children-of.ts'

const [, , programs = '', etcdPort = '', peerPort = '', ...memberPorts] = process.argv
const folder = mkdtempSync(join(tmpdir(), 'tessera-patroni-'))

/** The user of all programs. PostgreSQL refuses to run as root. */
const user = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {}

function idOf(option: '-u' | '-g'): number {
  return Number(execFileSync('id', [option, 'nobody'], { encoding: 'utf8' }))
}

/** The settings of the cluster that docs/operating/postgresql-ha.md recommends, with the shortest time-outs that Patroni allows. */
const cluster = {
  ttl: 20,
  loop_wait: 1,
  retry_timeout: 3,
  synchronous_mode: true,
  synchronous_mode_strict: true,
  postgresql: {
    use_pg_rewind: true,
    use_slots: true,
    parameters: {
      // A standby looks for the new primary this often. The default of 5 s delays the first commit after a fail-over by as much.
      wal_retrieve_retry_interval: '500ms',
      max_connections: 60,
      shared_buffers: '16MB',
      wal_keep_size: '64MB',
      autovacuum: 'off',
    },
  },
}

interface Member {
  readonly name: string
  readonly data: string
  readonly configuration: string
  process?: ChildProcess
}

const password = { superuser: 'postgres', replication: 'replicates', rewind: 'rewinds' }
const ofAll = (rule: string) => `host ${rule} 127.0.0.1/32 scram-sha-256`

function describe(number: number): Member {
  const [port, restPort] = memberPorts.slice(2 * number)
  const name = `member${number}`
  const data = join(folder, name, 'data')
  mkdirSync(join(folder, name), { mode: 0o700 })
  if (user.uid !== undefined) chownSync(join(folder, name), user.uid, user.gid)
  const settings = {
    scope: 'tessera',
    name,
    restapi: { listen: `127.0.0.1:${restPort}`, connect_address: `127.0.0.1:${restPort}` },
    etcd3: { host: `127.0.0.1:${etcdPort}` },
    bootstrap: { dcs: cluster, initdb: [{ encoding: 'UTF8' }, { locale: 'C.UTF-8' }, 'data-checksums'] },
    postgresql: {
      listen: `127.0.0.1:${port}`,
      connect_address: `127.0.0.1:${port}`,
      data_dir: data,
      bin_dir: programs,
      pgpass: join(folder, name, 'pgpass'),
      pg_hba: [ofAll('all all'), ofAll('replication replicates')],
      parameters: { unix_socket_directories: '' },
      authentication: {
        superuser: { username: 'postgres', password: password.superuser },
        replication: { username: 'replicates', password: password.replication },
        rewind: { username: 'rewinds', password: password.rewind },
      },
    },
  }
  const configuration = join(folder, `${name}.yml`)
  // JSON is YAML, too.
  writeFileSync(configuration, JSON.stringify(settings), { mode: 0o644 })
  return { name, data, configuration }
}

/** Starts a program whose output goes to a file. */
function run(name: string, command: string, args: readonly string[]): ChildProcess {
  const log = openSync(join(folder, `${name}.log`), 'a')
  return spawn(command, args, {
    ...user,
    cwd: folder,
    stdio: ['ignore', log, log],
    env: { ...process.env, HOME: folder },
  })
}

function startEtcd(): ChildProcess {
  const data = join(folder, 'etcd')
  mkdirSync(data, { mode: 0o700 })
  if (user.uid !== undefined) chownSync(data, user.uid, user.gid)
  const [client, peer] = [etcdPort, peerPort].map((port) => `http://127.0.0.1:${port}`)
  const urls = [`--listen-client-urls=${client}`, `--advertise-client-urls=${client}`, `--listen-peer-urls=${peer}`]
  const own = [`--initial-advertise-peer-urls=${peer}`, `--initial-cluster=default=${peer}`]
  return run('etcd', 'etcd', [`--data-dir=${data}`, ...urls, ...own])
}

function start(member: Member): void {
  member.process = run(member.name, 'patroni', [member.configuration])
}

/** Kills Patroni and every process of its PostgreSQL server at once, as the loss of their machine would. */
async function kill(member: Member): Promise<void> {
  const patroni = member.process
  delete member.process
  const all = [patroni?.pid, ...serverOf(member)]
  for (const pid of all) {
    try {
      if (pid !== undefined) process.kill(pid, 'SIGKILL')
    } catch {
      // It has just ended.
    }
  }
  if (patroni !== undefined && patroni.exitCode === null && patroni.signalCode === null) await once(patroni, 'exit')
}

/** The postmaster and its children. */
function serverOf({ data }: Member): readonly number[] {
  try {
    const postmaster = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0])
    return [postmaster, ...childrenOf(postmaster)]
  } catch {
    return []
  }
}

async function main(): Promise<void> {
  if (user.uid !== undefined) chmodSync(folder, 0o711)
  const members = [0, 1, 2].map(describe)
  const etcd = startEtcd()
  members.forEach(start)
  process.stdout.write(`${folder}\n`)
  for await (const line of createInterface(process.stdin)) {
    const [what, number] = line.split(' ')
    const member = members[Number(number)]
    if (member !== undefined) await (what === 'kill' ? kill(member) : start(member))
    process.stdout.write(`${line}\n`)
  }
  for (const member of members) await kill(member)
  etcd.kill('SIGKILL')
}

main()
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
    process.exitCode = 1
  })
  .finally(() => {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    process.exit()
  })
