/**
 * Builds the console into `console/built/`, with a Brotli file beside each file that it makes smaller. Nothing is done if the console
 * is built from these very sources already, unless `--force` is given.
 */

import { createHash } from 'node:crypto'
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { extname } from 'node:path'
import { brotliCompressSync } from 'node:zlib'

const STAMP = 'console/built/.built-from'
const COMPRESSED = new Set(['.js', '.css', '.svg'])

/** The digest of everything from which the console is built. */
function digestOfSources(): string {
  const hash = createHash('sha256')
  const sources = globSync(['console/src/**/*', 'console/public/*', 'console/*.{html,json,ts}', 'package-lock.json'], {
    exclude: ['**/*.d.ts'],
    withFileTypes: true,
  })
  const paths = sources.filter((one) => one.isFile()).map((one) => `${one.parentPath}/${one.name}`)
  for (const path of paths.sort()) hash.update(path).update('\0').update(readFileSync(path)).update('\0')
  return hash.digest('hex')
}

const digest = digestOfSources()
const isBuilt = existsSync(STAMP) && readFileSync(STAMP, 'utf8') === digest
if (!isBuilt || process.argv.includes('--force')) {
  process.stderr.write('tessera: building the console\n')
  // Loading it takes longer than all the rest of a start with a current console.
  const { build } = await import('vite')
  await build({ root: 'console', logLevel: 'warn' })
  for (const file of globSync('console/built/**/*').filter((path) => COMPRESSED.has(extname(path)))) {
    const bytes = readFileSync(file)
    const compressed = brotliCompressSync(bytes)
    if (compressed.length < bytes.length) writeFileSync(`${file}.br`, compressed)
  }
  // The stamp comes last, so that an interrupted build counts as none.
  writeFileSync(STAMP, digest)
}
