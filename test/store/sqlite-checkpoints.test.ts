import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { AuditEvent } from '../../src/audit/event.ts'
import { DEFAULT_TENANT } from '../../src/oauth/ids.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/tables/sql-store.ts'

const MB = 1024 * 1024

let folder: string
let path: string
let store: Store

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-checkpoints-'))
  path = join(folder, 'tessera.db')
  store = await openStore(`sqlite:${path}`, systemClock)
})

afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

const event: AuditEvent = {
  tenant: DEFAULT_TENANT,
  at: 1,
  type: 'token.issue',
  result: 'success',
  reason: undefined,
  clientId: 'a',
  remoteAddress: '::1',
  requestId: 'r',
  traceId: undefined,
  detail: { user_agent: 'x'.repeat(2_000) },
}

const databaseSize = (): number => statSync(path).size
const logSize = (): number => statSync(`${path}-wal`).size

/** Commits about 6 MB in a hundred transactions. */
async function writeMuch(): Promise<void> {
  for (let batch = 0; batch < 100; batch += 1) await store.audit.append(Array.from({ length: 25 }, () => event))
}

test('commits never wait for a checkpoint: it runs beside them, and the log restarts', async () => {
  await writeMuch()
  expect(databaseSize()).toBeLessThan(MB)
  expect(logSize()).toBeGreaterThan(5 * MB)

  const end = store.startUpkeep()
  await vi.waitFor(() => expect(databaseSize()).toBeGreaterThan(5 * MB), { timeout: 20_000 })
  // After a sync, the next write restarts the log, which then stops growing.
  let written = 2_500
  const writeMore = async () => {
    const before = logSize()
    await writeMuch()
    written += 2_500
    expect(logSize()).toBe(before)
  }
  await vi.waitFor(writeMore, { timeout: 20_000, interval: 500 })
  await end()
  expect(await store.audit.listEvents({ limit: 1_000_000 })).toHaveLength(written)
})

test('the log also restarts under a load that never pauses', async () => {
  const end = store.startUpkeep()
  // About 12 MB a second, without a pause long enough for a checkpoint to finish.
  for (let written = 0; written < 60 * MB; written += 25 * 2_400) {
    await store.audit.append(Array.from({ length: 25 }, () => event))
    await new Promise((resolve) => setTimeout(resolve, 4))
  }
  // Above 16 MB, writers wait once the size is checked.
  expect(logSize()).toBeLessThan(45 * MB)
  await end()
})

test('a database with few writes needs no checkpoint and no thread', async () => {
  const started = vi.spyOn(Worker.prototype, 'postMessage')
  const end = store.startUpkeep()
  await store.audit.append([event])
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  expect(started).not.toHaveBeenCalled()
  await end()
  started.mockRestore()
})
