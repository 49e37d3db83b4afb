/** Builds the published package into `dist/`: JavaScript, the built console, and a package.json with the runtime dependencies. */

import { execFileSync } from 'node:child_process'
import { copyFileSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'

rmSync('dist', { recursive: true, force: true })
execFileSync('node_modules/.bin/tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' })
execFileSync(process.execPath, ['scripts/console.ts'], { stdio: 'inherit' })
// Names with a dot are notes of the build: its manifest, and its stamp.
cpSync('console/built', 'dist/console/built', {
  recursive: true,
  filter: (path) => !basename(path).startsWith('.'),
})

const { name, version, description, license, type, engines, dependencies } = JSON.parse(
  readFileSync('package.json', 'utf8'),
) as Record<string, unknown>
const published = {
  name,
  version,
  description,
  license,
  type,
  engines,
  bin: { tessera: 'lib/cli/main.js' },
  dependencies,
}
writeFileSync('dist/package.json', `${JSON.stringify(published, undefined, 2)}\n`)
for (const file of ['README.md', 'LICENSE', 'CHANGELOG.md']) copyFileSync(file, `dist/${file}`)
copyFileSync('docs/reference/manifest.schema.json', 'dist/manifest.schema.json')
