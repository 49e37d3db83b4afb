import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { migrations } from '../../src/store/migrations/migrate.ts'
import type { Database } from '../../src/store/sql/dialect.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'

let folder: string
let db: Database
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-migrations-'))
  db = openSqlite(join(folder, 'tessera.db'))
  await db.unhurried.schema.createTable('migration').addColumn('name', 'text').execute()
})
afterAll(async () => {
  await db.close()
  rmSync(folder, { recursive: true })
})

test('every file of a migration has its row', () => {
  const files = readdirSync('src/store/migrations').flatMap((file) => /^(\d{4}-.*)\.ts$/.exec(file)?.[1] ?? [])
  expect(Object.keys(migrations).toSorted()).toEqual(files.toSorted())
})

describe.each(Object.entries(migrations))('%s', (_name, { does, olderServers, work, up }) => {
  test('says what it does in a line, and whether older servers work beside it', () => {
    const limits = olderServers === 'work' ? [] : Object.values(olderServers)
    for (const text of [does, ...limits]) expect(text).toMatch(/^[a-z`][^\n]{9,119}[^.\s]$/)
  })

  test('says how long it takes for rows of tables that exist before it', async () => {
    for (const { table, perRow } of work) {
      expect(await db.dialect.hasTable(db.unhurried, table), table).toBe(true)
      expect(Math.min(perRow.sqlite, perRow.postgres)).toBeGreaterThan(0)
    }
    await db.unhurried.transaction().execute((trx) => up(trx, db.dialect))
  })
})
