import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { inject } from 'vitest'
import { parse } from 'yaml'
import type { Issued } from '../../harness/certificates.ts'
import { installed } from '../../harness/installed.ts'
import { blocksOf } from '../../harness/page.ts'
import { freePort } from '../../harness/port.ts'
import { until } from '../../harness/until.ts'

/** The proxies with a page, and the way to start each with the files of that page in a folder. */
const proxies = {
  nginx: (folder: string) => {
    const main = join(folder, 'nginx.conf')
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder};`)
    writeFileSync(
      main,
      `daemon off; master_process off; pid ${folder}/pid; error_log stderr; events {}
http { access_log off; ${temporary.join(' ')} include ${folder}/tessera.conf; }`,
    )
    return ['-p', folder, '-c', main, '-e', 'stderr']
  },
  haproxy: (folder: string) => ['-db', '-f', join(folder, 'haproxy.cfg')],
  envoy: (folder: string) => [
    '-c',
    join(folder, 'envoy.yaml'),
    '--use-dynamic-base-id',
    '-l',
    'error',
    '--concurrency',
    '1',
  ],
  traefik: (folder: string) => [`--configFile=${join(folder, 'traefik.yaml')}`, '--log.level=ERROR'],
}

export type ProxyName = keyof typeof proxies
export const proxyNames = Object.keys(proxies) as ProxyName[]

/** The addresses of the two servers in the pages, and those of the test: two of one machine, with the same ports. */
export const nodes = { '10.0.0.11': '127.0.0.11', '10.0.0.12': '127.0.0.12' } as const

/** The files that a page contains: blocks whose first line is a comment with their path. */
function filesOf(name: ProxyName): ReadonlyMap<string, string> {
  const found = blocksOf(`docs/operating/proxies/${name}.md`).map(({ text }) => [
    /^# (\/etc\/\S+)$/m.exec(text)?.[1],
    text,
  ])
  return new Map(found.flatMap(([path, text]): [string, string][] => (path && text ? [[path, text]] : [])))
}

/** The options of `tessera.yaml` on the page, as flags. */
export function optionsOf(name: ProxyName): Readonly<Record<string, string>> {
  const { runtime, shutdown } = parse(filesOf(name).get('/etc/tessera/tessera.yaml') ?? '') as {
    readonly runtime: Readonly<Record<string, string>>
    readonly shutdown: { readonly delay: number }
  }
  return {
    'runtime.forwarded_header': String(runtime['forwarded_header']),
    'runtime.certificate_header': String(runtime['certificate_header']),
    'shutdown.delay': String(shutdown.delay),
  }
}

/** A proxy that runs with the configuration of its page. */
export interface Front {
  readonly url: string
  stop(): Promise<void>
}

interface Behind {
  /** The ports of both servers. */
  readonly runtime: number
  readonly admin: number
  /** The authority of the servers' certificate, and that of the clients. */
  readonly servers: Issued
  readonly clients: Issued
}

/** Starts a proxy with the configuration of its page, in which addresses, ports, paths and names are those of the test. */
export async function startFront(name: ProxyName, behind: Behind): Promise<Front> {
  const folder = mkdtempSync(join(tmpdir(), `tessera-${name}-`))
  const port = await freePort()
  const here = (text: string) =>
    text
      .replaceAll(`/etc/${name}/tls`, join(folder, 'tls'))
      .replaceAll(`/etc/${name}/`, `${folder}/`)
      .replaceAll('auth.example.com', 'localhost')
      .replaceAll(/10\.0\.0\.1[12]/g, (address) => nodes[address as keyof typeof nodes])
      .replaceAll('9031', String(behind.runtime))
      .replaceAll('9999', String(behind.admin))
      .replace(/(listen |bind :|address: :|port_value: )443\b/, `$1${port}`)
  for (const [path, text] of filesOf(name)) {
    if (path.startsWith(`/etc/${name}/`)) writeFileSync(join(folder, basename(path)), here(text))
  }
  const tls = inject('tls')
  const [certificate, key] = [tls.cert, tls.key].map((path) => readFileSync(path, 'utf8'))
  mkdirSync(join(folder, 'tls'))
  for (const [file, text] of Object.entries({
    'certificate.pem': certificate,
    'key.pem': key,
    'certificate-and-key.pem': `${certificate}\n${key}`,
    'tessera-ca.pem': behind.servers.pem,
    'clients-ca.pem': behind.clients.pem,
  })) {
    writeFileSync(join(folder, 'tls', file), text ?? '')
  }
  const child = spawn(installed(name) ?? name, proxies[name](folder), { stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = once(child, 'exit')
  const log = logOf(child)
  const url = `https://localhost:${port}`
  const answers = async () => {
    if (child.exitCode !== null) throw new Error(`${name} ended: ${log()}`)
    const response = await fetch(`${url}/pf/heartbeat.ping`).catch(() => undefined)
    return response?.status === 200
  }
  await until(answers).catch((error: unknown) => {
    child.kill('SIGKILL')
    throw new Error(`${name} does not answer: ${log()}`, { cause: error })
  })
  return {
    url,
    stop: async () => {
      child.kill('SIGKILL')
      await exited
      rmSync(folder, { recursive: true })
    },
  }
}

function logOf(child: ChildProcess): () => string {
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (text += chunk.toString()))
  return () => text.slice(-2_000)
}
