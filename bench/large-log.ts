/**
 * `node bench/large-log.ts`: the time of administration with ten million events, and the wait of the tokens that are asked for
 * meanwhile. On SQLite, all of it shares the event loop with the tokens.
 */

import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { DAY_MS, systemClock } from '../src/platform/clock.ts'
import { systemRandom, uuidv7 } from '../src/platform/random.ts'
import { FILLED_DAYS, fillEvents, RARE } from './audit-fill.ts'
import { audience, basic, issuer, makeClients, scope, tokenForm, tokenPath } from './fleet.ts'
import { type DatabaseKind, makeDatabase } from './servers/databases.ts'
import { type Child, cores, Workspace } from './workspace.ts'

/** A token is asked for this often. */
const EVERY_MS = 5
/** The most that an operation may add to the wait of a token. */
const TARGET_MS = 100
/** The wait of tokens is measured for this long around an operation, and while nothing else happens. */
const AROUND_MS = 300
const IDLE_MS = 1_000
const TIMES = 5
const KEPT_DAYS = 70

const cli = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))
const [client] = makeClients(1)
const [administrator] = makeClients(1).map((one) => ({ ...one, id: 'administrator' }))
const permissions = ['clients:read', 'apis:read', 'audit:read', 'usage:read', 'explanations:read', 'metrics:read']
const manifest = {
  apis: [{ audience, scopes: [{ name: scope }] }],
  clients: [
    { client_id: client.id, scopes: [scope], credentials: [{ secret: client.secret }] },
    {
      client_id: administrator?.id,
      credentials: [{ secret: administrator?.secret }],
      grants: [{ api: 'urn:tessera:admin', scopes: permissions }],
    },
  ],
}

