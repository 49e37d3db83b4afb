import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { MasterKey } from '../../src/crypto/master-key.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { migrateDatabase, openStore } from '../../src/store/open.ts'
import { contextOf } from '../harness/management.ts'
import { giveTo } from '../harness/ownership.ts'
import { runTessera } from '../harness/program.ts'

const MASTER_KEY = Buffer.alloc(32, 7)
const MANIFEST = `
apis: [{ audience: "https://api", scopes: [{ name: read }] }, { audience: "https://free" }]
clients: [{ client_id: job, scopes: [read], credentials: [{ label: first }] }, { client_id: free }]
`

let env: Record<string, string>
beforeEach(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-ownership-'))
  const storage = `sqlite:${join(folder, 'tessera.db')}`
  env = { TESSERA_STORAGE: storage, TESSERA_MASTER_KEY: MASTER_KEY.toString('base64') }
  await migrateDatabase(storage, systemClock)
  expect(await runTessera(['apply', '-f', '-', '--secrets-to', 'stdout'], env, MANIFEST)).toMatchObject({ code: 0 })
  const store = await openStore(storage, systemClock)
  const context = contextOf(store, systemClock, new MasterKey(MASTER_KEY, systemRandom))
  await giveTo(context, 'payments', ['job', 'https://api'])
  await store.close()
  return () => rmSync(folder, { recursive: true })
})

const tessera = (...args: readonly string[]) => runTessera(args, env)

describe.each([
  ['clients', ['job'], 'the client "job"', 'job is deleted\n'],
  ['apis', ['https://api', '--with-grants'], 'the API "https://api"', 'https://api is deleted\n'],
])('tessera %s delete', (words, args, thing, done) => {
  test('ends with exit code 5 if a manifest owns it, and deletes it with --take-over', async () => {
    const refused = await tessera(words, 'delete', ...args, '--yes')
    expect(refused).toMatchObject({ code: 5, stdout: '' })
    expect(refused.stderr).toContain(
      `tessera: ${thing} belongs to the manifest "payments": change it there, or take it over with --take-over\n`,
    )
    const asJson = await tessera(words, 'delete', ...args, '--yes', '--json')
    expect(JSON.parse(asJson.stderr)).toMatchObject({ error: { code: 'conflict' } })
    expect(await tessera(words, 'delete', ...args, '--yes', '--take-over')).toMatchObject({ code: 0, stdout: done })
    const { stdout } = await tessera('audit', 'tail', '-n', '1')
    expect(stdout).toContain(`removed ${words === 'apis' ? 'api https://api' : 'client job'}`)
  })
})

test('a disabled client stays with its manifest', async () => {
  expect(await tessera('clients', 'disable', 'job', '--yes')).toMatchObject({ code: 0 })
  const { stdout } = await tessera('clients', 'show', 'job', '--json')
  expect(JSON.parse(stdout)).toMatchObject({ enabled: false, manifest: 'payments' })
})

test('show and list say which manifest owns a thing, and lists choose by it', async () => {
  expect(JSON.parse((await tessera('apis', 'show', 'https://api')).stdout)).toMatchObject({ manifest: 'payments' })
  const ids = async (...args: readonly string[]) =>
    JSON.parse((await tessera(...args, '--json')).stdout).map(
      (one: { readonly client_id?: string; readonly audience?: string; readonly manifest?: string }) => [
        one.client_id ?? one.audience,
        one.manifest,
      ],
    )
  expect(await ids('clients', 'list', '--manifest', 'payments')).toEqual([['job', 'payments']])
  expect(await ids('clients', 'list', '--no-manifest')).toEqual([['free', undefined]])
  expect(await ids('apis', 'list', '--manifest', 'payments')).toEqual([['https://api', 'payments']])
  expect(await ids('apis', 'list', '--no-manifest')).toEqual([['https://free', undefined]])
  for (const words of ['clients', 'apis'])
    expect(await tessera(words, 'list', '--manifest', 'payments', '--no-manifest')).toMatchObject({
      code: 2,
      stderr: 'tessera: give --manifest or --no-manifest, not both\n',
    })
  expect((await tessera('clients', 'list')).stdout).toMatch(/^CLIENT +NAME +OWNER +MANIFEST +STATE/)
})
