import { rmSync } from 'node:fs'
import { Agent } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/platform/clock.ts'
import { openStore } from '../../../src/store/open.ts'
import { claimsOf, formOf } from '../../harness/assertions.ts'
import { childrenOf } from '../../harness/children-of.ts'
import { environmentOf, type RunningCommand, startTessera, tessera } from '../../harness/cli.ts'
import { MODEL, SECRET } from '../../harness/model.ts'
import { type Answer, postOver } from '../../harness/post.ts'
import { applyTo, basic, testConfig } from '../../harness/server.ts'
import { signWith } from '../../harness/tokens.ts'
import { until } from '../../harness/until.ts'

const SHARED = 'a sentence that somebody chose, of 32 bytes and more'
const CHOSEN = `${MODEL}  - { client_id: chosen, scopes: [edit], credentials: [{ secret: correct horse }] }
  - { client_id: signing, scopes: [edit], credentials: [{ retrievable: true, secret: "${SHARED}" }] }
`

const running: RunningCommand[] = []
const folders: string[] = []
afterEach(async () => {
  for (const command of running.splice(0)) await command.stop('SIGKILL')
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

const TWO = { TESSERA_WORKERS: '2', TESSERA_SHUTDOWN_TIMEOUT: '5' }

async function serve() {
  const { config, folder } = await testConfig()
  folders.push(folder)
  await applyTo(config, CHOSEN)
  const command = startTessera(['serve'], environmentOf(config, TWO))
  running.push(command)
  await command.printed(/is served on/)
  return { config, command, admin: `https://localhost:${config.admin.port}` }
}

/** Makes a token request over the agent's connections. */
const ask = (agent: Agent, issuer: string, authorization = basic('reporter', SECRET)): Promise<Answer> =>
  postOver(agent, `${issuer}/as/token.oauth2`, { grant_type: 'client_credentials', scope: 'edit' }, authorization)

/** Sends requests over several connections until stopped. Lost ones are counted and repeated. */
function load(issuer: string, connections: number) {
  const answers: Answer[] = []
  const state = { isOver: false, lost: 0 }
  const clients = Array.from({ length: connections }, async () => {
    let agent = new Agent({ keepAlive: true, maxSockets: 1 })
    while (!state.isOver) {
      try {
        answers.push(await ask(agent, issuer))
      } catch {
        state.lost += 1
        agent.destroy()
        agent = new Agent({ keepAlive: true, maxSockets: 1 })
      }
    }
    agent.destroy()
  })
  return {
    answers,
    lost: () => state.lost,
    end: async () => {
      state.isOver = true
      await Promise.all(clients)
    },
  }
}

async function recordedIds(storage: string): Promise<Set<string>> {
  const store = await openStore(storage, systemClock)
  const events = await store.audit.listEvents({ limit: 100_000 })
  await store.close()
  return new Set(events.map(({ requestId }) => requestId))
}

describe('two workers', () => {
  test('one killed under load is replaced, and every answer keeps its event', async () => {
    const { config, command, admin } = await serve()
    const work = load(config.issuer, 8)
    const before = childrenOf(command.child.pid)
    expect(before).toHaveLength(2)
    for (let round = 0; round < 3; round += 1) {
      await sleep(500)
      const [victim = 0] = childrenOf(command.child.pid)
      process.kill(victim, 'SIGKILL')
      await command.printed(new RegExp(`"worker":${victim},.*another takes its place`))
    }
    const deadline = performance.now() + 20_000
    // A started process may not listen yet.
    const isWhole = async () =>
      childrenOf(command.child.pid).length === 2 && (await fetch(`${admin}/readyz`)).status === 200
    while (!(await isWhole()) && performance.now() < deadline) await sleep(50)
    await work.end()
    expect(await isWhole()).toBe(true)
    expect(await command.stop()).toBe(0)
    expect(work.answers.length).toBeGreaterThan(10)
    expect(new Set(work.answers.map(({ status }) => status))).toEqual(new Set([200]))
    const recorded = await recordedIds(config.storage)
    expect(work.answers.filter(({ requestId }) => !recorded.has(requestId))).toEqual([])
  })

  test('one that hangs is replaced, and does not hold up a reload', async () => {
    const { command, admin } = await serve()
    const [victim = 0] = childrenOf(command.child.pid)
    process.kill(victim, 'SIGSTOP')
    command.child.kill('SIGHUP')
    await command.printed(new RegExp(`"worker":${victim},.*does not answer`))
    await command.printed(/"worker":\d+,"ended":"SIGKILL",.*another takes its place/)
    await command.printed(/reloaded the configuration/)
    await until(async () => !childrenOf(command.child.pid).includes(victim))
    await until(async () => (await (await fetch(`${admin}/metrics`)).text()).includes('\ntessera_workers_ready 2\n'))
    expect(await command.stop()).toBe(0)
  })

  test('SIGTERM under load: no request fails, and every one is in the audit log', async () => {
    const { config, command } = await serve()
    const work = load(config.issuer, 8)
    await sleep(500)
    const answered = work.answers.length
    expect(answered).toBeGreaterThan(0)
    // A connection refused after the listeners have closed is no lost answer.
    const stopped = command.stop()
    await sleep(100)
    await work.end()
    expect(await stopped).toBe(0)
    expect(new Set(work.answers.map(({ status }) => status))).toEqual(new Set([200]))
    const recorded = await recordedIds(config.storage)
    expect(work.answers.filter(({ requestId }) => !recorded.has(requestId))).toEqual([])
  })

  test('count guesses together, whichever worker gets them', async () => {
    const { config } = await serve()
    // One connection each, since they go to the workers in turn. All at once, since a slow hash may outlast the first
    // wait.
    const statuses = await Promise.all(
      Array.from({ length: 8 }, async (_, guess) => {
        const agent = new Agent()
        const { status } = await ask(agent, config.issuer, basic('chosen', `wrong ${guess}`))
        agent.destroy()
        return status
      }),
    )
    expect(statuses.toSorted()).toEqual([401, 401, 401, 401, 401, 429, 429, 429])
  })

  test('count guesses by MAC together with the others, and don’t count right ones, however many come at once', async () => {
    const { config } = await serve()
    const ask = async (agent: Agent, secret: string): Promise<number> => {
      const claims = claimsOf(config.issuer, 'signing', Math.floor(Date.now() / 1000))
      const assertion = await signWith({ alg: 'HS256', privateKey: Buffer.from(secret) }, claims)
      return (await postOver(agent, `${config.issuer}/as/token.oauth2`, formOf(assertion))).status
    }
    const agent = new Agent({ maxSockets: 40 })
    const right = await Promise.all(Array.from({ length: 40 }, () => ask(agent, SHARED)))
    expect(new Set(right)).toEqual(new Set([200]))
    const statuses: number[] = []
    for (let guess = 0; guess < 8; guess += 1) statuses.push(await ask(agent, SHARED.replace('32', `${guess}9`)))
    statuses.push(await ask(agent, SHARED))
    agent.destroy()
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429, 429, 429])
  })

  test('end when their primary is killed', async () => {
    const { command } = await serve()
    const workers = childrenOf(command.child.pid)
    await command.stop('SIGKILL')
    const isAlive = (pid: number) => {
      try {
        process.kill(pid, 0)
        return true
      } catch {
        return false
      }
    }
    const deadline = performance.now() + 10_000
    while (workers.some(isAlive) && performance.now() < deadline) await sleep(50)
    expect(workers.filter(isAlive)).toEqual([])
  })

  test('report in one line why they can’t start', async () => {
    const { config, folder } = await testConfig()
    folders.push(folder)
    await applyTo(config, MODEL)
    const first = startTessera(['serve'], environmentOf(config, TWO))
    running.push(first)
    await first.printed(/is served on/)
    const { config: other, folder: otherFolder } = await testConfig()
    folders.push(otherFolder)
    const env = { ...environmentOf(config, TWO), TESSERA_ADMIN_PORT: String(other.admin.port) }
    const { code, stderr } = await tessera(['serve'], { env })
    expect(code).toBe(1)
    expect(stderr).toContain(`port ${config.runtime.port} is in use`)
  })
})
