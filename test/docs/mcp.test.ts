import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { freePort } from '../harness/port.ts'
import { startTestServer, type TestServer } from '../harness/server.ts'
import { until } from '../harness/until.ts'
import { runProgram, runs } from '../interop/other-languages.ts'

const ROOT = join(import.meta.dirname, '../..')
const SECRET = 'of the agent, for a test'

let server: TestServer
let folder: string
let mcp: ChildProcess
let url: string
beforeAll(async () => {
  url = `http://localhost:${await freePort()}/mcp`
  const manifest = readFileSync('examples/mcp/manifest.yaml', 'utf8')
  expect(manifest).toContain('http://localhost:3000/mcp')
  server = await startTestServer({
    manifest: manifest
      .replace('http://localhost:3000/mcp', url)
      .replace('secret_env: CLIENT_SECRET', `secret: "${SECRET}"`),
  })
  // Inside the repository, so that the programs find its packages.
  mkdirSync(join(ROOT, 'node_modules/.cache'), { recursive: true })
  folder = mkdtempSync(join(ROOT, 'node_modules/.cache/mcp-'))
  cpSync('examples/mcp', folder, { recursive: true })
  const started = spawn(process.execPath, [join(folder, 'server.mjs')], {
    env: { ...process.env, ...environment() },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  started.stderr.pipe(process.stderr)
  mcp = started
  await until(() =>
    fetch(url).then(
      () => true,
      () => false,
    ),
  )
})
afterAll(async () => {
  mcp.kill()
  await server.stop()
  rmSync(folder, { recursive: true })
})

const environment = () => ({
  ISSUER: server.issuer,
  MCP_URL: url,
  CLIENT_SECRET: SECRET,
  NODE_EXTRA_CA_CERTS: inject('tls').cert,
})

test('the agent of the example calls a tool of the server of the example', async () => {
  expect(await runProgram(process.execPath, [join(folder, 'agent.mjs')], { env: environment() })).toBe('agent\n')
})

test('an agent with a wrong secret, or that expects another issuer, calls nothing', async () => {
  for (const wrong of [{ CLIENT_SECRET: 'another' }, { ISSUER: 'https://else.example.com' }])
    expect(await runs(process.execPath, [join(folder, 'agent.mjs')], { env: { ...environment(), ...wrong } })).toBe(
      false,
    )
})

test('the server says where its metadata are, and they name the issuer', async () => {
  const refused = await fetch(url, { method: 'POST', headers: { authorization: 'Bearer no.token.ever' } })
  expect(refused.status).toBe(401)
  const challenge = refused.headers.get('www-authenticate') ?? ''
  expect(challenge).toContain('error="invalid_token"')
  const [, address = ''] = /resource_metadata="([^"]+)"/.exec(challenge) ?? []
  expect(new URL(address).pathname).toBe('/.well-known/oauth-protected-resource/mcp')
  expect(await (await fetch(address)).json()).toMatchObject({ resource: url, authorization_servers: [server.issuer] })
})
