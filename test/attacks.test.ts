import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

/** The rows of a table: a name in the first column, files in the last one. */
const rows = readFileSync('test/attacks.md', 'utf8')
  .split('\n')
  .flatMap((line): [string, string][] => {
    const cells = line.split('|').map((cell) => cell.trim())
    const [name = '', tests = ''] = [cells[1], cells.at(-2)]
    return cells.length > 4 && /^[a-z][a-z-]+$/.test(name) && name !== 'name' ? [[name, tests]] : []
  })
const filesIn = (tests: string): readonly string[] => [...tests.matchAll(/`([^`]+)`/g)].map(([, file = '']) => file)
/**
 * Whether the text has a test with this name: at its beginning, alone or among others, or at its end in parentheses.
 */
const bears = (text: string, name: string): boolean => new RegExp(`\\b${name}(, [a-z-]+)*(: |\\)['"\`])`).test(text)

describe('the catalogue of attacks', () => {
  test('has one row for each name', () => {
    const names = rows.map(([name]) => name)
    expect(names.length).toBeGreaterThan(70)
    expect(names).toEqual([...new Set(names)])
  })

  test.each(rows)('%s: the row names the files with its tests, or says why there are none', (name, tests) => {
    const files = filesIn(tests)
    if (files.length === 0) expect(tests).toMatch(/^not applicable yet: ./)
    for (const file of files) {
      const path = join('test', file)
      expect(existsSync(path), path).toBe(true)
      expect(bears(readFileSync(path, 'utf8'), name), `${path} has tests named ${name}`).toBe(true)
    }
  })

  test('has every file with tests of a name in the row of that name', () => {
    const missing = globSync('test/**/*.ts').flatMap((path) => {
      const text = readFileSync(path, 'utf8')
      return rows
        .filter(([name, tests]) => bears(text, name) && !filesIn(tests).some((file) => join('test', file) === path))
        .map(([name]) => `${name}: ${path}`)
    })
    expect(missing).toEqual([])
  })
})

test('tests have names, not numbers', () => {
  const numbered = globSync('test/**/*.ts').flatMap((path) => {
    const lines = readFileSync(path, 'utf8').split('\n')
    return lines.filter((line) => /(^\s*\[?|\(|\$\{)['"`]\d+(, ?\d+)*: /.test(line)).map((line) => `${path}: ${line}`)
  })
  expect(numbered).toEqual([])
})
