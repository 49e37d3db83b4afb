import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { directOf } from '../../scripts/dependencies/lock.ts'
import { isAllowed, shipped } from '../../scripts/dependencies/page.ts'
import { ofConsole, ofProgram } from '../../scripts/dependencies/table.ts'

const all = [...new Map([...shipped.program, ...shipped.console].map((one) => [one.path, one])).values()]

const declared = (path: string): readonly string[] => {
  const { dependencies } = JSON.parse(readFileSync(path, 'utf8')) as { dependencies: Readonly<Record<string, string>> }
  return Object.keys(dependencies).sort()
}

test('every dependency has a reason, and every reason a dependency', () => {
  expect(Object.keys(ofProgram).sort()).toEqual(declared('package.json'))
  expect(Object.keys(ofConsole).sort()).toEqual(declared('console/package.json'))
  expect([...directOf('')].sort()).toEqual(declared('package.json'))
})

test.each(all)('$path has a licence that lets us ship it', ({ path, license = '(none)', isOptional }) => {
  expect(license).toSatisfy(isAllowed)
  // A package for other platforms is not here.
  if (isOptional) return
  const installed = JSON.parse(readFileSync(`${path}/package.json`, 'utf8')) as { license: unknown }
  expect(installed.license).toBe(license)
})

describe('a licence is allowed only if each part of it is', () => {
  test.each([
    ['MIT', true],
    ['(MIT OR GPL-3.0-only)', true],
    ['MIT AND GPL-3.0-only', false],
    ['(MIT AND BSD-3-Clause)', true],
    ['MPL-2.0', false],
    ['AGPL-3.0-or-later', false],
    ['SEE LICENSE IN LICENSE.txt', false],
    ['', false],
  ])('%s: %s', (expression, expected) => {
    expect(isAllowed(expression)).toBe(expected)
  })
})

// The build of the console writes the file from the modules that are in the bundle.
test('the notices beside the bundle are those of packages of the page', () => {
  const notices = readFileSync('console/built/THIRD_PARTY_LICENSES.txt', 'utf8')
  const bundled = [...notices.matchAll(/^## (\S+) - (\S+) \((.+)\)$/gm)].map(([, ...words]) => words.join(' '))
  const known = shipped.console.map(({ name, version, license }) => `${name} ${version} ${license}`)
  expect(bundled).toContain(`react ${shipped.console.find(({ name }) => name === 'react')?.version} MIT`)
  expect(bundled.filter((one) => !known.includes(one))).toEqual([])
  expect(notices).toContain('Copyright (c) Meta Platforms')
})
