import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { version } from '../../../src/platform/version.ts'
import { startTessera, tessera } from '../../harness/cli.ts'
import { startTestServer, type TestServer } from '../../harness/server.ts'
import { runOn, Visitor } from '../../harness/visitor.ts'

const PASSWORD = 'a tessera is a small tile'

let server: TestServer
let folder: string
let env: Record<string, string>
beforeAll(async () => {
  server = await startTestServer()
  folder = mkdtempSync(join(tmpdir(), 'tessera-login-'))
  env = { XDG_CONFIG_HOME: folder }
  await runOn(server.config, ['admin', 'bootstrap', '--name', 'anna'], {}, PASSWORD)
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

test('a person logs in with a browser, works on the server, and logs out', async () => {
  const login = startTessera(['login', server.admin, '--ca', inject('tls').cert, '--profile', 'mine'], env)
  await login.printed(/the code [A-Z-]+ there/)
  const [, page = '', code = ''] = /Open (\S+) in a browser, and enter the code (\S+) there/.exec(login.output()) ?? []
  expect(page).toBe(`${server.admin}/device`)
  const browser = new Visitor(server.admin)
  await browser.post('/sign-in', { name: 'anna', password: PASSWORD })
  await browser.get('/device')
  await browser.post('/device', { user_code: code })
  expect(browser.page).toContain(`<dt>Program</dt><dd>tessera/${version}</dd>`)
  expect((await browser.post('/device/confirm', { user_code: code })).status).toBe(200)
  await login.printed(/logged in at .*; the profile is mine/)

  expect((await tessera(['whoami'], { env })).stdout).toContain(`person anna at ${server.admin} (profile mine)`)
  expect(await tessera(['clients', 'list'], { env })).toMatchObject({ code: 0, stderr: '' })
  expect(await tessera(['logout'], { env })).toMatchObject({ code: 0 })
  expect((await tessera(['whoami'], { env })).code).toBe(2)
})

test('a log-in at the OAuth listener says where the admin listener is', async () => {
  const { code, stderr } = await tessera(['login', server.issuer, '--ca', inject('tls').cert], { env })
  expect(code).toBe(1)
  expect(stderr).toContain(`${server.issuer} is no admin listener of Tessera, which has a port of its own`)
})

test('without a profile, an unknown authority is named where every command finds it', async () => {
  const { code, stderr } = await tessera(['clients', 'list', '--server', server.admin], {
    env: { ...env, TESSERA_TOKEN: 'x' },
  })
  expect(code).toBe(1)
  expect(stderr).toContain('name its authority with tessera login --ca, or in NODE_EXTRA_CA_CERTS')
})
