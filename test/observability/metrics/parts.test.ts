import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { StorageUnavailable } from '../../../src/platform/storage-unavailable.ts'
import { openStore } from '../../../src/store/open.ts'
import { formOf } from '../../harness/assertions.ts'
import { standingClock } from '../../harness/clock.ts'
import { hashFast, hashSlowly } from '../../harness/hash-cost.ts'
import { MODEL, newSecret, oneApi, SECRET } from '../../harness/model.ts'
import { makeProof } from '../../harness/proofs.ts'
import { scrape } from '../../harness/scrape.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'
import { makeCertificate, sendJson, startSource } from '../../harness/source.ts'
import { makeSigner, signWith } from '../../harness/tokens.ts'

const servers: TestServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
})

async function start(options: NonNullable<Parameters<typeof startTestServer>[0]>): Promise<TestServer> {
  const server = await startTestServer({ ...options, options: { 'shutdown.timeout': '0', ...options.options } })
  servers.push(server)
  return server
}

const grant = { grant_type: 'client_credentials', scope: 'edit' }
const API = oneApi('edit')

test('the directory: a client is one miss, also an unknown one', async () => {
  const server = await start({ manifest: MODEL })
  for (let i = 0; i < 3; i += 1) await server.token(grant, basic('reporter', SECRET))
  for (let i = 0; i < 2; i += 1) await server.token(grant, basic('nobody', newSecret()))
  const { value } = await scrape(server.admin)
  expect(value('tessera_directory_lookups_total', { result: 'miss' })).toBe(2)
  expect(value('tessera_directory_lookups_total', { result: 'hit' })).toBe(3)
  expect(value('tessera_directory_clients')).toBe(1)
})

test('replay marks: the first use is written, the second refused', async () => {
  const server = await start({ manifest: MODEL })
  const proof = await makeProof(`${server.issuer}/as/token.oauth2`)
  const statuses: number[] = []
  for (let i = 0; i < 3; i += 1)
    statuses.push((await server.token(grant, { ...basic('reporter', SECRET), dpop: proof })).status)
  expect(statuses).toEqual([200, 400, 400])
  const { value } = await scrape(server.admin)
  expect(value('tessera_replay_marks_total', { result: 'written' })).toBe(1)
  expect(value('tessera_replay_marks_total', { result: 'refused' })).toBe(2)
  expect(value('tessera_cache_entries', { cache: 'proof_key' })).toBe(1)
})

test('guesses: the delayed ones', async () => {
  const clock = standingClock()
  const manifest = `${API}\nclients: [{ client_id: chosen, scopes: [edit], credentials: [{ secret: correct horse }] }]`
  const server = await start({ manifest, clock })
  for (let guess = 0; guess < 8; guess += 1) await server.token(grant, basic('chosen', `wrong ${guess}`))
  const { value } = await scrape(server.admin)
  expect(value('tessera_guesses_refused_total', { by: 'client_at_address' })).toBe(3)
  expect(value('tessera_guesses_refused_total', { by: 'client' })).toBe(0)
  expect(value('tessera_refusals_total', { reason: 'too_many_guesses' })).toBe(3)
})

test('slow hashes: running and waiting ones', async () => {
  hashSlowly()
  onTestFinished(hashFast)
  const manifest = `${API}\nclients: [{ client_id: chosen, scopes: [edit], credentials: [{ secret: correct horse }] }]`
  const server = await start({ manifest })
  const atOnce = Math.max(1, Math.min(3, availableParallelism() - 1))
  let left = atOnce + 2
  // The guesses are at different clients, because only a few may wait for one. All of them arrive before any hash ends.
  const answers = Array.from({ length: left }, async (_, index) => {
    await server.token(grant, basic(`guesser-${index}`, 'wrong'))
    left -= 1
  })
  const seen: (number | undefined)[][] = []
  while (left > 0) {
    const { value } = await scrape(server.admin)
    seen.push([value('tessera_secret_hashes_running'), value('tessera_secret_hashes_waiting')])
  }
  await Promise.all(answers)
  expect(seen).toContainEqual([atOnce, 2])
  const { value } = await scrape(server.admin)
  expect([value('tessera_secret_hashes_running'), value('tessera_secret_hashes_waiting')]).toEqual([0, 0])
})

