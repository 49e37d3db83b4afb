import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { snippetsFor } from '../../console/src/shared/snippets/snippets.ts'
import type { Proof, SnippetId, Target } from '../../console/src/shared/snippets/target.ts'
import { startTestServer, type TestServer } from '../harness/server.ts'
import { runProgram, runs } from '../interop/other-languages.ts'

const clientId = "night'ly $job"
const secret = 'a secret of a job & its server'
const resource = 'https://api.example.com'
const ROOT = join(import.meta.dirname, '../..')

let server: TestServer
let folder: string
beforeAll(async () => {
  server = await startTestServer({
    manifest: `
apis: [{ audience: ${resource}, scopes: [{ name: read }, { name: write }] }]
clients:
  - client_id: "${clientId}"
    credentials: [{ secret: "${secret}" }]
    scopes: [read, write]
`,
  })
  // Inside the repository, so that programs of Node find its packages.
  mkdirSync(join(ROOT, 'node_modules/.cache'), { recursive: true })
  folder = mkdtempSync(join(ROOT, 'node_modules/.cache/snippets-'))
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

const target = (proof: Proof = { kind: 'secret' }): Target => ({
  clientId,
  issuer: server.issuer,
  tokenUrl: `${server.issuer}/as/token.oauth2`,
  resource,
  scope: 'read write',
  proof,
})

/** The text of a snippet, in a file. */
function written(id: SnippetId, proof?: Proof): { readonly path: string; readonly text: string } {
  const one = snippetsFor(target(proof)).find((snippet) => snippet.id === id)
  if (one === undefined) throw new Error(`there is no snippet ${id}`)
  const path = join(folder, one.file.split('/').at(-1) ?? '')
  writeFileSync(path, one.text)
  return { path, text: one.text }
}

const environment = () => ({
  CLIENT_SECRET: secret,
  NODE_EXTRA_CA_CERTS: server.config.tls?.cert ?? '',
  CURL_CA_BUNDLE: server.config.tls?.cert ?? '',
  REQUESTS_CA_BUNDLE: server.config.tls?.cert ?? '',
  SSL_CERT_FILE: server.config.tls?.cert ?? '',
})

const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
const expected = { client_id: clientId, aud: resource, scope: 'read write' }

test('the one for where the client runs comes first', () => {
  expect(snippetsFor(target(), 'prometheus')[0]?.id).toBe('prometheus')
  expect(snippetsFor(target()).map(({ id }) => id)).toEqual(
    'curl node python go java dotnet rust prometheus github mcp'.split(' '),
  )
})

test('the curl line gets a token', async () => {
  const answer = JSON.parse(await runProgram('sh', [written('curl').path], { env: environment() }))
  expect(claimsOf(answer.access_token)).toMatchObject(expected)
})

test('the program for Node gets a token', async () => {
  const printed = await runProgram(process.execPath, [written('node').path], { env: environment() })
  expect(claimsOf(printed)).toMatchObject(expected)
})

test('the program for Python gets a token', async ({ skip }) => {
  if (!(await runs('python3', ['-c', 'import requests']))) skip('there is no Python with requests')
  const printed = await runProgram('python3', [written('python').path], { env: environment() })
  expect(claimsOf(printed)).toMatchObject(expected)
})

test('a platform token in a file is sent as it is, by curl, Node and Python', async ({ skip }) => {
  const path = join(folder, 'platform-token')
  writeFileSync(path, 'not.a.token\n')
  const proof: Proof = { kind: 'token-file', path }
  const answer = JSON.parse(await runProgram('sh', [written('curl', proof).path], { env: environment() }))
  expect(answer.error).toBe('invalid_client')
  await expect(runProgram(process.execPath, [written('node', proof).path], { env: environment() })).rejects.toThrow(
    /invalid_client|WWW-Authenticate/,
  )
  if (!(await runs('python3', ['-c', 'import requests']))) skip('there is no Python with requests')
  await expect(runProgram('python3', [written('python', proof).path], { env: environment() })).rejects.toThrow(/401/)
})

test.for<readonly [SnippetId, string, readonly string[]]>([
  ['go', 'gofmt', ['-e']],
  ['rust', 'rustfmt', ['--edition', '2021', '--config', 'max_width=200', '--emit', 'stdout']],
])('the programs for %s are well-formed', async ([id, program, args], { skip }) => {
  if (!(await runs('sh', ['-c', `command -v ${program}`]))) skip(`there is no ${program}`)
  for (const proof of [{ kind: 'secret' }, { kind: 'token-file', path: '/run/token' }] satisfies Proof[])
    await runProgram(program, [...args, written(id, proof).path])
})

// The compiler takes some ten seconds of processor time.
test.runIf(process.env['TESSERA_FAULTS'] === 'long')(
  'Java compiles the class for Spring',
  async ({ skip }) => {
    const repository = join(homedir(), '.m2/repository')
    const jars = readFileSync(join(ROOT, 'test/interop/java/classpath.txt'), 'utf8').trim().split(/[:\n]/)
    const classpath = jars.map((jar) => join(repository, jar)).join(':')
    const { path } = written('java')
    const tiny = join(folder, 'Probe.java')
    writeFileSync(tiny, 'class Probe { org.springframework.security.oauth2.client.OAuth2AuthorizeRequest one; }')
    if (!(await runs('javac', ['-cp', classpath, '-d', folder, tiny]))) skip('there is no JDK, or no Spring Security')
    await runProgram('javac', ['-cp', classpath, '-d', folder, path])
    await runProgram('javac', [
      '-cp',
      classpath,
      '-d',
      folder,
      written('java', { kind: 'token-file', path: '/run/token' }).path,
    ])
  },
  60_000,
)

test('the configuration of Prometheus has the fields that it knows', () => {
  const [job] = parse(written('prometheus').text).scrape_configs
  expect(job.oauth2).toEqual({
    client_id: clientId,
    client_secret_file: '/etc/prometheus/client-secret',
    token_url: `${server.issuer}/as/token.oauth2`,
    scopes: ['read', 'write'],
    endpoint_params: { resource },
  })
  expect(job.static_configs).toEqual([{ targets: ['api.example.com'] }])
})

test('the job of GitHub Actions is YAML whose script a shell reads', async () => {
  for (const proof of [{ kind: 'secret' }, { kind: 'github', audience: 'https://a b' }] satisfies Proof[]) {
    const workflow = parse(written('github', proof).text)
    const [step] = workflow.jobs.token.steps
    expect(workflow.permissions).toEqual(proof.kind === 'github' ? { 'id-token': 'write' } : undefined)
    await runProgram('sh', ['-n', '-c', step.run])
  }
})

test('the programs of Node for keys, certificates and MCP are well-formed', async () => {
  for (const [id, proof] of [
    ['node', { kind: 'key' }],
    ['node', { kind: 'certificate' }],
    ['mcp', { kind: 'secret' }],
    ['mcp', { kind: 'key' }],
  ] satisfies [SnippetId, Proof][])
    await runProgram(process.execPath, ['--check', written(id, proof).path])
})

test('the programs of Python for keys and certificates are well-formed', async ({ skip }) => {
  if (!(await runs('python3', ['--version']))) skip('there is no Python')
  for (const kind of ['key', 'certificate'] as const)
    await runProgram('python3', ['-m', 'py_compile', written('python', { kind }).path])
})
