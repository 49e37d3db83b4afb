/**
 * Builds the published package into `dist/`, or into the empty folder that is given: the command, the console, the pages and files
 * for people who run it, and the runtime dependencies in the versions of package-lock.json.
 */

import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** The place in the package of each copied file or folder of the checkout. */
const COPIED: Readonly<Record<string, string>> = {
  'console/built': 'console/built',
  'deploy/npm/tessera.cjs': 'bin/tessera.cjs',
  'deploy/npm/README.md': 'README.md',
  'docs/reference/manifest.schema.json': 'manifest.schema.json',
  // npm installs the versions in this file.
  'package-lock.json': 'npm-shrinkwrap.json',
  ...Object.fromEntries(
    ['LICENSE', 'CHANGELOG.md', 'SECURITY.md', 'docs', 'examples', ...globSync('deploy/{*.*,monitoring,systemd}')].map(
      (path) => [path, path],
    ),
  ),
}
/** Pages for people who work on Tessera. */
const LEFT_OUT = ['docs/decisions', 'docs/internals']

const [folder = 'dist'] = process.argv.slice(2)
if (folder === 'dist') rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
if (readdirSync(folder).length > 0)
  throw new Error(`${folder} is not empty, and nothing in it is removed: name another folder`)

execFileSync('node_modules/.bin/tsc', ['-p', 'tsconfig.build.json', '--outDir', join(folder, 'lib')], {
  stdio: 'inherit',
})
execFileSync(process.execPath, ['scripts/console.ts'], { stdio: 'inherit' })
for (const [from, to] of Object.entries(COPIED)) {
  cpSync(from, join(folder, to), {
    recursive: true,
    // Names with a dot are notes of the console's build: its manifest, and its stamp.
    filter: (path) => !LEFT_OUT.includes(path) && !basename(path).startsWith('.'),
  })
}
for (const page of globSync('**/*.md', { cwd: folder })) adaptLinks(page)

/** The README moves two folders up, and a link to a file that the package lacks becomes its text. */
function adaptLinks(page: string): void {
  const path = join(folder, page)
  const copied = readFileSync(path, 'utf8')
  const moved = page === 'README.md' ? copied.replaceAll('](../../', '](') : copied
  const adapted = moved.replaceAll(
    /\[([^\]]*)\]\(([^)\s:#]+)(?:#[^)\s]*)?\)/g,
    (link, words: string, target: string) => (existsSync(join(dirname(path), target)) ? link : words),
  )
  writeFileSync(path, adapted)
}

const { name, version, description, license, type, engines, dependencies } = JSON.parse(
  readFileSync('package.json', 'utf8'),
) as Record<string, unknown>
// It is not private, as that of the checkout is, and exports no module: the package is a command.
const published = {
  name,
  version,
  description,
  keywords: ['oauth', 'oauth2', 'authorization-server', 'client-credentials', 'machine-to-machine', 'jwt'],
  license,
  type,
  engines,
  bin: { tessera: 'bin/tessera.cjs' },
  exports: { './manifest.schema.json': './manifest.schema.json', './package.json': './package.json' },
  files: readdirSync(folder),
  dependencies,
}
writeFileSync(join(folder, 'package.json'), `${JSON.stringify(published, undefined, 2)}\n`)
// Without a registry, npm keeps the runtime dependencies of the lockfile and forgets the others.
execFileSync('npm', ['install', '--package-lock-only', '--offline', '--ignore-scripts', '--loglevel=error'], {
  cwd: folder,
  stdio: ['ignore', 'ignore', 'inherit'],
})
