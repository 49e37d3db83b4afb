import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { systemClock } from '../../../src/platform/clock.ts'
import { migrateDatabase } from '../../../src/store/open.ts'
import { runTessera } from '../../harness/program.ts'

test('examples/manifest.yaml applies unchanged, without warnings, and twice', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-example-'))
  const env = { TESSERA_STORAGE: `sqlite:${join(folder, 'tessera.db')}` }
  await migrateDatabase(env.TESSERA_STORAGE, systemClock)
  const first = await runTessera(['apply', '-f', 'examples/manifest.yaml', '--json', '--secrets-to', 'stdout'], env)
  expect(first.code).toBe(0)
  expect(JSON.parse(first.stdout)).toMatchObject({
    warnings: [],
    generated: [{ client_id: 'nightly' }, { client_id: 'payments-api' }],
  })
  const second = await runTessera(['apply', '-f', 'examples/manifest.yaml'], env)
  expect(second.stdout).toBe('0 created, 0 updated, 5 unchanged\n')
  rmSync(folder, { recursive: true })
})
