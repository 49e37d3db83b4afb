import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { ClientId } from '../../src/oauth/ids.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { openStore } from '../../src/store/open.ts'
import { storeContract } from './contract.ts'

const newFolder = () => mkdtempSync(join(tmpdir(), 'tessera-store-'))

storeContract('SQLite', async () => {
  const folder = newFolder()
  return {
    open: (clock) => openStore(`sqlite:${join(folder, 'tessera.db')}`, clock),
    destroy: async () => rmSync(folder, { recursive: true }),
  }
})

test('a write of another process is waited for, and the event loop goes on meanwhile', async () => {
  const folder = newFolder()
  const path = join(folder, 'tessera.db')
  const store = await openStore(`sqlite:${path}`, systemClock)
  const other = new DatabaseSync(path)
  other.exec('begin immediate')
  let turns = 0
  const ticking = setInterval(() => {
    turns += 1
  }, 5)
  const event = {
    at: 1,
    type: 'token.issue',
    result: 'success',
    reason: undefined,
    clientId: 'a',
    remoteAddress: '::1',
    requestId: 'r',
    traceId: undefined,
    detail: {},
  } as const
  const written = store.audit.append([event])
  await new Promise((resolve) => setTimeout(resolve, 300))
  // Whoever reads does not wait for who waits to write.
  await expect(store.directory.loadApis()).resolves.toEqual({ found: [], unreadable: [] })
  await expect(store.audit.listEvents({ limit: 1 })).resolves.toEqual([])
  other.exec('commit')
  await written
  clearInterval(ticking)
  expect(turns).toBeGreaterThan(10)
  expect(await store.audit.listEvents({ limit: 1 })).toHaveLength(1)
  other.close()
  await store.close()
  rmSync(folder, { recursive: true })
})

test('a database that fails is an error of the storage, never an absent client', async () => {
  const folder = newFolder()
  const path = join(folder, 'tessera.db')
  await (await openStore(`sqlite:${path}`, systemClock)).close()
  const store = await openStore(`sqlite:${path}`, systemClock)
  // Another process ruins the file.
  writeFileSync(path, Buffer.alloc(100_000, 0x41))
  for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true })
  await expect(store.directory.loadClient(ClientId('a'))).rejects.toMatchObject({
    reason: 'storage_unavailable',
    status: 503,
  })
  await store.close()
  rmSync(folder, { recursive: true })
})
