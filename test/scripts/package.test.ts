import { execFile } from 'node:child_process'
import { globSync, readFileSync, rmSync } from 'node:fs'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import { environmentOf, startTessera } from '../harness/cli.ts'
import { testConfig } from '../harness/server.ts'
import { runOn, Visitor } from '../harness/visitor.ts'

const run = promisify(execFile)

/** The package of a module specifier: `@scope/name` or `name`. */
const PACKAGE = /(?:\bfrom |\bimport |\bimport\()'((?:@[\w.-]+\/)?[\w-][\w.-]*)(?:\/[\w./-]+)?'/g

beforeAll(async () => {
  await run(process.execPath, ['scripts/build.ts'])
}, 240_000)

test('the published package has exactly the command, the console and its runtime dependencies', async () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  const built = JSON.parse(readFileSync('dist/package.json', 'utf8')) as Record<string, Record<string, string>>
  expect(Object.keys(built)).not.toContain('devDependencies')
  expect(Object.keys(built)).not.toContain('optionalDependencies')

  // Dependencies used only by tests aren't the package's, and it uses all of its own.
  const sources = globSync('dist/lib/**/*.js').map((file) => readFileSync(file, 'utf8'))
  const imported = sources.flatMap((source) => [...source.matchAll(PACKAGE)].map(([, name = '']) => name))
  expect([...new Set(imported)].sort()).toEqual(Object.keys(built['dependencies'] ?? {}).sort())

  const { stdout } = await run(process.execPath, [`dist/${built['bin']?.['tessera']}`, '--version'])
  expect(stdout).toBe(`${version}\n`)

  const packed = await run('npm', ['pack', '--dry-run', '--json'], { cwd: 'dist' })
  const [{ files, size } = { files: [], size: Infinity }] = JSON.parse(packed.stdout) as {
    files: { path: string }[]
    size: number
  }[]
  expect(size).toBeLessThan(2_500_000)
  const outside = files
    .map(({ path }) => path)
    .filter((path) => !/^lib\/.*\.js$|^console\/built\/(?:index\.html|[\w/.-]+\.(?:js|css|svg)(?:\.br)?)$/.test(path))
  expect(outside.sort()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'manifest.schema.json', 'package.json'])
})

test('a server of the published package shows the console, and has every file of it', async () => {
  const { config, folder } = await testConfig()
  const server = startTessera(['serve'], environmentOf(config), '', 'dist/lib/cli/main.js')
  try {
    await server.printed(/is served on/)
    await runOn(config, ['admin', 'bootstrap', '--name', 'anna'], {}, 'a tessera is a small tile')
    const visitor = new Visitor(`https://localhost:${config.admin.port}`)
    await visitor.post('/sign-in', { name: 'anna', password: 'a tessera is a small tile' })
    expect((await visitor.get('/')).status).toBe(200)
    expect(visitor.page).toContain('id="root"')
    const files = globSync('console/built/**/*.{js,css,svg}').map((file) => file.slice('console/built'.length))
    expect(files.length).toBeGreaterThan(10)
    for (const file of files) expect([file, (await visitor.get(file)).status]).toEqual([file, 200])
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true })
  }
})
