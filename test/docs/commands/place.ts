import { spawn } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { inject } from 'vitest'
import { COMPILE_CACHE } from '../../harness/cli.ts'
import { blocksOf } from '../../harness/page.ts'
import { freePort } from '../../harness/port.ts'

/** The folders that pages name, below the folder of the test. */
const FOLDERS = ['/etc/tessera', '/var/lib/tessera', '/backups']

/** Stands in for systemd: starts, stops and reloads `tessera serve`, and waits until it is ready. */
const SYSTEMCTL = `#!/bin/bash
set -eu
stop() {
  [ -e server.pid ] || return 0
  kill "$(cat server.pid)" && tail -s 0.05 --pid="$(cat server.pid)" -f /dev/null
  rm server.pid
}
start() {
  setsid tessera serve >> server.log 2>&1 < /dev/null &
  echo $! > server.pid
  until curl -sf --cacert "$CA" "$ADMIN/readyz" > /dev/null; do
    kill -0 "$(cat server.pid)" || { tail -5 server.log >&2; exit 1; }
    sleep 0.05
  done
}
case $1 in
  start) start ;;
  stop) stop ;;
  restart) stop; start ;;
  reload)
    before=$(grep -c 'reloaded the configuration' server.log || true)
    kill -HUP "$(cat server.pid)"
    until [ "$(grep -c 'reloaded the configuration' server.log)" -gt "$before" ]; do sleep 0.05; done ;;
esac
`

/** Stands in for `install`: a machine that runs the tests has no user of the server, so it gives files to nobody. */
const INSTALL = `#!/bin/bash
set -eu
args=()
while [ $# -gt 0 ]; do
  case $1 in
    -o | -g) shift 2 ;;
    *) args+=("$1"); shift ;;
  esac
done
PATH=\${PATH#*:} exec install "\${args[@]}"
`

/** A machine on which a page's commands run: a configuration, its files, `tessera` and `systemctl`. */
export interface Place {
  readonly folder: string
  readonly issuer: string
  /** Runs a script. @returns its output of both streams @throws Error with that output if it fails */
  run(script: string): Promise<string>
  /** Runs all commands of a page, in order, in one shell. @param changes texts of the page and their replacements */
  runPage(path: string, changes?: Readonly<Record<string, string>>): Promise<string>
  /** Writes a file, which only its owner can read. */
  write(name: string, text: string): void
  stop(): Promise<void>
}

/**
 * Makes such a machine, with a manifest that is applied, and a server that runs.
 * @param authority the certificate of the authority of client certificates
 */
export async function makePlace(manifest: string, authority: string): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-page-'))
  for (const path of [...FOLDERS, '/bin', '/etc/tessera/manifest', '/etc/tessera/tls'])
    mkdirSync(join(folder, path), { recursive: true })
  const write = (name: string, text: string, mode = 0o600) => {
    writeFileSync(join(folder, name), text, { mode })
    chmodSync(join(folder, name), mode)
  }
  const [port, adminPort] = [await freePort(), await freePort()]
  const issuer = `https://localhost:${port}`
  const tls = inject('tls')
  const etc = join(folder, 'etc/tessera')
  copyFileSync(tls.cert, join(etc, 'tls/cert.pem'))
  write('etc/tessera/tls/key.pem', readFileSync(tls.key, 'utf8'))
  write(
    'etc/tessera/tessera.yaml',
    `issuer: ${issuer}
storage: sqlite:${folder}/var/lib/tessera/tessera.db
master_key_file: ${etc}/master-key
runtime: { host: localhost, port: ${port} }
admin: { port: ${adminPort} }
tls: { cert: ${etc}/tls/cert.pem, key: ${etc}/tls/key.pem, client_ca: ${etc}/clients-ca.pem }
shutdown: { timeout: 0 }
`,
  )
  write('etc/tessera/clients-ca.pem', authority)
  write('etc/tessera/manifest/manifest.yaml', manifest)
  const node = process.execPath
  write('bin/tessera', `#!/bin/sh\nexec ${node} ${resolve('src/cli/main.ts')} "$@"\n`, 0o700)
  write('bin/systemctl', SYSTEMCTL, 0o700)
  write('bin/install', INSTALL, 0o700)

  const here = (text: string) =>
    FOLDERS.reduce(
      (all, path) => all.replaceAll(new RegExp(`(?<![\\w}])${path}\\b`, 'g'), join(folder, path)),
      text,
    ).replaceAll('https://auth.example.com', issuer)
  const run = (script: string): Promise<string> =>
    new Promise((done, fail) => {
      const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
        cwd: folder,
        env: {
          PATH: [join(folder, 'bin'), process.env['PATH']].join(delimiter),
          HOME: folder,
          TESSERA_CONFIG: join(etc, 'tessera.yaml'),
          NODE_EXTRA_CA_CERTS: tls.ca,
          NODE_COMPILE_CACHE: COMPILE_CACHE,
          CA: tls.ca,
          ADMIN: `https://localhost:${adminPort}`,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let output = ''
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += String(chunk)))
      child.on('close', (code) => (code === 0 ? done(output) : fail(new Error(`exit ${code} of ${script}\n${output}`))))
    })
  await run(`openssl rand -base64 32 > etc/tessera/master-key; chmod 600 etc/tessera/master-key
tessera storage migrate
tessera apply -f etc/tessera/manifest --secrets-to file:secrets.jsonl
systemctl start`)
  return {
    folder,
    issuer,
    run,
    runPage: (path, changes = {}) => {
      const scripts = blocksOf(path).flatMap(({ language, text }) => (language === 'sh' ? [text] : []))
      const text = Object.entries(changes).reduce((all, [from, to]) => {
        if (!all.includes(from)) throw new Error(`${path} does not have ${from}`)
        return all.replaceAll(from, to)
      }, scripts.join('\n'))
      return run(here(text))
    },
    write,
    stop: async () => {
      await run('systemctl stop')
      rmSync(folder, { recursive: true })
    },
  }
}
