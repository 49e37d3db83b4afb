import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { environmentOf, type RunningCommand, startTessera } from '../harness/cli.ts'
import { extent, report } from '../harness/extent.ts'
import { Caller, makeFleet } from '../harness/fleet.ts'
import { residentBytes } from '../harness/memory.ts'
import { SECRET } from '../harness/model.ts'
import { scrape } from '../harness/scrape.ts'
import { applyTo, testConfig } from '../harness/server.ts'
import { quantile, startTraffic } from '../harness/traffic.ts'

const MB = 1024 * 1024
/** The number of requests in one flood. */
const REQUESTS = extent(250, 30_000)
/** Only refusals beyond the first thousand are gathered into summary events. At least one flood causes this many. */
const REFUSALS = extent(1_500, 30_000)
/** The number of good requests for comparison. */
const CALM = extent(100, 30_000)
/** A heap grows by this much under any load before garbage is collected. */
const HEAP_MB = 100
/** Milliseconds of noise, from other work on the machine and from the flood's sender, which shares the processors. */
const NOISE_MS = 25

let config: Awaited<ReturnType<typeof testConfig>>['config']
let folder: string
let command: RunningCommand
let database: DatabaseSync
let honest: Caller
const agents = [new Agent({ keepAlive: true }), new Agent({ keepAlive: true, maxSockets: 16 })] as const

beforeAll(async () => {
  const fleet = await makeFleet()
  const made = await testConfig({ 'runtime.trusted_proxies': '127.0.0.1,::1' })
  config = made.config
  folder = made.folder
  await applyTo(config, fleet.manifest)
  command = startTessera(['serve'], { ...environmentOf(config), TESSERA_RUNTIME_TRUSTED_PROXIES: '127.0.0.1,::1' })
  await command.printed(/is served on/)
  database = new DatabaseSync(`${folder}/tessera.db`, { timeout: 30_000 })
  honest = new Caller(config.issuer, agents[0])
  await flood((n) => harmless(refusedRequest(n)), CALM)
})

