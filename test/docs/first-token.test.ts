import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { sampleManifest } from '../../src/cli/dev/sample.ts'
import { codeOf } from '../harness/command-lines.ts'
import { runTessera } from '../harness/program.ts'
import { startTestServer, type TestServer } from '../harness/server.ts'
import { until } from '../harness/until.ts'
import { runOn } from '../harness/visitor.ts'

const SECRET = 'Zm9yIHRoZSBwYWdlIG9mIHRoZSBmaXJzdCB0b2tlbiE='

let server: TestServer
let folder: string
beforeAll(async () => {
  server = await startTestServer({ manifest: sampleManifest })
  folder = mkdtempSync(join(tmpdir(), 'tessera-first-token-'))
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

// `tessera dev` and curl have tests of their own. Everything else of the page runs here, in its order.
test('the commands of the page lead from a file to a token, a check and an explanation', async () => {
  const code = codeOf(readFileSync('docs/start/first-token.md', 'utf8'))
  const manifest = join(folder, 'orders.yaml')
  writeFileSync(manifest, code.find(({ language }) => language === 'yaml')?.text ?? '')
  const lines = code
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => text.replaceAll(/\\\n\s*/g, '').split('\n'))
    .filter((line) => line.startsWith('./tessera '))

  let token = ''
  const run = async (line: string) => {
    const args = line
      .replace(/ [<>] token\.jwt$/, '')
      .replace('https://localhost:9031', server.issuer)
      .replace('.tessera/tls/ca.pem', inject('tls').ca)
      .replace('orders.yaml', manifest)
      .split(' ')
      .slice(1)
    const env = { NIGHTLY_SECRET: SECRET }
    const usesDatabase = ['plan', 'apply', 'explain'].includes(args[0] ?? '')
    const input = line.endsWith('< token.jwt') ? token : ''
    return usesDatabase ? runOn(server.config, args, env, input) : runTessera(args, env, input)
  }
  const [plan, apply, get, decode, verify, refused, explain, ...others] = lines
  expect(others).toEqual([])

  expect(await run(plan ?? '')).toMatchObject({ code: 0, stdout: expect.stringContaining('nightly') })
  expect(await run(apply ?? '')).toMatchObject({ code: 0 })
  await until(async () => {
    const { code: failed, stdout } = await run(get ?? '')
    token = stdout
    return failed === 0
  })
  const { stdout: decoded } = await run(decode ?? '')
  expect(decoded).toContain('https://orders.example.com')
  expect(decoded).toContain('orders:read')
  expect(await run(verify ?? '')).toMatchObject({ code: 0 })
  expect(await run(refused ?? '')).toMatchObject({ code: 4 })
  await until(async () => (await run(explain ?? '')).stdout.includes('scope_not_allowed'))
  expect((await run(explain ?? '')).stdout).toContain('orders:write')
})
