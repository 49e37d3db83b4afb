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

test('XDG_CACHE_HOME and NODE_COMPILE_CACHE name other places', () => {
  for (const name of ['XDG_CACHE_HOME', 'NODE_COMPILE_CACHE']) {
    const elsewhere = join(folder, name)
    mkdirSync(elsewhere)
    run({ [name]: elsewhere })
    expect(readdirSync(elsewhere)).not.toEqual([])
  }
  expect(existsSync(join(folder, 'home', '.cache'))).toBe(false)
})

test.each(['/proc/nowhere', '/dev/null', ''])('a person whose home is %j goes without', (home) => {
  expect(run({ HOME: home })).toContain('issuer')
  expect(readdirSync(join(folder, 'shared'))).toEqual([])
})
