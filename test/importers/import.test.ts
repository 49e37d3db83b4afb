import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { systems } from '../../src/importers/systems.ts'
import { runTessera } from '../harness/program.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'
import { samples } from './systems.ts'

const here = import.meta.dirname
const folder = mkdtempSync(join(tmpdir(), 'tessera-import-'))
afterAll(() => rmSync(folder, { recursive: true }))
const at = (name: string) => join(folder, name)
const modeOf = (name: string) => statSync(at(name)).mode & 0o777

describe.each(systems)('an export of %s', (system) => {
  const file = join(here, system, 'export.json')
  const { args, secrets } = samples[system]
  const run = (...more: string[]) => runTessera(['import', system, file, ...args, ...more])

  test('becomes this manifest, with this report', async () => {
    const { code, stdout, stderr } = await run()
    expect(code).toBe(0)
    await expect(stdout).toMatchFileSnapshot(`${system}/manifest.yaml`)
    await expect(stderr).toMatchFileSnapshot(`${system}/report.txt`)
    for (const secret of Object.values(secrets)) expect(stdout + stderr).not.toContain(secret)
  })

  test('is reported as JSON, too', async () => {
    const { stderr, stdout } = await run('--json')
    const report = JSON.parse(stderr)
    expect(report).toMatchObject({ system, clients: parse(stdout).clients.length, apis: parse(stdout).apis.length })
    expect(report.fields.every((one: { count: number }) => one.count > 0)).toBe(true)
  })

  describe('applied to a database', () => {
    let server: TestServer
    beforeAll(async () => {
      const files = ['-o', at(`${system}.yaml`), '--env-file', at(`${system}.env`), '--report', at(`${system}.txt`)]
      expect(await run(...files)).toMatchObject({ code: 0, stdout: '', stderr: '' })
      const lines = readFileSync(at(`${system}.env`), 'utf8').matchAll(/^(\w+)='(.*)'$/gm)
      const env = Object.fromEntries(
        [...lines].map(([, name = '', value = '']) => [name, value.replaceAll("'\\''", "'")]),
      )
      server = await startTestServer({ manifest: readFileSync(at(`${system}.yaml`), 'utf8'), env })
      const again = await server.apply(readFileSync(at(`${system}.yaml`), 'utf8'), env)
      expect(new Set(again.steps.map(({ action }) => action))).toEqual(new Set(['unchanged']))
    })
    afterAll(() => server.stop())

    test.each(Object.entries(secrets))('%s gets a token with its old secret', async (id, secret) => {
      const { clients } = parse(readFileSync(at(`${system}.yaml`), 'utf8'))
      const client = clients.find((one: { client_id: string }) => one.client_id === id)
      const resource = client.grants[0].api
      const isPost = client.auth_methods?.[0] === 'client_secret_post'
      const form = { grant_type: 'client_credentials', resource }
      const answer: Response = isPost
        ? await server.token({ ...form, client_id: id, client_secret: secret })
        : await server.token(form, basic(id, secret))
      expect(answer.status).toBe(200)
      const { access_token: token } = z.object({ access_token: z.string() }).parse(await answer.json())
      const [, claims = ''] = token.split('.')
      expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
        client_id: id,
        sub: client.subject ?? id,
        aud: resource,
      })
    })
  })

  test('is written to files that only their owner can read', async () => {
    await run('-o', at('private.yaml'), '--env-file', at('private.env'))
    expect([modeOf('private.yaml'), modeOf('private.env')]).toEqual([0o600, 0o600])
  })

  test('carries the secrets themselves only if asked', async () => {
    const { stdout, stderr } = await run('--with-secrets')
    expect(stdout).not.toContain('secret_env')
    const plain: string[] = parse(stdout).clients.flatMap(({ credentials }: { credentials: { secret?: string }[] }) =>
      credentials.flatMap((one) => one.secret ?? []),
    )
    for (const secret of plain) expect(stderr).not.toContain(secret)
  })
})

describe('tessera import', () => {
  const wrong: [name: string, content: string, message: RegExp][] = [
    ['no JSON', '{"clients": [}', /wrong.json:1:14: is not JSON/],
    ['JSON that ends too soon', '{"clients":\n [', /wrong.json:2:3: is not JSON/],
    ['nothing', '', /wrong.json:1:1: is not JSON: the file is empty/],
    ['a number', '7', /this is no such export: it must be/],
    ['an object of something else', '{"users": []}', /this is no such export: it must be/],
    ['a list of texts', '["a"]', /entry 1 of the list is not an object|this is no such export/],
  ]
  for (const system of systems)
    test.each(wrong)(`${system} refuses %s`, async (_name, content, message) => {
      writeFileSync(at('wrong.json'), content)
      const { code, stdout, stderr } = await runTessera(['import', system, at('wrong.json')])
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toMatch(message)
      expect(stderr).not.toContain('    at ')
    })

  test('names a file that is missing, and an unknown system', async () => {
    expect((await runTessera(['import', 'hydra', at('none.json')])).stderr).toMatch(/none.json can't be read/)
    expect(await runTessera(['import', 'other', at('none.json')])).toMatchObject({ code: 2 })
  })

  test('reads standard input', async () => {
    const { code, stdout } = await runTessera(['import', 'hydra', '-'], {}, '[]')
    expect({ code, manifest: parse(stdout) }).toEqual({ code: 0, manifest: { apis: [], clients: [] } })
  })

  test('refuses --with-secrets together with --env-file', async () => {
    const { code, stderr } = await runTessera(
      ['import', 'hydra', '-', '--with-secrets', '--env-file', at('x')],
      {},
      '[]',
    )
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/not both/) })
  })
})
