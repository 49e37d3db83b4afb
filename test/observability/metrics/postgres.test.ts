import { afterAll, beforeAll, expect, test } from 'vitest'
import { MODEL, SECRET } from '../../harness/model.ts'
import { startPostgres, type TestPostgres } from '../../harness/postgres.ts'
import { scrape } from '../../harness/scrape.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'

let postgres: TestPostgres
let server: TestServer
beforeAll(async () => {
  postgres = await startPostgres()
  const storage = await postgres.newDatabase()
  server = await startTestServer({ manifest: MODEL, options: { storage, 'shutdown.timeout': '0' } })
})
afterAll(async () => {
  await server.stop()
  await postgres.stop()
})

test('with PostgreSQL, connections have labels for pool and state, and failing calls are separate', async () => {
  const form = { grant_type: 'client_credentials', scope: 'edit' }
  expect((await server.token(form, basic('reporter', SECRET))).status).toBe(200)
  const up = await scrape(server.admin)
  expect(up.value('tessera_build_info', { storage: 'postgres' })).toBe(1)
  expect(up.text).not.toMatch(/127\.0\.0\.1|postgres:/)
  const open = (pool: string) => {
    const [busy = 0, idle = 0] = ['busy', 'idle'].map((state) =>
      up.value('tessera_database_connections', { pool, state }),
    )
    return busy + idle
  }
  expect(open('prompt')).toBeGreaterThan(0)
  expect(open('patient')).toBeGreaterThan(0)
  expect(up.value('tessera_database_connections', { state: 'waiting' })).toBe(0)
  expect(up.value('tessera_database_calls_total', { result: 'unavailable' })).toBe(0)

  const start = await postgres.down()
  expect((await server.token(form, basic('auditor', SECRET))).status).toBe(503)
  const away = await scrape(server.admin)
  expect(away.value('tessera_database_calls_total', { store: 'directory', result: 'unavailable' })).toBe(1)
  expect(away.value('tessera_database_calls_total', { result: 'error' })).toBe(0)
  expect(away.value('tessera_refusals_total', { reason: 'storage_unavailable' })).toBe(1)
  await start()
})
