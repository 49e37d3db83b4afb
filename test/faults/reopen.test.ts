import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ClientId } from '../../src/oauth/ids.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/tables/sql-store.ts'
import { type SqliteCalls, takeOverSqlite } from '../harness/sqlite-calls.ts'

let folder: string
let calls: SqliteCalls
let store: Store

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-reopen-'))
  calls = takeOverSqlite()
  store = await openStore(`sqlite:${join(folder, 'tessera.db')}`, systemClock)
})

afterEach(async () => {
  await store.close()
  calls.restore()
  rmSync(folder, { recursive: true })
})

const revoke = (id: string) =>
  store.revocations.addRevocations([{ kind: 'client', id: ClientId(id), issuedBefore: 1, expiresAt: 9e12 }])

test('a database that was closed after a failed rollback, and then fails to open, is opened by the next call', async () => {
  await revoke('before')
  // Both the write and its rollback fail, so that the connection is given up.
  calls.breaker.fail(2, 'before', 2)
  await expect(revoke('lost')).rejects.toMatchObject({ reason: 'storage_unavailable' })
  expect(calls.breaker.heal()).toBe(true)
  for (const nth of [1, 2, 3]) {
    calls.breaker.fail(nth, 'before')
    await expect(revoke('lost'), `call ${nth} as it opens`).rejects.toMatchObject({ reason: 'storage_unavailable' })
    expect(calls.breaker.heal()).toBe(true)
  }
  await revoke('after')
  const { found: revocations } = await store.revocations.revocationsAfter(0, 10)
  expect(revocations.map(({ id }) => id)).toEqual(['before', 'after'])
})
