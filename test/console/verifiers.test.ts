import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { Facts } from '../../console/src/features/apis/verifiers/facts.ts'
import { verifiers } from '../../console/src/features/apis/verifiers/verifiers.ts'
import { newSecret } from '../harness/model.ts'
import { freePort } from '../harness/port.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'
import { until } from '../harness/until.ts'
import { runProgram, runs } from '../interop/other-languages.ts'

const ROOT = join(import.meta.dirname, '../..')
const SECRET = newSecret()
const apis = {
  default: { audience: 'https://api.example.com', token: '{}', claim: 'scope', isList: false, typ: 'at+jwt' },
  scp: {
    audience: 'https://scp.example.com',
    token: '{ scope_claims: [scp] }',
    claim: 'scp',
    isList: true,
    typ: 'at+jwt',
  },
} as const
const kinds = ['default', 'scp'] as const

let server: TestServer
let folder: string
let running: ChildProcess | undefined
beforeAll(async () => {
  const entries = kinds.map((kind) => {
    const { audience, token } = apis[kind]
    return `\n  - { audience: "${audience}", scopes: [{ name: orders.read }, { name: orders.write }], token: ${token} }`
  })
  server = await startTestServer({
    manifest: `
apis:${entries.join('')}
clients: [{ client_id: job, scopes: [orders.read], credentials: [{ label: first, secret: ${SECRET} }] }]
`,
  })
  // Inside the repository, so that programs of Node find its packages.
  mkdirSync(join(ROOT, 'node_modules/.cache'), { recursive: true })
  folder = mkdtempSync(join(ROOT, 'node_modules/.cache/verifiers-'))
})
afterEach(() => {
  running?.kill()
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

const factsOf = (kind: (typeof kinds)[number]): Facts => {
  const { audience, claim, isList, typ } = apis[kind]
  const jwks = `${server.issuer}/.well-known/jwks.json`
  return {
    issuer: server.issuer,
    jwks,
    audience,
    typ,
    algorithm: 'ES256',
    claim,
    isList,
    scopes: ['orders.read', 'orders.write'],
  }
}

function codeOf(name: string, kind: (typeof kinds)[number]): string {
  const verifier = verifiers.find((one) => one.name === name)
  if (verifier === undefined) throw new Error(`there is no code for ${name}`)
  return verifier.code(factsOf(kind))
}

test.each(['Node', 'Express', 'Fastify'].flatMap((name) => kinds.map((kind) => [name, kind] as const)))(
  'the code for %s lets through the scopes of a token alone (%s)',
  async (name, kind) => {
    const port = await freePort()
    const file = join(folder, `${name}-${kind}.mjs`)
    writeFileSync(file, codeOf(name, kind).replaceAll('3000', String(port)))
    running = spawn(process.execPath, [file], {
      stdio: 'inherit',
      env: { ...process.env, NODE_EXTRA_CA_CERTS: server.config.tls?.cert ?? '' },
    })
    const form = { grant_type: 'client_credentials', resource: apis[kind].audience }
    const { access_token: token } = (await (await server.token(form, basic('job', SECRET))).json()) as {
      access_token: string
    }
    const ask = async (path: string, given?: string) => {
      const headers = given === undefined ? {} : { authorization: `Bearer ${given}` }
      return (await fetch(`http://localhost:${port}${path}`, { headers })).status
    }
    await until(() =>
      ask('/orders-read').then(
        () => true,
        () => false,
      ),
    )
    expect(await ask('/orders-read', token)).toBe(200)
    expect(await ask('/orders-read')).toBe(401)
    expect(await ask('/orders-read', `${token.slice(0, -8)}AAAAAAAA`)).toBe(401)
    // express-oauth2-jwt-bearer answers 401 if a claim lacks a value.
    expect([401, 403]).toContain(await ask('/orders-write', token))
  },
)

test('the code for Python compiles', async (context) => {
  if (!(await runs('python3', ['--version']))) context.skip('there is no python3')
  for (const name of ['FastAPI', 'Flask']) {
    for (const kind of kinds) {
      const file = join(folder, `${name.toLowerCase()}_${kind}.py`)
      writeFileSync(file, codeOf(name, kind))
      await runProgram('python3', ['-c', 'import ast, sys; ast.parse(open(sys.argv[1]).read())', file])
    }
  }
})

test('the code for Go is well-formed', async (context) => {
  if (!(await runs('go', ['version']))) context.skip('there is no Go')
  for (const kind of kinds) {
    const file = join(folder, `${kind}.go`)
    writeFileSync(file, `package main\n\nfunc main() {\n${codeOf('Go', kind)}\n}\n`)
    await runProgram('gofmt', ['-e', file])
  }
})

/** They let through any token of the API, and leave its scopes to the service behind them. */
const SCOPELESS = ['Envoy', 'nginx']

test.each(verifiers.flatMap(({ name }) => kinds.map((kind) => [name, kind] as const)))(
  'the code for %s names the issuer, the API and the scopes that it checks (%s)',
  (name, kind) => {
    const { issuer, audience, scopes } = factsOf(kind)
    const code = codeOf(name, kind)
    expect(code).toContain(issuer)
    expect(code).toContain(audience)
    const checked = scopes.filter((scope) =>
      [`'${scope}'`, `"${scope}"`, `"SCOPE_${scope}"`].some((text) => code.includes(text)),
    )
    expect(checked).toEqual(SCOPELESS.includes(name) ? [] : scopes)
  },
)

test('the filter of Envoy is YAML that asks for a token on each route', () => {
  const { issuer, audience, jwks } = factsOf('default')
  const { typed_config: filter } = parse(codeOf('Envoy', 'default'))
  expect(filter.providers.tessera).toMatchObject({
    issuer,
    audiences: [audience],
    remote_jwks: { http_uri: { uri: jwks } },
  })
  expect(filter.rules).toEqual(
    ['/orders-read', '/orders-write'].map((prefix) => ({ match: { prefix }, requires: { provider_name: 'tessera' } })),
  )
})
