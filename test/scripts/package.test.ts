import { execFile } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)

/** The package of a module specifier: `@scope/name` or `name`. */
const PACKAGE = /(?:\bfrom |\bimport |\bimport\()'((?:@[\w.-]+\/)?[\w-][\w.-]*)(?:\/[\w./-]+)?'/g

test('the published package has exactly the command and its runtime dependencies', async () => {
  await run(process.execPath, ['scripts/build.ts'])
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
  const [{ files } = { files: [] }] = JSON.parse(packed.stdout) as { files: { path: string }[] }[]
  const outside = files.map(({ path }) => path).filter((path) => !/^lib\/.*\.js$/.test(path))
  expect(outside.sort()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'manifest.schema.json', 'package.json'])
}, 120_000)
