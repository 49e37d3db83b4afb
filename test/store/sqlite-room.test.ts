import { copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { AuditEvent } from '../../src/audit/event.ts'
import { backup } from '../../src/cli/backup.ts'
import { storageCompact } from '../../src/cli/storage.ts'
import { DEFAULT_TENANT } from '../../src/oauth/ids.ts'
import { cleanUp } from '../../src/platform/clean-up.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { openDatabase, openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/tables/sql-store.ts'
import { runCommand } from '../harness/command.ts'

const MB = 1024 * 1024
const PAGE = 4_096

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-room-'))
  path = join(folder, 'tessera.db')
})
afterEach(() => rmSync(folder, { recursive: true }))

const event = (at: number): AuditEvent => ({
  ...{ remoteAddress: '::1', requestId: 'r', clientId: 'a', traceId: undefined, reason: undefined },
  ...{ tenant: DEFAULT_TENANT, type: 'token.issue', result: 'success', at, detail: { user_agent: 'x'.repeat(2_000) } },
})
const open = (at = path) => openStore(`sqlite:${at}`, systemClock)
const fileSize = (end = '') => statSync(path + end).size

/** Writes `count` events of about 2 KB each. */
async function write({ audit }: Store, count: number, at: number): Promise<void> {
  for (let written = 0; written < count; written += 256)
    await audit.append(Array.from({ length: 256 }, () => event(at)))
}

const pragma = (name: string, at = path): number => {
  const database = new DatabaseSync(at, { readOnly: true })
  const value = Object.values(database.prepare(`pragma ${name}`).get() ?? {})[0]
  database.close()
  return Number(value)
}

/** A database as earlier versions made it, which kept free pages. */
async function makeOldDatabase(): Promise<void> {
  await open().then((store) => store.close())
  const database = new DatabaseSync(path)
  database.exec('pragma journal_mode = delete; pragma auto_vacuum = none; vacuum')
  database.close()
  const store = await open()
  await write(store, 10_000, 1)
  await write(store, 256, 3)
  await cleanUp((most) => store.audit.pruneBefore(2, most))
  await store.close()
  expect(pragma('auto_vacuum')).toBe(0)
  expect(pragma('freelist_count') * PAGE).toBeGreaterThan(15 * MB)
}

describe('an SQLite database', () => {
  test('gives back the space that clean-up freed, while it serves, and keeps some', async () => {
    const store = await open()
    await write(store, 20_000, 1)
    await write(store, 1_024, 3)
    const end = store.startUpkeep()
    await vi.waitFor(() => expect(fileSize()).toBeGreaterThan(40 * MB), { timeout: 20_000 })
    await cleanUp((most) => store.audit.pruneBefore(2, most))
    let written = 1_024
    const shrunk = async () => {
      await store.audit.append([event(3)])
      written += 1
      expect((await store.directory.loadApis()).found).toEqual([])
      expect(fileSize()).toBeLessThan(10 * MB)
    }
    await vi.waitFor(shrunk, { timeout: 60_000, interval: 200 })
    await end()
    expect(await store.audit.listEvents({ limit: 1_000_000 })).toHaveLength(written)
    expect(pragma('freelist_count')).toBeGreaterThan(500)
    await store.close()
    const database = new DatabaseSync(path, { readOnly: true })
    expect(database.prepare('pragma integrity_check').get()).toEqual({ integrity_check: 'ok' })
    database.close()
  }, 120_000)

  test('gives back nothing while little is free', async () => {
    const store = await open()
    await write(store, 700, 1)
    await cleanUp((most) => store.audit.pruneBefore(2, most))
    await store.close()
    const [free, size] = [pragma('freelist_count'), fileSize()]
    expect(free).toBeGreaterThan(100)
    const again = await open()
    const end = again.startUpkeep()
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    await end()
    await again.close()
    expect([pragma('freelist_count'), fileSize()]).toEqual([free, size])
  })

  test('of an earlier version gives back space after it was compacted', async () => {
    await makeOldDatabase()
    const before = fileSize()
    const compacted = await runCommand({ TESSERA_STORAGE: `sqlite:${path}` }, () => storageCompact({ json: true }))
    expect(compacted.error).toBeUndefined()
    expect(JSON.parse(compacted.stdout)).toEqual({ bytes_before: before, bytes: fileSize() })
    expect(fileSize()).toBeLessThan(2 * MB)
    expect(pragma('auto_vacuum')).toBe(2)
    const store = await open()
    expect(await store.audit.listEvents({ limit: 1_000 })).toHaveLength(256)
    await store.close()
  })

  test('of an earlier version gives back space after a backup and restore', async () => {
    await makeOldDatabase()
    const to = join(folder, 'backup.db')
    const backedUp = await runCommand({ TESSERA_STORAGE: `sqlite:${path}` }, () => backup({ to }))
    expect(backedUp.error).toBeUndefined()
    expect(pragma('auto_vacuum', to)).toBe(2)
    expect(statSync(to).size).toBeLessThan(2 * MB)
  })

  test('has a short log again after one large write', async () => {
    const db = await openDatabase(`sqlite:${path}`, systemClock)
    const end = db.startUpkeep()
    await db.logs.transaction().execute(async (trx) => {
      const event = { type: 'token.issue', result: 'success', request_id: 'r', at: 1, detail: 'x'.repeat(100_000) }
      const row = { tenant: DEFAULT_TENANT, ...event }
      for (let part = 0; part < 80; part += 1)
        await trx
          .insertInto('audit_event')
          .values(Array.from({ length: 10 }, () => row))
          .execute()
    })
    expect(fileSize('-wal')).toBeGreaterThan(64 * MB)
    let value = 0
    const shortened = async () => {
      value += 1
      await db.logs.updateTable('counter').set({ value }).execute()
      expect(fileSize('-wal')).toBeLessThanOrEqual(33 * MB)
    }
    await vi.waitFor(shortened, { timeout: 20_000, interval: 200 })
    await end()
    await db.close()
  })
})

const refused: [string, () => Promise<{ storage: string; end(): Promise<void> | void }>, RegExp][] = [
  ['that doesn’t exist', async () => ({ storage: `sqlite:${path}`, end: () => {} }), /there is no such database/],
  [
    'that a server has open',
    async () => {
      const store = await open()
      await store.directory.loadApis()
      return { storage: `sqlite:${path}`, end: () => store.close() }
    },
    /is in use: stop every server/,
  ],
  [
    'that is damaged',
    async () => {
      copyFileSync(import.meta.filename, path)
      return { storage: `sqlite:${path}`, end: () => {} }
    },
    /file is not a database/,
  ],
  [
    'of PostgreSQL',
    async () => ({ storage: 'postgres://tessera@127.0.0.1:1/tessera', end: () => {} }),
    /reclaims its unused space by itself/,
  ],
]

test.each(refused)('tessera storage compact refuses a database %s, and changes nothing', async (_, make, message) => {
  const { storage, end } = await make()
  expect((await runCommand({ TESSERA_STORAGE: storage }, () => storageCompact({}))).error).toMatch(message)
  await end()
})
