import { globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const BUILT = join(import.meta.dirname, '../../console/built')
const KILOBYTE = 1_000

/** A module of the bundle, as Vite lists it. */
interface Chunk {
  readonly file: string
  readonly imports?: readonly string[]
  readonly css?: readonly string[]
}

const chunks: Readonly<Record<string, Chunk>> = JSON.parse(readFileSync(join(BUILT, '.vite/manifest.json'), 'utf8'))

/** The files that a browser loads for a module: its own, those that it imports at once, and their styles. */
function filesOf(name: string, found = new Set<string>()): Set<string> {
  const chunk = chunks[name]
  if (chunk === undefined) throw new Error(`the bundle has no module ${name}`)
  if (found.has(chunk.file)) return found
  found.add(chunk.file)
  for (const style of chunk.css ?? []) found.add(style)
  for (const one of chunk.imports ?? []) filesOf(one, found)
  return found
}

/** Bytes as they travel: compressed by Brotli, unless that saves nothing. */
const sizeOf = (file: string): number =>
  statSync(join(BUILT, `${file}.br`), { throwIfNoEntry: false })?.size ?? statSync(join(BUILT, file)).size

const total = (files: Iterable<string>): number => [...files].reduce((sum, file) => sum + sizeOf(file), 0)

test('the overview with its charts is shown after 200 kB at most', () => {
  const files = new Set(
    ['index.html', 'src/features/overview/overview-page.tsx', 'src/shared/chart-plot.tsx'].flatMap((name) => [
      ...filesOf(name),
    ]),
  )
  expect(total([...files, 'index.html'])).toBeLessThanOrEqual(200 * KILOBYTE)
})

test('all of the console takes 400 kB at most', () => {
  const files = globSync('**/*', { cwd: BUILT }).filter((file) => /\.(?:js|css|svg|html)$/.test(file))
  expect(files.length).toBeGreaterThan(Object.keys(chunks).length)
  expect(total(files)).toBeLessThanOrEqual(400 * KILOBYTE)
})