afterAll(async () => {
  for (const agent of agents) agent.destroy()
  database?.close()
  await command?.stop('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

/**
 * Floods the server while an honest client keeps asking for tokens. @returns the flood's statuses, and the median time
 * of the honest client in milliseconds
 */
async function flood(attack: (n: number) => Attack, total: number) {
  const hostile = startTraffic((n) => send(attack(n), n), { concurrency: 16, total })
  const traffic = startTraffic(async () => String((await honest.ask()).status), { concurrency: 2, pause: 5 })
  await hostile.done
  await traffic.stop()
  const waits = traffic.samples.map(({ elapsed }) => elapsed)
  return { statuses: hostile.outcomes(), honest: traffic.outcomes(), count: waits.length, wait: quantile(waits, 0.5) }
}

interface Attack {
  readonly method: string
  readonly path: string
  readonly headers?: Record<string, string>
  readonly form?: Record<string, string>
}

/** Sends one request of a flood from its own address. @returns the status */
function send({ method, path, headers = {}, form }: Attack, n: number): Promise<string> {
  const body = form === undefined ? '' : new URLSearchParams(form).toString()
  const address = `2001:db8:${(n >> 16) & 0xffff}:${n & 0xffff}::1`
  return new Promise((resolve, reject) => {
    const sent = request(`${config.issuer}${path}`, {
      agent: agents[1],
      method,
      headers: {
        'x-forwarded-for': address,
        ...(form && { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) }),
        ...headers,
      },
    })
    sent.on('error', reject)
    sent.on('response', (response) => response.resume().on('end', () => resolve(String(response.statusCode))))
    sent.end(body)
  })
}

const filler = (n: number, length: number): string => `${n}-${'x'.repeat(length)}`.slice(0, length)
const grant = { grant_type: 'client_credentials' }
const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const base64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const assertion = (n: number, claims: object): string =>
  `${base64url({ alg: 'ES256', kid: filler(n, 1_000) })}.${base64url(claims)}.${randomBytes(64).toString('base64url')}`
const inAnHour = (): number => Math.floor(Date.now() / 1_000) + 3_600

/** A good request of the same size. */
function harmless({ headers, form }: Attack): Attack {
  if (form === undefined) return { method: 'GET', path: '/pf/heartbeat.ping', ...(headers && { headers }) }
  const own = { ...grant, client_id: 'caller', client_secret: SECRET }
  const padding = 'x'.repeat(Math.max(0, new URLSearchParams(form).toString().length - 200))
  return { method: 'POST', path: '/as/token.oauth2', form: { ...own, padding } }
}

const refusedRequest = (n: number): Attack => ({
  method: 'GET',
  path: '/as/token.oauth2',
  headers: { 'user-agent': filler(n, 12_000) },
})

/** Each flood makes one structure grow, with values that always differ and are as large as possible. */
const floods: Record<string, (n: number) => Attack> = {
  'client ids of the maximum length': (n) => ({
    method: 'POST',
    path: '/as/token.oauth2',
    form: { ...grant, client_id: filler(n, 256), client_secret: SECRET, padding: 'x'.repeat(40_000) },
  }),
  'impossible client ids': (n) => ({
    method: 'POST',
    path: '/as/token.oauth2',
    form: { ...grant, client_id: filler(n, 60_000), client_secret: SECRET },
  }),
  'user agents that fetch the key set': (n) => ({
    method: 'GET',
    path: '/pf/JWKS',
    headers: { 'user-agent': filler(n, 12_000) },
  }),
  'refused requests': refusedRequest,
  'outside issuers and kids': (n) => ({
    method: 'POST',
    path: '/as/token.oauth2',
    form: {
      ...grant,
      client_assertion_type: JWT_BEARER,
      client_assertion: assertion(n, {
        iss: `https://${filler(n, 1_900)}`,
        sub: filler(n, 5_000),
        aud: config.issuer,
        exp: inAnHour(),
      }),
    },
  }),
  'assertions of unknown clients': (n) => ({
    method: 'POST',
    path: '/as/token.oauth2',
    form: {
      ...grant,
      client_assertion_type: JWT_BEARER,
      client_assertion: assertion(n, {
        iss: filler(n, 250),
        sub: filler(n, 250),
        aud: config.issuer,
        jti: filler(n, 5_000),
        exp: inAnHour() - 3_590,
      }),
    },
  }),
  'tokens to introspect': (n) => ({
    method: 'POST',
    path: '/as/introspect.oauth2',
    form: { client_id: filler(n, 200), client_secret: SECRET, token: filler(n, 15_000) },
  }),
  'proofs of possession': (n) => ({
    method: 'POST',
    path: '/as/token.oauth2',
    headers: { dpop: filler(n, 8_000) },
    form: { ...grant, client_id: filler(n, 200), client_secret: SECRET },
  }),
}

/** The number of events that the server hasn't written yet. */
const eventsWaiting = async (): Promise<number> =>
  (await scrape(`https://localhost:${config.admin.port}`)).value('tessera_audit_events_waiting') ?? Number.NaN

const count = (sql: string): number => Number(database.prepare(sql).get()?.['count'])

/** The most rows that the burst and the budget for strangers allow in this time. */
const allowedRows = (milliseconds: number): number => 1_100 + (25 * milliseconds) / 1_000

const refusedRows = (): number => count("select count(*) as count from audit_event where result = 'refused'")

test.each(Object.entries(floods))(
  'growing-caches: a flood of %s takes little memory, few rows and nobody else’s time',
  async (name, attack) => {
    const pid = command.child.pid
    const calm = await flood((n) => harmless(attack(n)), CALM)
    const before = { rows: refusedRows(), bytes: residentBytes(pid), at: performance.now() }
    const flooded = await flood(attack, attack === refusedRequest ? REFUSALS : REQUESTS)
    await expect.poll(eventsWaiting, { timeout: 30_000 }).toBe(0)
    const rows = refusedRows() - before.rows
    const consumers = count('select count(*) as count from key_consumer')
    const grown = (residentBytes(pid) - before.bytes) / MB
    report(`a flood of ${name}`, {
      ...flooded.statuses,
      'honest requests': flooded.count,
      'rows of refusals': rows,
      'rows of consumers': consumers,
      'MB more': Math.round(grown),
      'ms beside good requests': calm.wait.toFixed(1),
      'ms beside this one': flooded.wait.toFixed(1),
    })
    expect(Object.keys(flooded.honest)).toEqual(['200'])
    expect(Object.keys(flooded.statuses).filter((status) => !/^[24]\d\d$/.test(status))).toEqual([])
    expect(rows).toBeLessThanOrEqual(allowedRows(performance.now() - before.at))
    expect(consumers).toBeLessThanOrEqual(11_000)
    expect(grown).toBeLessThan(HEAP_MB)
    expect(flooded.wait).toBeLessThanOrEqual(5 * Math.max(calm.wait, NOISE_MS))
  },
  180_000,
)

test('audit-backlog: a flood while the database writes nothing leaves room for events of changes, and none is lost', async () => {
  const issuedRows = (): number =>
    count("select count(*) as count from audit_event where type = 'token.issue' and result = 'success'")
  const pid = command.child.pid
  const before = { issued: issuedRows(), bytes: residentBytes(pid), at: performance.now() }
  database.exec('begin immediate')
  const flooded = await flood(refusedRequest, REFUSALS)
  const waiting = await eventsWaiting()
  database.exec('rollback')
  await expect.poll(eventsWaiting, { timeout: 30_000 }).toBe(0)
  const grown = (residentBytes(pid) - before.bytes) / MB
  report('a flood while the database does not write', {
    ...flooded.statuses,
    'honest requests': flooded.count,
    'events waiting': waiting,
    'MB more': Math.round(grown),
  })
  expect(Object.keys(flooded.honest)).toEqual(['200'])
  expect(waiting).toBeLessThanOrEqual(flooded.count + allowedRows(performance.now() - before.at))
  expect(grown).toBeLessThan(HEAP_MB)
  expect(issuedRows() - before.issued).toBe(flooded.count)
}, 180_000)
