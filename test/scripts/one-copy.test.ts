import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const CONSTANT = /^(?:export )?const (\w+)(?:: [^=\n]+)? = ([^\n]*(?:\n {2}[^\n]*)*)/gm

/** The names that several files declare with one value, each with these files. */
function copiesIn(sources: Readonly<Record<string, string>>): Readonly<Record<string, readonly string[]>> {
  const filesOf = new Map<string, string[]>()
  for (const [file, source] of Object.entries(sources)) {
    for (const [, name = '', value = ''] of source.matchAll(CONSTANT)) {
      const key = `${name} = ${value}`
      filesOf.set(key, [...(filesOf.get(key) ?? []), file])
    }
  }
  return Object.fromEntries([...filesOf].filter(([, files]) => files.length > 1))
}

test('a constant of one name and value stands in one file', () => {
  // A migration keeps the values of its time.
  const files = globSync('src/**/*.ts', { exclude: ['src/store/migrations/**'] })
  const sources = Object.fromEntries(files.map((file) => [file, readFileSync(file, 'utf8')]))
  expect(copiesIn(sources)).toEqual({})
})

test('the scan finds copies', () => {
  const one = 'const LONGEST = 10\nconst isOne = (value: number): boolean =>\n  value === 1\n'
  const other = 'export const LONGEST: number = 10\nexport const isOne = (value: number): boolean =>\n  value === 1\n'
  expect(Object.values(copiesIn({ one, other }))).toEqual([
    ['one', 'other'],
    ['one', 'other'],
  ])
  expect(copiesIn({ one, other: 'const LONGEST = 11\n' })).toEqual({})
})
