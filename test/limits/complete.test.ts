import { globSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, test } from 'vitest'
import { readersIn } from './coverage.ts'
import { ELSEWHERE, OTHERS } from './exempt.ts'

/** Runs each case once. Imports the parsers only now, so that V8 counts all of their calls. */
async function runCases(): Promise<void> {
  const { allCases } = await import('./cases/all.ts')
  for (const { read } of allCases) {
    try {
      await read()
    } catch {
      // Parsers refuse most of these inputs.
    }
  }
}

// A new parser of strangers' input fails here until it has a case in cases/, with its largest input.
test('largest-inputs: every function that parses strangers’ input is timed at its largest input', async () => {
  const folders = [...new Set(globSync('src/**/*.ts').map((path) => dirname(path).slice('src/'.length)))]
  expect(folders).toEqual(expect.arrayContaining(Object.keys(OTHERS)))
  const watched = folders.filter((folder) => !(folder in OTHERS))
  const readers = await readersIn(
    watched.flatMap((folder) => globSync(`src/${folder}/*.ts`)),
    runCases,
  )
  expect(readers.length).toBeGreaterThan(80)
  const notRun = readers.filter(({ isRun }) => !isRun).map(({ name }) => name)
  expect(notRun.filter((name) => !(name in ELSEWHERE))).toEqual([])
  // The list must not name functions that were removed or are timed now.
  expect(Object.keys(ELSEWHERE).filter((name) => !notRun.includes(name))).toEqual([])
}, 180_000)
