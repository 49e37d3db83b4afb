import { execFile } from 'node:child_process'
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { promisify } from 'node:util'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RunningCommand, startTessera } from '../harness/cli.ts'
import { bcryptHash } from '../harness/imported.ts'
import { freePort } from '../harness/port.ts'
import { Visitor } from '../harness/visitor.ts'

const run = promisify(execFile)

interface Manifest {
  readonly version: string
  readonly engines: { readonly node: string }
  readonly dependencies: Readonly<Record<string, string>>
}
interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly version: string; readonly integrity?: string }>>
}

const read = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T
const checkout = read<Manifest>('package.json')

const folder = mkdtempSync(join(tmpdir(), 'tessera-npm-'))
const at = (...path: string[]) => join(folder, ...path)
const inPackage = (path: string) => at('package', path)

let tarball: string
beforeAll(async () => {
  await run(process.execPath, ['scripts/build.ts', at('package')])
  const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: at('package') })
  tarball = at(stdout.trim())
}, 600_000)
afterAll(() => rmSync(folder, { recursive: true }))

describe('the package', () => {
  /** The package of a module specifier: `@scope/name` or `name`. */
  const PACKAGE = /(?:\bfrom |\bimport |\bimport\()'((?:@[\w.-]+\/)?[\w-][\w.-]*)(?:\/[\w./-]+)?'/g

  test('may be published, runs no script when it is installed, and depends on exactly what it imports', () => {
    const published = read<Manifest>(inPackage('package.json'))
    const others = ['private', 'scripts', 'devDependencies', 'optionalDependencies', 'workspaces']
    expect(Object.keys(published).filter((key) => others.includes(key))).toEqual([])
    expect(published).toMatchObject({ version: checkout.version, engines: checkout.engines })
    const sources = globSync('lib/**/*.js', { cwd: at('package') }).map((file) => readFileSync(inPackage(file), 'utf8'))
    const imported = sources.flatMap((source) => [...source.matchAll(PACKAGE)].map(([, name = '']) => name))
    expect([...new Set(imported)].sort()).toEqual(Object.keys(published.dependencies).sort())
  })

  test('pins every dependency to the version and the bytes of the lockfile, and none of them has an install script', () => {
    const { packages } = read<Lockfile>('package-lock.json')
    const { '': own, ...pinned } = read<Lockfile>(inPackage('npm-shrinkwrap.json')).packages
    expect(own?.version).toBe(checkout.version)
    for (const name of Object.keys(checkout.dependencies)) expect(pinned).toHaveProperty([`node_modules/${name}`])
    for (const [path, { version, integrity }] of Object.entries(pinned)) {
      expect({ path, version, integrity }).toEqual({
        path,
        version: packages[path]?.version,
        integrity: packages[path]?.integrity,
      })
      expect(integrity).toMatch(/^sha512-/)
    }
    expect(Object.entries(pinned).filter(([, one]) => 'hasInstallScript' in one || 'dev' in one)).toEqual([])
  })

  test('contains the command, the console and files for people who run it, and is small', async () => {
    const { stdout } = await run('tar', ['tzf', tarball])
    const files = stdout.split('\n').flatMap((line) => /^package\/(.+[^/])$/.exec(line)?.[1] ?? [])
    const usual = [
      /^lib\/.*\.js$/,
      /^console\/built\/(?:index\.html|[\w/.-]+\.(?:js|css|svg)(?:\.br)?)$/,
      /^docs\/(?!decisions|internals)[\w/.-]+\.(?:md|webp|svg|json)$/,
      /^examples\/[\w/.-]+\.(?:yaml|sh|mjs|json)$/,
      /^deploy\/(?!npm|image|kubernetes|compose)[\w/.-]+$/,
    ]
    expect(files.filter((file) => !usual.some((pattern) => pattern.test(file))).sort()).toEqual([
      ...['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'bin/tessera.cjs'],
      'console/built/THIRD_PARTY_LICENSES.txt',
      ...['manifest.schema.json', 'npm-shrinkwrap.json', 'package.json'],
    ])
    expect(files.filter((file) => /\/(?:grafana-dashboard\.json|alerts\.yml)$/.test(file))).toHaveLength(2)
    expect(statSync(tarball).size).toBeLessThan(3_000_000)
  })

  test('has no page with a link to a file that it lacks', () => {
    const faults = globSync('**/*.md', { cwd: at('package') }).flatMap((page) =>
      [...readFileSync(inPackage(page), 'utf8').matchAll(/\]\(([^)\s:#]+)(?:#[^)\s]*)?\)/g)]
        .map(([, target = '']) => join(dirname(page), target))
        .filter((target) => !existsSync(inPackage(target)))
        .map((target) => `${page}: ${target}`),
    )
    expect(faults).toEqual([])
    expect(readFileSync(inPackage('README.md'), 'utf8')).toContain('](docs/start/npm.md)')
  })

  test('has the file of every thread that it starts', () => {
    const threads = globSync('lib/**/*.js', { cwd: at('package') }).flatMap((file) =>
      [...readFileSync(inPackage(file), 'utf8').matchAll(/\.\/([\w-]+-thread)/g)].map(([, name]) =>
        join(dirname(file), `${name}.js`),
      ),
    )
    expect(threads.length).toBeGreaterThan(2)
    expect(threads.filter((thread) => !existsSync(inPackage(thread)))).toEqual([])
  })

  test.each(['26.8.2', '20.20.2', '0.12.18'])(
    'says that Node %s is too old before it loads anything else',
    async (version) => {
      const disguise = at('disguise.cjs')
      writeFileSync(disguise, `Object.defineProperty(process.versions, 'node', { value: process.env.DISGUISE })\n`)
      // The dependencies are not there, so that loading the command would fail otherwise.
      const running = run(process.execPath, ['--require', disguise, inPackage('bin/tessera.cjs'), '--version'], {
        env: { ...process.env, DISGUISE: version },
      })
      const lowest = checkout.engines.node.replace('>=', '')
      await expect(running).rejects.toMatchObject({
        code: 1,
        stderr: `tessera: needs Node ${lowest} or later, but ${process.execPath} is Node ${version}\n`,
      })
    },
  )
})

const registry = await run('npm', ['view', 'commander', 'name', '--fetch-retries=0', '--fetch-timeout=20000']).then(
  () => undefined,
  () => ' (skipped: npm reaches no registry)',
)

describe.skipIf(registry !== undefined)(`installed from the registry${registry ?? ''}`, () => {
  const installed = at('installed')
  const work = at('work')
  const main = join(installed, 'bin/tessera')
  const authority = join(work, '.tessera/tls/ca.pem')
  const trusted = getCACertificates('default')

  let env: Record<string, string>
  let issuer: string
  let server: RunningCommand
  beforeAll(async () => {
    for (const path of [installed, work, at('home')]) mkdirSync(path)
    const quietly = ['--loglevel=error', '--no-audit', '--no-fund', '--prefer-offline']
    await run('npm', ['install', '--global', '--prefix', installed, '--ignore-scripts', ...quietly, tarball], {
      cwd: work,
    })
    const port = await freePort()
    issuer = `https://localhost:${port}`
    // Node itself refuses all other files, those of the checkout included.
    const permissions = [
      ...['--permission', '--allow-net', '--allow-worker', '--allow-child-process'],
      ...[`--allow-fs-read=${installed}`, `--allow-fs-read=${work}`, `--allow-fs-write=${work}`],
      '--allow-fs-read=/etc/tessera/tessera.yaml',
    ]
    env = {
      HOME: at('home'),
      NODE_DISABLE_COMPILE_CACHE: '1',
      NODE_OPTIONS: permissions.join(' '),
      TESSERA_RUNTIME_PORT: String(port),
      TESSERA_ADMIN_PORT: String(await freePort()),
      TESSERA_WORKERS: '2',
    }
    server = startTessera(['dev'], env, '', { main, cwd: work })
    await server.printed(/Ctrl\+C stops it/)
    setDefaultCACertificates([...trusted, readFileSync(authority, 'utf8')])
  }, 600_000)
  afterAll(async () => {
    setDefaultCACertificates(trusted)
    await server.stop()
  })

  /** Runs a command of the package, on the database of the server. */
  async function tessera(args: readonly string[], input = ''): Promise<string> {
    const running = run(process.execPath, [main, ...args], {
      cwd: work,
      env: {
        ...env,
        PATH: process.env['PATH'],
        TESSERA_STORAGE: 'sqlite:.tessera/tessera.db',
        TESSERA_MASTER_KEY_FILE: '.tessera/master.key',
        TESSERA_TLS_CERT: '.tessera/tls/cert.pem',
      },
    })
    running.child.stdin?.end(input)
    return (await running).stdout
  }

  test('is under 60 MB with its dependencies', () => {
    const files = globSync('**/*', { cwd: installed }).map((file) => statSync(join(installed, file)))
    const bytes = files.reduce((sum, { blocks }) => sum + 512 * blocks, 0)
    expect(bytes).toBeGreaterThan(20_000_000)
    expect(bytes).toBeLessThan(60_000_000)
  })

  test('has the commands', async () => {
    expect(await tessera(['--version'])).toBe(`${checkout.version}\n`)
    expect(await tessera(['--help'])).toMatch(/^Usage: tessera [\s\S]+ serve [\s\S]+ apply /)
    const example = join(installed, 'lib/node_modules/tessera-as/examples/manifest.yaml')
    expect(await tessera(['validate', '-f', example])).toContain('valid')
  })

  test('gives a token by the command that `tessera dev` prints, and verifiers take the token', async () => {
    const [command = ''] = /curl [\s\S]*token\.oauth2/.exec(server.output()) ?? []
    const { stdout } = await run('sh', ['-c', `${command} --silent`], { cwd: work })
    const { access_token } = JSON.parse(stdout) as { access_token: string }
    const { payload, protectedHeader } = await jwtVerify(
      access_token,
      createRemoteJWKSet(new URL(`${issuer}/pf/JWKS`)),
      { issuer, audience: 'https://api.example.com', typ: 'at+jwt' },
    )
    expect(payload).toMatchObject({ client_id: 'cc_client', scope: 'edit' })
    expect(protectedHeader.alg).toBe('ES256')
  })

  test('checks a hash of another server, on a thread', async () => {
    const manifest = join(work, 'manifest.yaml')
    const client = {
      client_id: 'moved',
      scopes: ['edit'],
      credentials: [{ label: 'old', secret_hash: bcryptHash('2Federate') }],
    }
    writeFileSync(manifest, JSON.stringify({ clients: [client] }))
    await tessera(['apply', '-f', manifest])
    const response = await fetch(`${issuer}/as/token.oauth2`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa('moved:2Federate')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    })
    expect([response.status, await response.json()]).toMatchObject([200, { scope: 'edit' }])
  })

  test('shows the console, and every file of it', async () => {
    const password = 'a tessera is a small tile'
    await tessera(['admin', 'bootstrap', '--name', 'anna'], password)
    const visitor = new Visitor(`https://localhost:${env['TESSERA_ADMIN_PORT']}`)
    await visitor.post('/sign-in', { name: 'anna', password })
    expect((await visitor.get('/')).status).toBe(200)
    expect(visitor.page).toContain('id="root"')
    const files = globSync('console/built/**/*.{js,css,svg}').map((file) => file.slice('console/built'.length))
    expect(files.length).toBeGreaterThan(10)
    for (const file of files) expect([file, (await visitor.get(file)).status]).toEqual([file, 200])
  })

  test('has needed no other file', () => {
    expect(server.output()).not.toMatch(/ERR_ACCESS_DENIED|Access to this API/)
  })
})
