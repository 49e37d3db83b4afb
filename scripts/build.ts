/** Builds the published package into `dist/`: JavaScript, and a package.json with the runtime dependencies. */

import { execFileSync } from 'node:child_process'
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'

rmSync('dist', { recursive: true, force: true })
execFileSync('node_modules/.bin/tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' })

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
