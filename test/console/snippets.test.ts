import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, expect, inject, type TestContext, test } from 'vitest'
import { parse } from 'yaml'
import { snippetsFor } from '../../console/src/shared/snippets/snippets.ts'
import type { Proof, SnippetId, Target } from '../../console/src/shared/snippets/target.ts'
import { startTestServer, type TestServer } from '../harness/server.ts'
import { runProgram, runs } from '../interop/other-languages.ts'
import { type BusyFront, startBusyFront } from './busy-front.ts'
import { builtRust, FIRST_BUILD } from './rust.ts'

const clientId = "night'ly $job"
const secret = 'a secret of a job & its server'
const resource = 'https://api.example.com'
const ROOT = join(import.meta.dirname, '../..')

let server: TestServer
let folder: string
let front: BusyFront
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
  front = await startBusyFront(() => server)
  // Inside the repository, so that programs of Node find its packages.
  mkdirSync(join(ROOT, 'node_modules/.cache'), { recursive: true })
  folder = mkdtempSync(join(ROOT, 'node_modules/.cache/snippets-'))
})
afterAll(async () => {
  await front.stop()
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
function written(
  id: SnippetId,
  proof?: Proof,
  at: Partial<Target> = {},
): { readonly path: string; readonly text: string } {
  const one = snippetsFor({ ...target(proof), ...at }).find((snippet) => snippet.id === id)
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
    'curl node python go java spring dotnet rust ruby prometheus github mcp'.split(' '),
  )
})

/** A program that prints a token, and the way to run its file. */
interface Runnable {
  readonly id: SnippetId
  readonly run: (path: string, skip: TestContext['skip']) => Promise<string>
  /** Whether it takes many seconds of processor time: then it runs with TESSERA_SNIPPETS=all only. */
  readonly isHeavy?: true
}

const runnables: readonly Runnable[] = [
  {
    id: 'curl',
    run: async (path) => {
      // docs/integrating/get-a-token.md says to add these options in a script.
      writeFileSync(path, readFileSync(path, 'utf8').replace('curl -sS', 'curl -sS --fail --retry 3'))
      return JSON.parse(await runProgram('sh', [path], { env: environment() })).access_token
    },
  },
  { id: 'node', run: (path) => runProgram(process.execPath, [path], { env: environment() }) },
  {
    id: 'python',
    run: async (path, skip) => {
      if (!(await runs('python3', ['-c', 'import requests']))) skip('there is no Python with requests')
      return runProgram('python3', [path], { env: environment() })
    },
  },
  {
    id: 'ruby',
    run: async (path, skip) => {
      if (!(await runs('ruby', ['--version']))) skip('there is no Ruby')
      return runProgram('ruby', [path], { env: environment() })
    },
  },
  { id: 'go', run: (path, skip) => runGo(skip, path), isHeavy: true },
  { id: 'java', run: (path, skip) => runJava(skip, path), isHeavy: true },
  { id: 'spring', run: (path, skip) => runJava(skip, path), isHeavy: true },
  {
    id: 'rust',
    run: async (path, skip) => runProgram(await builtRust(path, folder, skip), [], { env: environment() }),
    isHeavy: true,
  },
]

/** Prevents downloads. */
const offline = { GOPROXY: 'off', GOFLAGS: '-mod=readonly' }

/** Runs a program of Go within the module of the interoperability tests. */
async function runGo(skip: TestContext['skip'], path: string): Promise<string> {
  if (!(await runs('go', ['version']))) skip('there is no Go')
  const module = join(ROOT, 'test/interop/go')
  const env = { ...environment(), ...offline }
  if (!(await runs('go', ['build', '-o', '/dev/null', '.'], { cwd: module, env })))
    skip('golang.org/x/oauth2 is not there: cd test/interop/go && go mod download')
  return runProgram('go', ['run', path], { cwd: module, env })
}

async function runJava(skip: TestContext['skip'], path: string): Promise<string> {
  if (!(await runs('javac', ['-version']))) skip('there is no JDK')
  const repository = join(homedir(), '.m2/repository')
  const jars = readFileSync(join(ROOT, 'test/interop/java/classpath.txt'), 'utf8').trim().split('\n')
  const paths = jars.map((jar) => join(repository, jar))
  if (!paths.every((jar) => existsSync(jar)))
    skip('Spring Security is not there: mvn -f test/interop/java/pom.xml dependency:resolve')
  const trust = join(folder, 'trust.p12')
  const password = 'changeit'
  if (!existsSync(trust))
    await runProgram('keytool', [
      ...['-importcert', '-noprompt', '-keystore', trust, '-storepass', password],
      ...['-file', inject('tls').cert],
    ])
  return runProgram(
    'java',
    [
      ...['-cp', paths.join(delimiter), `-Djavax.net.ssl.trustStore=${trust}`],
      ...[`-Djavax.net.ssl.trustStorePassword=${password}`, path],
    ],
    { env: environment() },
  )
}

const isRun = ({ isHeavy }: Runnable): boolean => isHeavy !== true || process.env['TESSERA_SNIPPETS'] === 'all'

test.for(runnables.filter(isRun).map((one) => [one.id, one] as const))(
  'the program for %s gets a token at its second attempt, after the time that a busy server names',
  { timeout: FIRST_BUILD },
  async ([id, { run }], { skip }) => {
    front.answers.length = 0
    const at = { issuer: front.url, tokenUrl: `${front.url}/as/token.oauth2` }
    const printed = await run(written(id, undefined, at).path, skip)
    expect(claimsOf(printed)).toMatchObject(expected)
    expect(front.answers.map(({ status }) => status)).toEqual([503, 200])
    // Some clocks tick a little faster than others.
    expect(front.answers[1]?.after).toBeGreaterThan(900)
  },
)

test('Node asks for one token, however many want it at once, and again only when it is about to expire', async () => {
  front.answers.length = 1
  const { path, text } = written('node', undefined, { issuer: front.url })
  const many =
    'console.log((await Promise.all([accessToken(), accessToken()])).join() === String([await accessToken(), await accessToken()]))'
  writeFileSync(path, text.replace('console.log(await accessToken())', many))
  expect(await runProgram(process.execPath, [path], { env: environment() })).toBe('true\n')
  expect(front.answers).toHaveLength(2)
})

test('a platform token in a file is sent as it is', { timeout: FIRST_BUILD }, async ({ skip }) => {
  const path = join(folder, 'platform-token')
  writeFileSync(path, 'not.a.token\n')
  const proof: Proof = { kind: 'token-file', path }
  const answer = JSON.parse(await runProgram('sh', [written('curl', proof).path], { env: environment() }))
  expect(answer.error).toBe('invalid_client')
  for (const { id, run } of runnables.filter((one) => !['curl', 'java'].includes(one.id) && isRun(one)))
    await expect(run(written(id, proof).path, skip), id).rejects.toThrow(/invalid.client|WWW-Authenticate|401/i)
})

test.for<readonly [SnippetId, string, readonly string[]]>([
  ['go', 'gofmt', ['-e']],
  ['rust', 'rustfmt', ['--edition', '2021', '--config', 'max_width=200', '--emit', 'stdout']],
  ['ruby', 'ruby', ['-c']],
])('the programs for %s are well-formed', async ([id, program, args], { skip }) => {
  if (!(await runs('sh', ['-c', `command -v ${program}`]))) skip(`there is no ${program}`)
  for (const proof of [{ kind: 'secret' }, { kind: 'token-file', path: '/run/token' }] satisfies Proof[])
    await runProgram(program, [...args, written(id, proof).path])
})

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
