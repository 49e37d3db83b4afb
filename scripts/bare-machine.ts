/**
 * Checks the commands of the README and of the published package on machines that have nothing but a Node, npm and the library that
 * Node 26 needs: two new roots of Debian, without this machine's files, caches and settings. It needs Linux, root, and the Debian
 * packages debootstrap and curl. A folder that debootstrap filled earlier may be given; it is copied.
 */

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fetchNode, fetchPackage, lowestNode } from './fetch-node.ts'

const folder = mkdtempSync(join(tmpdir(), 'bare-machine-'))
const PERSON = 1000
const HOME = '/home/person'
/** The authority of a proxy in front of the registry, if this machine has one: the roots trust it, too. */
const authority = process.env['NODE_EXTRA_CA_CERTS']

const say = (line: string): void => void process.stdout.write(`\n== ${line}\n`)

/** A root with that Node and npm, and the home of a person. */
function makeRoot(base: string, name: string, versions: { readonly node: string; readonly npm: string }): string {
  const root = join(folder, name)
  execFileSync('cp', ['--archive', base, root])
  putNode(root, versions.node)
  const npm = fetched((into) => fetchPackage(`npm@${versions.npm}`, into))
  cpSync(npm, join(root, 'usr/local/lib/node_modules/npm'), { recursive: true })
  for (const command of ['npm', 'npx'])
    symlinkSync(`../lib/node_modules/npm/bin/${command}-cli.js`, join(root, 'usr/local/bin', command))
  if (authority !== undefined) copyFileSync(authority, join(root, 'etc/authority.pem'))
  for (const file of ['/etc/hosts', '/etc/resolv.conf']) copyFileSync(file, join(root, file))
  execFileSync('chroot', [root, 'useradd', '--uid', String(PERSON), '--create-home', '--home-dir', HOME, 'person'])
  return root
}

const putNode = (root: string, version: string): void =>
  copyFileSync(
    fetched((into) => fetchNode(version, into)),
    join(root, 'usr/local/bin/node'),
  )

const fetched = (fetch: (into: string) => string): string => fetch(mkdtempSync(join(folder, 'fetched-')))

/** The program and the arguments that run a shell command in a root, with processes and mounts of its own. */
function inRoot(root: string, command: string, user = PERSON): [string, string[]] {
  const settings = {
    HOME: user === 0 ? '/root' : HOME,
    PATH: '/usr/local/bin:/usr/bin:/bin',
    TESSERA_RUNTIME_PORT: String(ports.runtime),
    TESSERA_ADMIN_PORT: String(ports.admin),
    ...(authority !== undefined && { NODE_EXTRA_CA_CERTS: '/etc/authority.pem' }),
  }
  const mounts = `mount -t proc proc '${root}/proc' && mount --rbind /dev '${root}/dev'`
  // The shell stays, as root and the first process. A process that changes its user would outlive unshare.
  const enter = `chroot --userspec=${user}:${user} '${root}' "$@"; exit $?`
  const words = [
    'env',
    '-i',
    ...Object.entries(settings).map(([key, value]) => `${key}=${value}`),
    'sh',
    '-ec',
    command,
  ]
  return [
    'unshare',
    ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', `${mounts} && ${enter}`, 'sh', ...words],
  ]
}

function runIn(root: string, command: string, user = PERSON): void {
  say(command)
  const from = performance.now()
  execFileSync(...inRoot(root, command, user), { stdio: 'inherit' })
  process.stdout.write(`== ${((performance.now() - from) / 1000).toFixed(0)} s\n`)
}

/** Starts a server in the root, gets a token from outside of it by the command that the server prints, and asks for the console. */
async function tryServer(root: string, command: string, where: string): Promise<void> {
  say(command)
  const server = spawn(...inRoot(root, `cd ${where} && ${command}`))
  const ended = once(server, 'exit')
  let output = ''
  const started = new Promise<string>((resolve, reject) => {
    const take = (chunk: Buffer): void => {
      process.stdout.write(chunk)
      output += chunk.toString()
      const [request] = /curl [\s\S]*token\.oauth2(?=\n)/.exec(output) ?? []
      if (request !== undefined) resolve(request)
    }
    server.stdout.on('data', take)
    server.stderr.on('data', take)
    ended.then(([code]) => reject(new Error(`${command} ended with ${code}`)))
  })
  try {
    // Its paths are those of the root.
    const request = (await started).replace(/--cacert (?=\/)/, `--cacert ${root}`)
    const curl = (line: string): string =>
      execFileSync('sh', ['-ec', line], { encoding: 'utf8', cwd: join(root, where) })
    const answer = curl(`${request} --silent --show-error --fail-with-body`)
    if (!/"access_token":"[\w-]+\.[\w-]+\.[\w-]+"/.test(answer)) throw new Error(`this is no token: ${answer}`)
    say(`a token: ${answer}`)
    const page = curl(`curl -sS --fail --location --cacert .tessera/tls/ca.pem https://localhost:${ports.admin}/`)
    say(`the console: ${/<title>([^<]*)/.exec(page)?.[1]}`)
  } finally {
    // unshare ignores SIGTERM while it waits.
    server.kill('SIGKILL')
    await ended
  }
}

/** Ports of this machine, since the roots share its network. */
async function freePorts(): Promise<{ readonly runtime: number; readonly admin: number }> {
  const servers = [createServer(), createServer()]
  await Promise.all(servers.map((one) => new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve))))
  const [runtime = 0, admin = 0] = servers.map((one) => (one.address() as { readonly port: number }).port)
  for (const one of servers) one.close()
  return { runtime, admin }
}

const ports = await freePorts()
try {
  const [base = join(folder, 'debian')] = process.argv.slice(2)
  if (process.argv.length === 2) {
    say('debootstrap')
    execFileSync('debootstrap', ['--variant=minbase', '--include=libatomic1', 'stable', base], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  }

  const checkout = makeRoot(base, 'checkout', { node: '20', npm: '10' })
  const place = `${HOME}/tessera`
  // The files of the work tree, without those that git ignores.
  mkdirSync(join(checkout, place))
  execFileSync('sh', ['-ec', 'git ls-files -z | xargs -0 cp --archive --parents -t "$1"', 'sh', join(checkout, place)])
  execFileSync('chown', ['-R', `${PERSON}:${PERSON}`, join(checkout, place)])
  runIn(checkout, 'node --version; npm --version')
  await tryServer(checkout, 'npm start', place)
  runIn(checkout, `cd ${place} && sh scripts/setup.sh --dev && npx vitest run test/oauth`)

  const machine = makeRoot(base, 'package', { node: '20', npm: '11' })
  execFileSync(process.execPath, ['scripts/build.ts', join(folder, 'built')], { stdio: 'inherit' })
  execFileSync('npm', ['pack', '--silent', '--pack-destination', join(machine, 'tmp')], { cwd: join(folder, 'built') })
  runIn(machine, 'npm install --global --ignore-scripts /tmp/tessera-as-*.tgz', 0)
  runIn(machine, 'du -sm /usr/local/lib/node_modules/tessera-as; ! tessera --version')
  putNode(machine, lowestNode())
  runIn(machine, 'node --version; tessera --version')
  await tryServer(machine, 'tessera dev', HOME)
  say('everything works on a bare machine')
} finally {
  rmSync(folder, { recursive: true })
}
