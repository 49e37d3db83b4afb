import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { MasterKey } from '../../../src/crypto/master-key.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { systemRandom } from '../../../src/platform/random.ts'
import { openStore } from '../../../src/store/open.ts'
import { contextOf } from '../../harness/management.ts'
import { giveTo } from '../../harness/ownership.ts'
import { runTessera } from '../../harness/program.ts'
import { openRows } from '../../harness/rows.ts'

const MANIFEST = `
apis:
  - { audience: "https://a.example.com", scopes: [{ name: a }] }
  - { audience: "https://b.example.com", owner: Team B, scopes: [{ name: b }] }
  - { audience: "https://m.example.com", scopes: [{ name: m }] }
clients:
  - { client_id: plain }
  - { client_id: free, owner: Team B, scopes: [m] }
  - { client_id: owned, scopes: [a], credentials: [{ label: current }] }
`

let folder: string
let env: { TESSERA_STORAGE: string }
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-export-test-'))
  env = { TESSERA_STORAGE: `sqlite:${join(folder, 'a.db')}` }
  copyFileSync(inject('emptyDatabase'), join(folder, 'a.db'))
  expect(await runTessera(['apply', '-f', '-', '--secrets-to', 'stdout'], env, MANIFEST)).toMatchObject({ code: 0 })
  const store = await openStore(env.TESSERA_STORAGE, systemClock)
  const context = contextOf(store, systemClock, new MasterKey(Buffer.alloc(32), systemRandom))
  await giveTo(context, 'Mine', ['https://m.example.com', 'owned'])
  await store.close()
})
afterAll(() => rmSync(folder, { recursive: true }))

const run = (...args: readonly string[]) => runTessera(['export', ...args], env)

test('what a manifest owns begins with its name', async () => {
  expect(await run('--manifest', 'Mine')).toEqual({
    code: 0,
    stderr: '',
    stdout: `manifest: Mine
apis:
  - audience: https://m.example.com
    scopes:
      - name: m
clients:
  - client_id: owned
    scopes: [a]
    credentials:
      - label: current
`,
  })
})

test('a file can not have the things of a manifest beside others', async () => {
  const printed = await run()
  expect(printed).toMatchObject({ code: 1, stdout: '' })
  expect(printed.stderr).toMatch(/of no manifest and of the manifest "Mine": name a folder/)
  expect(await run('-o', join(folder, 'all.yaml'))).toMatchObject({ code: 1 })
  expect(readdirSync(folder).filter((name) => name.endsWith('.yaml') || name.startsWith('.'))).toEqual([])
})

test('a folder gets a file for each manifest and each owner, which apply in order to an empty database', async () => {
  const to = join(folder, 'files')
  expect(await run('-o', `${to}/`)).toMatchObject({ code: 0, stdout: '' })
  const names = ['apis-of-%54eam%20%42.yaml', 'apis.yaml', 'clients-of-%54eam%20%42.yaml', 'clients.yaml']
  const all = [...names, 'manifest-%4dine.yaml']
  expect(readdirSync(to).sort()).toEqual(all)
  expect(readFileSync(join(to, 'clients.yaml'), 'utf8')).toBe('clients:\n  - client_id: plain\n')
  const there = { TESSERA_STORAGE: `sqlite:${join(folder, 'b.db')}` }
  copyFileSync(inject('emptyDatabase'), join(folder, 'b.db'))
  for (const part of ['apis', 'manifest', 'clients']) {
    const files = all.filter((name) => name.startsWith(part)).flatMap((name) => ['-f', join(to, name)])
    expect(await runTessera(['apply', ...files, '--secrets-to', 'stdout'], there)).toMatchObject({ code: 0 })
  }
  writeFileSync(join(to, 'manifest-gone.yaml'), '')
  writeFileSync(join(to, 'notes.yaml'), '')
  expect((await run('-o', to)).stderr).toContain(`warning: ${join(to, 'manifest-gone.yaml')} is of an earlier export`)
})

test('an export of nothing is a valid manifest, and one that was asked for is not found', async () => {
  const nothing = { TESSERA_STORAGE: `sqlite:${join(folder, 'c.db')}` }
  copyFileSync(inject('emptyDatabase'), join(folder, 'c.db'))
  const { stdout } = await runTessera(['export'], nothing)
  expect(await runTessera(['apply', '-f', '-', '--secrets-to', 'stdout'], nothing, stdout)).toMatchObject({ code: 0 })
  expect(await run('--manifest', 'other')).toMatchObject({ code: 3, stdout: '' })
})

test('a record that can not be read is left out, with a comment and a warning', async () => {
  copyFileSync(join(folder, 'a.db'), join(folder, 'd.db'))
  const broken = { TESSERA_STORAGE: `sqlite:${join(folder, 'd.db')}` }
  const rows = openRows({ storage: broken.TESSERA_STORAGE })
  rows.run("update client set scopes = '{' where client_id = 'plain'")
  rows.close()
  const { stdout, stderr } = await runTessera(['export', '--no-manifest'], broken)
  expect(stderr).toMatch(/^warning: the client "plain" is left out/)
  expect(stdout).toMatch(/^# the client "plain" is left out/m)
  expect(stdout).toContain('client_id: free')
})
