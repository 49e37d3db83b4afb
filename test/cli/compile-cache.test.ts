import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts')

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-compile-cache-'))
  for (const name of ['home', 'shared']) mkdirSync(join(folder, name))
})
afterEach(() => rmSync(folder, { recursive: true }))

function run(env: Record<string, string>): string {
  // This command imports a part of the program while it runs, which is what a cache keeps.
  return execFileSync(process.execPath, [MAIN, 'config', 'reference'], {
    env: { HOME: join(folder, 'home'), TMPDIR: join(folder, 'shared'), ...env },
    encoding: 'utf8',
  })
}

test('compiled code is kept in the home of the person, and not where others could put some', () => {
  expect(run({})).toContain('issuer')
  expect(readdirSync(join(folder, 'home', '.cache', 'tessera'))).not.toEqual([])
  expect(readdirSync(join(folder, 'shared'))).toEqual([])
})

test.each(['XDG_CACHE_HOME', 'NODE_COMPILE_CACHE'])('%s names another place', (name) => {
  run({ [name]: join(folder, 'home', 'elsewhere') })
  expect(readdirSync(join(folder, 'home', 'elsewhere'))).not.toEqual([])
  expect(existsSync(join(folder, 'home', '.cache'))).toBe(false)
})

test('a person without a place for it goes without', () => {
  expect(run({ HOME: '/proc/nowhere' })).toContain('issuer')
  expect(readdirSync(join(folder, 'shared'))).toEqual([])
})
