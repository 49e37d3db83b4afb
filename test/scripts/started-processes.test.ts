import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

/** A way to start a process that writes to the streams of the process that starts it. */
const SHARED = /\bfork\(|stdio: (?:'inherit'|\[[^\]]*'inherit')/

test('no test shares its streams with a process that it starts: one that is left behind would keep the run from ending', () => {
  const files = globSync('test/**/*.ts').filter((file) => !file.endsWith('started-processes.test.ts'))
  expect(files.filter((file) => SHARED.test(readFileSync(file, 'utf8')))).toEqual([])
})

test.each(["stdio: 'inherit'", "stdio: ['pipe', 'pipe', 'inherit']", "fork('file.ts')"])(
  'the scan finds %s',
  (source) => {
    expect(source).toMatch(SHARED)
  },
)