test('keys: by algorithm and state, with the times of the last and the next activation', async () => {
  const clock = standingClock()
  const day = 86_400
  const options = { 'keys.rotate_every': String(30 * day), 'keys.publish_before': String(day) }
  const server = await start({ manifest: MODEL, clock, options })
  const { value } = await scrape(server.admin)
  const ES256 = { algorithm: 'ES256' }
  const keys = ['pending', 'active', 'retiring', 'revoked'].map((state) => value('tessera_keys', { ...ES256, state }))
  expect(keys).toEqual([0, 1, 0, 0])
  expect(value('tessera_key_activated_timestamp_seconds', ES256)).toBe(clock.seconds())
  expect(value('tessera_key_next_rotation_timestamp_seconds', ES256)).toBe(clock.seconds() + 30 * day)
})

test('credentials by the days until their expiry', async () => {
  const expires = new Date(Date.now() + 5 * 86_400_000).toISOString()
  const credentials = `credentials: [{ secret: ${newSecret()}, expires: "${expires}" }]`
  const server = await start({ manifest: `${API}\nclients: [{ client_id: job, scopes: [edit], ${credentials} }]` })
  const { value } = await scrape(server.admin)
  const counts = ['1', '7', '30'].map((within_days) => value('tessera_credentials_expiring', { within_days }))
  expect(counts).toEqual([0, 1, 1])
})

describe('a database that fails', () => {
  test('is counted by store and kind; the audit events wait, and are written once it works', async () => {
    const state = { isAway: false }
    const server = await start({
      manifest: MODEL,
      open: async (...args: Parameters<typeof openStore>) => {
        const store = await openStore(...args)
        const append = store.audit.append.bind(store.audit)
        store.audit.append = async (events) => {
          if (state.isAway) throw new StorageUnavailable(undefined)
          await append(events)
        }
        return store
      },
    })
    state.isAway = true
    for (let i = 0; i < 3; i += 1) await server.token(grant, basic('reporter', SECRET))
    const until = async (isSo: (scraped: Awaited<ReturnType<typeof scrape>>) => boolean) => {
      for (;;) {
        const scraped = await scrape(server.admin)
        if (isSo(scraped)) return scraped
      }
    }
    const away = await until(({ value }) => (value('tessera_audit_batches_failed_total') ?? 0) > 0)
    expect(away.value('tessera_audit_events_waiting')).toBeGreaterThanOrEqual(3)
    expect(away.value('tessera_database_calls_total', { store: 'audit', result: 'unavailable' })).toBeGreaterThan(0)
    expect(away.value('tessera_database_calls_total', { store: 'keys', result: 'unavailable' })).toBe(0)
    state.isAway = false
    const back = await until(({ value }) => value('tessera_audit_events_waiting') === 0)
    expect(back.value('tessera_audit_events_written_total')).toBeGreaterThanOrEqual(3)
  })
})

test('keys at a URL: fetches, failures, and uses after expiry', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-metrics-'))
  const certificate = await makeCertificate('keys.example.com')
  writeFileSync(join(folder, 'ca.pem'), certificate.cert)
  const signer = await makeSigner('ES256', { kid: 'one' })
  const state = { isDown: false }
  const source = await startSource(certificate, (_request, response) => {
    if (state.isDown) response.writeHead(500).end()
    else sendJson(response, { keys: [signer.publicJwk] }, { 'cache-control': 'max-age=300' })
  })
  const clock = standingClock()
  const url = source.url('/jwks', 'keys.example.com')
  const server = await start({
    manifest: `${API}\nclients: [{ client_id: remote, scopes: [edit], credentials: [{ jwks_uri: "${url}" }] }]`,
    clock,
    options: { 'outbound.allow': '127.0.0.1', 'outbound.ca': join(folder, 'ca.pem') },
    lookup: async () => [{ address: '127.0.0.1', family: 4 }],
  })
  let used = 0
  const ask = async () => {
    used += 1
    const now = Math.floor(clock.now() / 1000)
    const claims = { iss: 'remote', sub: 'remote', aud: server.issuer, jti: `${used}`, iat: now, exp: now + 60 }
    return (await server.token(formOf(await signWith(signer, claims), { scope: 'edit' }))).status
  }
  expect(await ask()).toBe(200)
  state.isDown = true
  clock.advance(3_600_000)
  expect(await ask()).toBe(200)
  const { value } = await scrape(server.admin)
  const fetches = (result: string) => value('tessera_remote_keys_fetches_total', { document: 'key_set', result })
  expect([fetches('fetched'), fetches('status')]).toEqual([1, 1])
  expect(value('tessera_remote_keys_stale_served_total', { document: 'key_set' })).toBeGreaterThanOrEqual(1)
  expect(value('tessera_remote_keys_sources_failing', { document: 'key_set' })).toBe(1)
  expect(value('tessera_remote_keys_sources_failing', { document: 'metadata' })).toBe(0)
  await source.stop()
  rmSync(folder, { recursive: true })
})
