import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { Agent } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import { openStore } from '../../src/store/open.ts'
import { environmentOf, startTessera } from '../harness/cli.ts'
import { extent, report } from '../harness/extent.ts'
import { Caller, clientLine, makeFleet } from '../harness/fleet.ts'
import { residentBytes } from '../harness/memory.ts'
import type { Answer } from '../harness/post.ts'
import { startPostgres, type TestPostgres } from '../harness/postgres.ts'
import { applyTo, testConfig } from '../harness/server.ts'
import { quantile, type Sample, startTraffic } from '../harness/traffic.ts'
import { A_SECOND, until } from '../harness/until.ts'
import { type Link, startLink } from './link.ts'

const fleet = await makeFleet()
/** Clients that the server hasn't loaded yet. Each is asked for once. */
const UNASKED = extent(1_500, 20_000)
const MANIFEST = fleet.manifest + Array.from({ length: UNASKED }, (_, n) => clientLine(`unasked-${n}`)).join('')
const MASTER_KEY = randomBytes(32).toString('base64')
const AWAY_MS = extent(2, 20) * 1000
/** Milliseconds that a request waits for the database: more than by default, for a busy machine. */
const REQUEST_MS = 4_000
/** Limit for the memory that a process may use in addition while the database is away, in bytes. */
const MOST_MORE = 250e6

let postgres: TestPostgres
let link: Link
let storage: string
beforeAll(async () => {
  postgres = await startPostgres()
  link = await startLink(postgres.port)
  storage = link.through(await postgres.newSchema())
  const { config, folder } = await testConfig({ storage })
  await applyTo(config, MANIFEST)
  rmSync(folder, { recursive: true })
})
afterAll(async () => {
  await link.stop()
  await postgres.stop()
})

/** Ways in which a database goes away. Each returns a function that brings it back. */
const ways: [string, () => Promise<() => Promise<void>>][] = [
  ['is shut down', () => postgres.down()],
  ['falls silent', () => postgres.freeze()],
  [
    'takes longer than the request timeout',
    async () => {
      link.delay = 2 * REQUEST_MS
      return async () => {
        link.delay = 0
      }
    },
  ],
]

/** Reads a gauge of the process. */
async function gauge(admin: string, name: string): Promise<number> {
  const text = await (await fetch(`${admin}/metrics`)).text()
  return Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1])
}

/** Counts the answers while the database was away, for each kind of request. */
function answersOf(samples: readonly Sample[], from: number, to: number) {
  const within = samples.filter(({ at, elapsed }) => at >= from && at + elapsed <= to)
  return (what: string) => {
    const those = within.filter(({ outcome }) => outcome.startsWith(`${what} `))
    return {
      count: those.length,
      statuses: new Set(those.map(({ outcome }) => outcome.slice(what.length + 1))),
      p99: quantile(
        those.map(({ elapsed }) => elapsed),
        0.99,
      ),
    }
  }
}