const week = new Date(systemClock.now() - 7 * DAY_MS).toISOString()
const idAt = (time: number) => uuidv7({ ...systemClock, now: () => time }, systemRandom)
const api = encodeURIComponent(audience)
/** The operations of the admin API that read the log, or are read with it. */
const reads: readonly string[] = [
  '/audit/events',
  ...['client-77', RARE.client, 'none'].map((id) => `/audit/events?client=${id}`),
  '/audit/events?result=refused',
  '/audit/events?type=client.change',
  `/audit/events?reason=${RARE.reason}`,
  '/audit/events?actor=nobody',
  '/audit/events?credential=none',
  `/audit/events?since=${week}`,
  '/audit/new-events',
  `/explanations?request=${idAt(systemClock.now() - 40 * DAY_MS)}`,
  `/explanations?request=00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
  '/explanations?client=client-77&last=100',
  `/explanations?client=${RARE.client}`,
  `/clients/${client.id}/effect`,
  `/apis/${api}/clients`,
  '/usage',
  '/usage/top',
  '/counts/clients',
  '/health',
]

const say = (text: string): void => void process.stdout.write(`${text}\n`)
const agent = new Agent({ keepAlive: true })

interface Sent {
  readonly method?: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** Sends a request. `fetch` would give up on an answer after five minutes. */
const send = (url: string, { method = 'GET', headers, body }: Sent) =>
  new Promise<{ readonly status: number; readonly text: string }>((resolve, reject) => {
    const sent = request(url, { method, headers, agent }, async (response) => {
      let text = ''
      for await (const part of response.setEncoding('utf8')) text += part
      resolve({ status: response.statusCode ?? 0, text })
    })
    sent.on('error', reject).end(body)
  })

async function getToken(origin: string, of: Parameters<typeof basic>[0], form: string): Promise<string> {
  const headers = { authorization: basic(of), 'content-type': 'application/x-www-form-urlencoded' }
  const { status, text } = await send(origin + tokenPath, { method: 'POST', headers, body: form })
  if (status !== 200) throw new Error(`${status} for a token: ${text}`)
  return z.object({ access_token: z.string() }).parse(JSON.parse(text)).access_token
}

/** Milliseconds. */
interface Measured {
  readonly took: number
  readonly wait: number
}

/** Asks for tokens all the time. */
class Asking {
  #waits: number[] = []
  #failure: unknown
  readonly #timer: NodeJS.Timeout

  constructor(origin: string) {
    this.#timer = setInterval(() => {
      const from = performance.now()
      getToken(origin, client, tokenForm)
        .then(() => this.#waits.push(performance.now() - from))
        .catch((error: unknown) => {
          this.#failure = error
        })
    }, EVERY_MS)
  }

  /** Works once. @returns its time, and the wait of the slowest hundredth of tokens meanwhile. Rejects if one was refused. */
  async during(work: () => Promise<unknown>): Promise<Measured> {
    await sleep(AROUND_MS)
    this.#waits = []
    const from = performance.now()
    await work()
    const took = performance.now() - from
    await sleep(AROUND_MS)
    if (this.#failure !== undefined) throw this.#failure
    const waits = this.#waits.toSorted((one, other) => one - other)
    return { took, wait: waits[Math.floor(waits.length * 0.99)] ?? Number.NaN }
  }

  /** Works several times. @returns the medians */
  async median(work: () => Promise<unknown>): Promise<Measured> {
    const measured: Measured[] = []
    for (let time = 0; time < TIMES; time += 1) measured.push(await this.during(work))
    const middle = (values: readonly number[]) =>
      values.toSorted((one, other) => one - other)[Math.floor(TIMES / 2)] ?? 0
    return { took: middle(measured.map(({ took }) => took)), wait: middle(measured.map(({ wait }) => wait)) }
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}

/** The largest resident memory of a process so far, in MB (proc_pid_status(5)); 0 once it has ended. */
const peakMb = (pid: number | undefined): number =>
  Number(/^VmHWM:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024

async function measure(kind: DatabaseKind, count: number, workspace: Workspace): Promise<void> {
  const folder = mkdtempSync(join(workspace.folder, 'log-'))
  const database = await makeDatabase(kind, workspace, folder)
  const masterKey = randomBytes(32)
  const env = {
    TESSERA_STORAGE: database.url,
    TESSERA_MASTER_KEY: masterKey.toString('base64'),
    TESSERA_ISSUER: issuer,
    TESSERA_RUNTIME_TLS: 'off',
    TESSERA_RUNTIME_HOST: '127.0.0.1',
    TESSERA_RUNTIME_TRUSTED_PROXIES: '127.0.0.1,::1',
    TESSERA_RUNTIME_PORT: '0',
    TESSERA_ADMIN_PORT: '0',
  }
  const run = (...args: readonly string[]): Child => workspace.start({ args: [cli, ...args], env }, cores.server)
  const file = join(folder, 'manifest.json')
  writeFileSync(file, JSON.stringify(manifest))
  await run('storage', 'migrate').done()
  await run('apply', '-f', file).done()
  const db = await database.open()
  const filledFrom = performance.now()
  await fillEvents(db, { count, masterKey })
  const bytes = (await db.dialect.bytesOf(db.scans, 'audit_event')) + (await db.dialect.bytesOf(db.scans, 'audit_term'))
  await db.close()
  say(`${kind}: ${count} events, filled in ${((performance.now() - filledFrom) / 1000).toFixed(0)} s`)
  say(`| ${kind} | size | ${(bytes / count).toFixed(0)} bytes an event | |`)

  for (const [name, ...args] of [
    ['tessera audit verify', 'audit', 'verify'],
    ['tessera audit export', 'audit', 'export', '--to', join(folder, 'events.jsonl')],
    ['tessera upgrade --check', 'upgrade', '--check'],
  ] as const) {
    const from = performance.now()
    const child = run(...args)
    let peak = 0
    const looking = setInterval(() => {
      peak = Math.max(peak, peakMb(child.pid))
    }, 100)
    await child.done().finally(() => clearInterval(looking))
    say(`| ${kind} | ${name} | ${((performance.now() - from) / 1000).toFixed(1)} s | ${peak.toFixed(0)} MB |`)
  }

  const serve = async (settings: Readonly<Record<string, string>> = {}) => {
    const from = performance.now()
    const server = workspace.start({ args: [cli, 'serve'], env: { ...env, ...settings } }, cores.server)
    const [origin] = await server.says(/http:\/\/127\.0\.0\.1:\d+/)
    const [, admin = ''] = await server.says(/health is on (http:\/\/\S+?)\/healthz/)
    await getToken(origin, client, tokenForm)
    say(`| ${kind} | from the start to the first token | ${((performance.now() - from) / 1000).toFixed(1)} s | |`)
    return { server, origin, admin: admin.replace('localhost', '127.0.0.1') }
  }
  const report = (name: string, { took, wait }: Measured, idle: number) =>
    say(
      `| ${kind} | ${name} | ${took.toFixed(0)} ms | ${wait.toFixed(0)} ms${wait - idle > TARGET_MS ? `, MISSES ${TARGET_MS} above ${idle.toFixed(0)}` : ''} |`,
    )

  const { server, origin, admin } = await serve()
  const asking = new Asking(origin)
  const idle = await asking.median(() => sleep(IDLE_MS))
  report('nothing', idle, idle.wait)
  const call = async (path: string, method = 'GET'): Promise<void> => {
    if (administrator === undefined) return
    const form = 'grant_type=client_credentials&resource=urn:tessera:admin'
    const authorization = `Bearer ${await getToken(origin, administrator, form)}`
    const headers = { authorization, 'content-type': 'application/json' }
    const { status, text } = await send(`${admin}/api/v1${path}`, {
      method,
      headers,
      ...(method === 'POST' && { body: '{}' }),
    })
    if (status !== 200 && status !== 404) throw new Error(`${status} for ${path}: ${text}`)
  }
  for (const path of reads) report(path, await asking.median(() => call(path)), idle.wait)
  report('POST /audit/verify', await asking.during(() => call('/audit/verify', 'POST')), idle.wait)
  asking.stop()
  await server.stop()

  const pruning = await serve({ TESSERA_AUDIT_RETENTION_DAYS: String(KEPT_DAYS) })
  const others = new Asking(pruning.origin)
  // Events are removed in their order. This asks for a few of the last ones that are due.
  const place = Math.floor((count * (FILLED_DAYS - KEPT_DAYS)) / FILLED_DAYS) - 5_000
  const watching = await database.open()
  const isThere = () =>
    watching.scans
      .selectFrom('audit_event')
      .select('seq')
      .where('seq', '>=', place)
      .where('seq', '<', place + 100)
      .limit(1)
      .executeTakeFirst()
  const removal = await others.during(async () => {
    while ((await isThere()) !== undefined) await sleep(1_000)
  })
  await watching.close()
  report(`the removal of the events of ${FILLED_DAYS - KEPT_DAYS} days`, removal, idle.wait)
  others.stop()
  await pruning.server.stop()
}

async function main(): Promise<void> {
  const [kinds = 'sqlite', count = '10000000'] = process.argv.slice(2)
  const workspace = new Workspace()
  try {
    for (const kind of ['sqlite', 'postgres'] as const)
      if (kinds.includes(kind)) await measure(kind, Number(count), workspace)
  } finally {
    agent.destroy()
    await workspace.close()
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`large-log: ${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
})
