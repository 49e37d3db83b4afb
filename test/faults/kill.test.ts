import { rmSync } from 'node:fs'
import { Agent } from 'node:https'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { auditVerify } from '../../src/cli/audit-proof.ts'
import type { Config } from '../../src/config/resolve.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { openStore } from '../../src/store/open.ts'
import { environmentOf, type RunningCommand, startTessera } from '../harness/cli.ts'
import { runCommand } from '../harness/command.ts'
import { extent, report } from '../harness/extent.ts'
import { Caller, clientLine, makeFleet } from '../harness/fleet.ts'
import { startPostgres, type TestPostgres } from '../harness/postgres.ts'
import { applyTo, testConfig } from '../harness/server.ts'
import { quantile, startTraffic } from '../harness/traffic.ts'
import { A_SECOND, until } from '../harness/until.ts'

const fleet = await makeFleet()
const ROUNDS = extent(1, 100)
/**
 * Milliseconds from an answer until its event is written: 200 to gather others, and then the database's time. A busy
 * machine adds as much as a few requests take.
 */
const AUDIT_BOUND_MS = 500
const SLOWEST_REQUESTS = 5
/** On a busy machine a database call may take longer than the default second, which isn't a fault of the kill. */
const PATIENT = { TESSERA_STORAGE_REQUEST_TIMEOUT: '20000' }

/** The acknowledged requests, whose effects must outlive the process. */
interface Acknowledged {
  readonly revoked: string[]
  readonly used: string[]
  /** The requests that got a token, and the times of their answers. */
  readonly issued: { readonly requestId: string; readonly at: number }[]
}

