import { rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { metricTable } from '../../../src/observability/table.ts'
import { childrenOf } from '../../harness/children-of.ts'
import { environmentOf, type RunningCommand, startTessera } from '../../harness/cli.ts'
import { MODEL, newSecret, SECRET } from '../../harness/model.ts'
import { scrape } from '../../harness/scrape.ts'
import { applyTo, basic, testConfig } from '../../harness/server.ts'

let command: RunningCommand
let folder: string
let issuer: string
let admin: string
beforeAll(async () => {
  const made = await testConfig()
  folder = made.folder
  const { config } = made
  issuer = config.issuer
  admin = `https://localhost:${config.admin.port}`
  await applyTo(config, MODEL)
  command = startTessera(['serve'], environmentOf(config, { TESSERA_SHUTDOWN_TIMEOUT: '0', TESSERA_WORKERS: '2' }))
  await command.printed(/is served on/)
})
afterAll(async () => {
  await command.stop()
  rmSync(folder, { recursive: true })
})

/** Makes requests over a connection each, because connections go to the workers in turn. */
async function ask(requests: number, secret: string): Promise<void> {
  for (let i = 0; i < requests; i += 1) {
    const response = await fetch(`${issuer}/as/token.oauth2`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'edit' }),
      headers: { ...basic('reporter', secret), connection: 'close' },
    })
    await response.arrayBuffer()
  }
}

test('the log has one line of the start, with the first questions to answer', () => {
  const lines = command
    .output()
    .split('\n')
    .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []))
  expect(lines.filter(({ msg }) => msg === 'started')).toEqual([
    {
      level: 30,
      time: expect.any(Number),
      msg: 'started',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      issuer,
      listeners: { runtime: issuer, admin },
      storage: 'sqlite',
      workers: 2,
    },
  ])
})

test('the counters of all workers add up, and shared values count once', async () => {
  await ask(8, SECRET)
  await ask(3, newSecret())
  const { value, types } = await scrape(admin)
  expect(value('tessera_requests_total', { endpoint: 'token', status: '200' })).toBe(8)
  expect(value('tessera_requests_total', { endpoint: 'token', status: '401' })).toBe(3)
  expect(value('tessera_request_duration_seconds_count', { endpoint: 'token' })).toBe(11)
  // Each worker had to load the client, so that both were asked.
  expect(value('tessera_directory_lookups_total', { result: 'miss' })).toBe(2)
  expect(value('tessera_keys', { algorithm: 'ES256', state: 'active' })).toBe(1)
  expect(value('tessera_build_info')).toBe(1)
  expect(value('tessera_audit_events_capacity')).toBe(100_000)
  expect([value('tessera_workers_configured'), value('tessera_workers_ready')]).toEqual([2, 2])
  expect(value('tessera_workers_ended_total')).toBe(0)
  expect(value('process_start_time_seconds', { role: 'primary' })).toBeGreaterThan(1e9)
  expect(value('process_resident_memory_bytes', { role: 'worker' })).toBeGreaterThan(20e6)
  expect([...types.keys()].filter((name) => name.startsWith('tessera_'))).toEqual(Object.keys(metricTable))
})

test('the counters of a worker survive its end', async () => {
  const before = await scrape(admin)
  const [victim = 0] = childrenOf(command.child.pid)
  process.kill(victim, 'SIGKILL')
  await command.printed(/another takes its place/)
  const after = await scrape(admin)
  for (const { name, labels, value } of before.samples) {
    const metric = name.replace(/_(bucket|sum|count)$/, '')
    if (before.types.get(metric) === 'gauge' || !metric.startsWith('tessera_')) continue
    expect(after.value(name, labels), `${name} ${JSON.stringify(labels)}`).toBeGreaterThanOrEqual(value)
  }
  expect(after.value('tessera_workers_ended_total')).toBe(1)
  expect(after.value('tessera_directory_clients')).toBe(1)
  for (;;) if ((await scrape(admin)).value('tessera_workers_ready') === 2) break
  await ask(4, SECRET)
  expect((await scrape(admin)).value('tessera_requests_total', { endpoint: 'token', status: '200' })).toBe(12)
})