test.each(ways)(
  'PostgreSQL %s under load',
  async (name, leave) => {
    const { config, folder } = await testConfig({
      storage,
      master_key: MASTER_KEY,
      storage_request_timeout: String(REQUEST_MS),
    })
    const command = startTessera(['serve'], environmentOf(config))
    onTestFinished(async () => void (await command.stop('SIGKILL')))
    await command.printed(/is served on/)
    const admin = `https://localhost:${config.admin.port}`
    const agent = new Agent({ keepAlive: true })
    const caller = new Caller(config.issuer, agent)
    const token = await caller.token()
    expect(await caller.isActive(token)).toBe(true)

    const issued: string[] = []
    let unasked = 0
    const get = async (path: string) => {
      const response = await fetch(config.issuer + path)
      await response.body?.cancel()
      return { status: response.status, retryAfter: response.headers.get('retry-after') ?? undefined }
    }
    const sends: [string, () => Promise<Pick<Answer, 'status' | 'retryAfter'>>][] = [
      [
        'known',
        async () => {
          const answer = await caller.ask()
          if (answer.status === 200) issued.push(answer.requestId)
          return answer
        },
      ],
      ['keys', () => get('/pf/JWKS')],
      ['metadata', () => get('/.well-known/oauth-authorization-server')],
      ['unknown', () => caller.ask(`unasked-${unasked++}`)],
      ['assertion', async () => caller.present(await fleet.assert(config.issuer))],
      // Revokes a new token each time: revoking a revoked one needs no database.
      ['revocation', async () => caller.revoke(await caller.token())],
      ['introspection', () => caller.introspect(token)],
    ]
    const traffic = startTraffic(
      async (n) => {
        const [what, send] = sends[n % sends.length] ?? sends[0] ?? ['', caller.ask]
        const { status, retryAfter } = await send()
        return `${what} ${status}${status === 503 ? ` ${retryAfter}` : ''}`
      },
      // Many more than there are connections to the database.
      { concurrency: 24, pause: 50 },
    )
    onTestFinished(() => traffic.stop())
    await sleep(500)
    const before = residentBytes(command.child.pid)
    const comeBack = await leave()
    onTestFinished(comeBack)
    const from = Date.now()
    let waiting = 0
    let most = before
    const look = async () => {
      waiting = Math.max(waiting, await gauge(admin, 'tessera_audit_events_waiting'))
      most = Math.max(most, residentBytes(command.child.pid))
    }
    while (Date.now() < from + AWAY_MS) {
      await look()
      await sleep(100)
    }
    // On a busy machine, the first answers to some kinds of requests come later.
    await until(async () => {
      const answers = answersOf(traffic.samples, from, Date.now())
      return sends.every(([what]) => answers(what).count > 0)
    })
    await look()
    const capacity = await gauge(admin, 'tessera_audit_events_capacity')
    const to = Date.now()
    await comeBack()
    const times = await Promise.all(sends.slice(3).map(([, send]) => until(async () => (await send()).status === 200)))
    const back = Math.max(...times)
    await traffic.stop()
    agent.destroy()

    const answers = answersOf(traffic.samples, from, to)
    for (const what of ['known', 'keys', 'metadata']) {
      expect(answers(what).statuses, what).toEqual(new Set(['200']))
    }
    // These requests need the database, so that each gets 503 with Retry-After within a second of its request timeout.
    for (const what of ['unknown', 'assertion', 'revocation']) {
      expect(answers(what).statuses, what).toEqual(new Set(['503 1']))
      expect(answers(what).p99, what).toBeLessThan(REQUEST_MS + A_SECOND)
    }
    expect(answers('introspection').statuses).toContain('503 1')
    expect([...answers('introspection').statuses].every((status) => ['200', '503 1'].includes(status))).toBe(true)
    expect(back).toBeLessThan(2 * A_SECOND)
    expect(most - before).toBeLessThan(MOST_MORE)
    expect(waiting).toBeGreaterThan(0)
    expect(waiting).toBeLessThanOrEqual(capacity)

    const store = await openStore(config.storage, systemClock, config.storageAccess)
    const recorded = async () => {
      const events = await store.audit.listEvents({ limit: 1_000_000 })
      const ids = new Set(events.map(({ requestId }) => requestId))
      return issued.filter((requestId) => !ids.has(requestId)).length
    }
    await until(async () => (await recorded()) === 0)
    await store.close()
    report(`PostgreSQL ${name} for ${AWAY_MS / 1000} s`, {
      ...Object.fromEntries(
        sends.map(([what]) => [
          what,
          `${answers(what).count} × ${[...answers(what).statuses].map((status) => status.slice(0, 3)).join('|')}`,
        ]),
      ),
      'events waiting at most': `${waiting} of ${capacity}`,
      'MB more at most': Math.round((most - before) / 1e6),
      'back after (ms)': Math.round(back),
      'events lost': 0,
    })
    expect(await command.stop()).toBe(0)
    rmSync(folder, { recursive: true })
  },
  120_000,
)
