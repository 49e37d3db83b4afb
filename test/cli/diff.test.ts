import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { emptyDatabase } from '../harness/empty-database.ts'
import { runTessera } from '../harness/program.ts'

const APIS = 'apis: [{ audience: "https://api", scopes: [{ name: read }, { name: write }] }]'
const MANIFEST = `manifest: payments
${APIS}
clients:
  - { client_id: job, scopes: [read], token: { lifetime: 600 }, credentials: [{ secret_env: JOB_SECRET }] }
  - { client_id: old }
`
const CHANGED = `manifest: payments
${APIS}
clients:
  - { client_id: job, scopes: [read, write], name: Job, credentials: [{ secret_env: JOB_SECRET }] }
  - { client_id: new }
`

let env: Record<string, string>
beforeEach(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-diff-'))
  env = { TESSERA_STORAGE: emptyDatabase(join(folder, 'tessera.db')) }
  const applied = await runTessera(['apply', '-f', '-'], { ...env, JOB_SECRET: 'the secret of job' }, MANIFEST)
  expect(applied).toMatchObject({ code: 0 })
  return () => rmSync(folder, { recursive: true })
})

const diff = (manifest: string, ...args: readonly string[]) => runTessera(['diff', '-f', '-', ...args], env, manifest)

test('equal files end with exit code 0, without a secret, which is then not compared', async () => {
  expect(await diff(MANIFEST)).toEqual({
    code: 0,
    stdout: '0 different, 0 only in the files, 0 only on the server, 3 equal\n',
    stderr: expect.stringMatching(
      /^warning: standard input:4:\d+: .*was not compared: the environment has no JOB_SECRET\n$/,
    ),
  })
})

test('shows the fields that differ, and what only one side has, and ends with exit code 2', async () => {
  expect(await diff(CHANGED)).toMatchObject({
    code: 2,
    stdout: `--- server
+++ files
~ client job
  + name: "Job"
  - scopes: ["read"]
  + scopes: ["read","write"]
  - token.lifetime: 600
+ client new
- client old
1 different, 1 only in the files, 1 only on the server, 1 equal
`,
  })
})

test('as JSON', async () => {
  const { code, stdout } = await diff(CHANGED, '--json')
  expect(code).toBe(2)
  expect(JSON.parse(stdout)).toMatchObject({
    equal: false,
    differences: [
      {
        kind: 'client',
        id: 'job',
        fields: expect.arrayContaining([
          { field: 'name', server: null, files: 'Job' },
          { field: 'token.lifetime', server: 600, files: null },
        ]),
      },
      { kind: 'client', id: 'new', only: 'files', fields: [] },
      { kind: 'client', id: 'old', only: 'server', fields: [] },
    ],
  })
  expect(JSON.parse((await diff(MANIFEST, '--output', 'json')).stdout)).toMatchObject({ equal: true, differences: [] })
})

test('a changed secret is a difference that shows no secret', async () => {
  env['JOB_SECRET'] = 'another secret of job'
  const { code, stdout } = await diff(MANIFEST)
  expect(code).toBe(2)
  expect(stdout).toMatch(/^~ client job\n {2}- credentials\./m)
  expect(stdout).not.toContain('another secret')
})

test('an API that the files dropped and other clients use is a difference, and a finding of the plan', async () => {
  const others = 'clients: [{ client_id: outside, scopes: [write] }]'
  expect(await runTessera(['apply', '-f', '-'], env, others)).toMatchObject({ code: 0 })
  const dropped = 'manifest: payments\nclients: []'
  expect(await diff(dropped)).toMatchObject({
    code: 2,
    stdout: expect.stringMatching(/^- api https:\/\/api$/m),
    stderr: '',
  })
  const planned = await runTessera(['plan', '-f', '-', '--prune'], env, dropped)
  expect(planned).toMatchObject({ code: 0, stderr: '' })
  const loss =
    '- api https://api: ends with its tokens; 1 client outside of the files would lose it (outside; never used)'
  const conflict =
    'x the manifest no longer names the API "https://api", but 1 client outside of it refers to it: take it out of them first'
  expect(planned.stdout.split('\n')).toEqual(expect.arrayContaining([loss, conflict]))
  const applied = await runTessera(['apply', '-f', '-', '--prune', '--allow-destroy'], env, dropped)
  expect(applied).toMatchObject({ code: 5, stderr: expect.stringContaining('take it out of them first') })
})

test('changes nothing, and mistakes end with another exit code', async () => {
  await diff(CHANGED)
  expect(await diff(MANIFEST)).toMatchObject({ code: 0 })
  expect(await diff('clients: [{ client_id: a, scopes: [none] }]')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('no API has the scope "none"'),
  })
})
