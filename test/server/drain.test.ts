import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { Agent } from 'node:https'
import { connect } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import { openStore } from '../../src/store/open.ts'
import { environmentOf, type RunningCommand, startTessera } from '../harness/cli.ts'
import { MODEL, SECRET } from '../harness/model.ts'
import { type Answer, postOver } from '../harness/post.ts'
import { runTessera } from '../harness/program.ts'
import { applyTo, basic, testConfig } from '../harness/server.ts'
import { A_SECOND } from '../harness/until.ts'

const running: RunningCommand[] = []
const folders: string[] = []
afterEach(async () => {
  for (const command of running.splice(0)) await command.stop('SIGKILL')
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

/** Starts a `tessera serve` process. */
async function serve(changes: Readonly<Record<string, string>> = {}) {
  const { config, folder } = await testConfig()
  folders.push(folder)
  await applyTo(config, MODEL)
  const env = environmentOf(config, { TESSERA_SHUTDOWN_TIMEOUT: '15', ...changes })
  const command = startTessera(['serve'], env)
  running.push(command)
  await command.printed(/is served on/)
  return { config, env, command }
}

/** Makes a token request over the agent's connections. */
const ask = (agent: Agent, issuer: string): Promise<Answer> =>
  postOver(
    agent,
    `${issuer}/as/token.oauth2`,
    { grant_type: 'client_credentials', scope: 'edit' },
    basic('reporter', SECRET),
  )

test('SIGTERM under load: no request that reached the server fails, and every one is in the audit log', async () => {
  const { config, command } = await serve()
  const answers: Answer[] = []
  const failures: NodeJS.ErrnoException[] = []
  let stopping = false
  const clients = Array.from({ length: 16 }, async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (;;) {
      try {
        answers.push(await ask(agent, config.issuer))
      } catch (error) {
        failures.push(error as NodeJS.ErrnoException)
        if (stopping) break
      }
    }
    agent.destroy()
  })
  while (answers.length < 500) await new Promise((resolve) => setTimeout(resolve, 10))
  stopping = true
  expect(await command.stop('SIGTERM')).toBe(0)
  await Promise.all(clients)

  expect(answers.filter(({ status }) => status !== 200)).toEqual([])
  // A refused connection reached no server.
  expect(failures.filter(({ code, syscall }) => !(code === 'ECONNREFUSED' && syscall === 'connect'))).toEqual([])

  const store = await openStore(config.storage, systemClock)
  const recorded = await store.audit.listEvents({ limit: 1_000_000 })
  await store.close()
  const issued = new Set(recorded.filter(({ type }) => type === 'token.issue').map(({ requestId }) => requestId))
  expect(answers.filter(({ requestId }) => !issued.has(requestId))).toEqual([])
  expect(issued.size).toBe(answers.length)
})

test('a second server learns of the first one’s changes within a second, and both write one audit log', async () => {
  const first = await serve()
  const { config } = await testConfig()
  const env = {
    ...first.env,
    TESSERA_ISSUER: config.issuer,
    TESSERA_RUNTIME_PORT: String(config.runtime.port),
    TESSERA_ADMIN_PORT: String(config.admin.port),
  }
  const second = startTessera(['serve'], env)
  running.push(second)
  await second.printed(/is served on/)

  const agent = new Agent()
  const issuers = [first.config.issuer, config.issuer]
  for (const issuer of issuers) expect((await ask(agent, issuer)).status).toBe(200)

  const disabled = MODEL.replace('client_id: reporter,', 'client_id: reporter, enabled: false,')
  expect(
    (await runTessera(['apply', '-f', '-', '--allow-destroy'], { TESSERA_STORAGE: first.config.storage }, disabled))
      .code,
  ).toBe(0)
  const start = performance.now()
  for (const issuer of issuers) {
    while ((await ask(agent, issuer)).status !== 401) {
      if (performance.now() - start > 5_000) throw new Error(`${issuer} goes on`)
    }
  }
  expect(performance.now() - start).toBeLessThan(A_SECOND)

  expect(await first.command.stop()).toBe(0)
  expect(await second.stop()).toBe(0)
  const tail = await runTessera(['audit', 'tail', '--json', '--client', 'reporter'], {
    TESSERA_STORAGE: first.config.storage,
  })
  const events = tail.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { result: string; reason?: string })
  expect(events.filter(({ result }) => result === 'success').length).toBeGreaterThanOrEqual(2)
  expect(events.at(-1)).toMatchObject({ result: 'refused', reason: 'client_disabled' })
})

test('readiness changes before the listeners close, and gives the reason', async () => {
  const { config, command } = await serve()
  const ready = () => fetch(`https://localhost:${config.admin.port}/readyz`)
  expect(await (await ready()).json()).toEqual({ status: 'ok' })
  // An idle connection keeps the drain open for a moment.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  await ask(agent, config.issuer)
  const stopped = command.stop('SIGTERM')
  await command.printed(/shutting down/)
  const draining = await ready()
  expect(draining.status).toBe(503)
  expect(await draining.json()).toEqual({ status: 'unavailable', reasons: ['the server is shutting down'] })
  expect(await stopped).toBe(0)
  await expect(ready()).rejects.toThrow()
  agent.destroy()
})

test.each([1, 2])(
  'with shutdown.delay, %i worker(s) serve for that long while readiness is negative',
  async (workers) => {
    const { config, command } = await serve({ TESSERA_WORKERS: String(workers), TESSERA_SHUTDOWN_DELAY: '2' })
    const stopped = command.stop('SIGTERM')
    await command.printed(/shutting down/)
    const start = performance.now()
    const statuses = new Set<number>()
    while (performance.now() - start < 1_500) {
      // A new connection, as from a load balancer that doesn't know yet.
      const agent = new Agent()
      statuses.add((await ask(agent, config.issuer)).status)
      expect((await fetch(`https://localhost:${config.admin.port}/readyz`)).status).toBe(503)
    }
    expect(statuses).toEqual(new Set([200]))
    expect(await stopped).toBe(0)
    expect(performance.now() - start).toBeGreaterThan(1_900)
  },
)

test('a silent connection doesn’t delay the end', async () => {
  const { config, command } = await serve({ TESSERA_SHUTDOWN_TIMEOUT: '1' })
  const silent = connect(config.runtime.port, 'localhost')
  await once(silent, 'connect')
  const start = performance.now()
  expect(await command.stop('SIGTERM')).toBe(0)
  // Well before the ten seconds of the handshake timeout.
  expect(performance.now() - start).toBeLessThan(6_000)
  silent.destroy()
})