/** Starts a server and waits until it is ready. @returns also the milliseconds that this took */
async function startReady(config: Config): Promise<{ command: RunningCommand; took: number }> {
  const start = performance.now()
  const command = startTessera(['serve'], environmentOf(config, PATIENT))
  onTestFinished(async () => void (await command.stop('SIGKILL')))
  const ready = () =>
    fetch(`https://localhost:${config.admin.port}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    )
  while (!(await ready())) {
    if (command.child.exitCode !== null) throw new Error(command.output())
    await sleep(10)
  }
  return { command, took: performance.now() - start }
}

/** Starts traffic that writes, over connections of its own. */
function startWriting(issuer: string, agent: Agent) {
  const acknowledged: Acknowledged = { revoked: [], used: [], issued: [] }
  const caller = new Caller(issuer, agent)
  const traffic = startTraffic(
    async (n) => {
      const answer = await caller.ask()
      if (answer.status !== 200) return String(answer.status)
      acknowledged.issued.push({ requestId: answer.requestId, at: performance.now() })
      if (n % 2 === 0) {
        const { access_token: token } = JSON.parse(answer.body)
        const { status } = await caller.revoke(token)
        if (status === 200) acknowledged.revoked.push(token)
        return String(status)
      }
      const assertion = await fleet.assert(issuer)
      const { status } = await caller.present(assertion)
      if (status === 200) acknowledged.used.push(assertion)
      return String(status)
    },
    { concurrency: 8 },
  )
  return { acknowledged, traffic }
}

/** Requires that the audit log is as it was written. @returns the number of its chains */
async function verifyLog(config: Config): Promise<number> {
  const { stdout, error } = await runCommand(environmentOf(config), () => auditVerify({ json: true }))
  expect(error, stdout).toBeUndefined()
  return JSON.parse(stdout).chains
}

/**
 * Repeats: send traffic that writes, kill the server in the midst of it, start a new one, and require that nothing
 * acknowledged is lost, and that the audit log verifies.
 */
async function expectNothingLost(name: string, config: Config, checkIntegrity: () => void): Promise<void> {
  await applyTo(config, fleet.manifest)
  const counts = { revocations: 0, uses: 0, issued: 0, 'events not yet written': 0, lost: 0 }
  const clean = await startReady(config)
  await clean.command.stop()
  const times: number[] = []
  const before = await verifyLog(config)
  let { command } = await startReady(config)
  for (let round = 0; round < ROUNDS; round += 1) {
    const agent = new Agent({ keepAlive: true })
    const { acknowledged, traffic } = startWriting(config.issuer, agent)
    // Enough effects must be acknowledged, however busy the machine is.
    await until(async () => Math.min(acknowledged.revoked.length, acknowledged.used.length) >= 2)
    await sleep(Math.random() * 500)
    await command.stop('SIGKILL')
    const killedAt = performance.now()
    await traffic.stop()
    agent.destroy()
    checkIntegrity()
    await verifyLog(config)

    const restarted = await startReady(config)
    command = restarted.command
    times.push(restarted.took)
    const over = new Agent({ keepAlive: true, maxSockets: 16 })
    const caller = new Caller(config.issuer, over)
    const active = await Promise.all(acknowledged.revoked.map((token) => caller.isActive(token)))
    const replayed = await Promise.all(acknowledged.used.map(async (used) => (await caller.present(used)).status))
    over.destroy()
    const lost = active.filter(Boolean).length + replayed.filter((status) => status !== 401).length
    expect(lost).toBe(0)

    const store = await openStore(config.storage, systemClock, config.storageAccess)
    const recorded = new Set((await store.audit.listEvents({ limit: 200_000 })).map(({ requestId }) => requestId))
    await store.close()
    const bound = AUDIT_BOUND_MS + SLOWEST_REQUESTS * Math.max(...traffic.samples.map(({ elapsed }) => elapsed))
    const unwritten = acknowledged.issued.filter(({ requestId }) => !recorded.has(requestId))
    expect(unwritten.filter(({ at }) => at < killedAt - bound)).toEqual([])
    counts.revocations += acknowledged.revoked.length
    counts.uses += acknowledged.used.length
    counts.issued += acknowledged.issued.length
    counts['events not yet written'] += unwritten.length
    counts.lost += lost
  }
  await command.stop()
  // The last process at least has written to chains of its own.
  expect(await verifyLog(config)).toBeGreaterThan(before)
  report(`SIGKILL, ${name}`, {
    rounds: ROUNDS,
    ...counts,
    'ready after (ms, median)': Math.round(quantile(times, 0.5)),
    'after a clean stop': Math.round(clean.took),
  })
  expect(counts.revocations).toBeGreaterThan(ROUNDS)
  expect(counts.uses).toBeGreaterThan(ROUNDS)
  // Clearing up after a kill takes less than a second.
  expect(quantile(times, 0.5) - clean.took).toBeLessThan(A_SECOND)
}

describe('a server that is killed while it writes loses nothing that it has acknowledged', () => {
  let postgres: TestPostgres
  beforeAll(async () => {
    postgres = await startPostgres()
  })
  afterAll(() => postgres.stop())

  test('SQLite', async () => {
    const { config, folder } = await testConfig()
    const path = config.storage.replace('sqlite:', '')
    await expectNothingLost('SQLite', config, () => {
      const database = new DatabaseSync(path)
      expect(database.prepare('pragma integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
      expect(database.prepare('pragma foreign_key_check').all()).toEqual([])
      database.close()
    })
    rmSync(folder, { recursive: true })
  }, 600_000)

  test('PostgreSQL', async () => {
    const { config, folder } = await testConfig({ storage: await postgres.newSchema() })
    await expectNothingLost('PostgreSQL', config, () => {})
    rmSync(folder, { recursive: true })
  }, 600_000)
})

test('a command that is killed while it writes has written all or nothing', async () => {
  const { config, folder } = await testConfig()
  const many = 200
  const manifestOf = (round: number) =>
    fleet.manifest +
    Array.from({ length: many }, (_, n) => clientLine(`many-${n}`, `subject: "of round ${round}", `)).join('')
  await applyTo(config, manifestOf(0))
  const counts = { rounds: ROUNDS, all: 0, nothing: 0 }
  for (let round = 1; round <= ROUNDS; round += 1) {
    const args = ['apply', '-f', '-']
    const command = startTessera(args, { TESSERA_STORAGE: config.storage }, manifestOf(round))
    // The command takes some 600 ms in all, and its transaction comes last.
    await sleep(200 + Math.random() * 500)
    await command.stop('SIGKILL').catch(() => {})
    const { clients } = await applyTo(config, manifestOf(round))
    expect([0, many]).toContain(clients.length)
    counts[clients.length === 0 ? 'all' : 'nothing'] += 1
  }
  report('SIGKILL of tessera apply', counts)
  rmSync(folder, { recursive: true })
}, 600_000)
