import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const PAGE = 'docs/reference/security-requirements.md'
const STATES = new Set(['met', 'operator', 'not met', 'not applicable'])

/** The items of the tables: number, requirement, state, reason and tests. */
const rows = readFileSync(PAGE, 'utf8')
  .split('\n')
  .filter((line) => /^\| \d/.test(line))
  .map((line) =>
    line
      .split('|')
      .map((cell) => cell.trim())
      .slice(1, -1),
  )
const shown = rows.map(([item = '', requirement = '', state = '', how = '', tests = '']) => ({
  name: `${item}: ${requirement}`,
  state,
  how,
  tests,
}))

/** The title of a test or of a group of tests, as the source writes it. */
const hasTitle = (source: string, title: string): boolean =>
  ["'", '"', '`'].some((quote) => source.includes(`(${quote}${title}${quote}`))

/** The reason why a named test is none, or undefined. */
function faultOf(named: string): string | undefined {
  const [, file = '', title = ''] = /^`([^`]+)` (.+)$/.exec(named) ?? []
  const path = join('test', file)
  if (file === '' || !existsSync(path)) return `${named}: no such file`
  const source = readFileSync(path, 'utf8')
  return hasTitle(source, title) ? undefined : `${named}: no such test`
}

test('every item has its cells and a known state', () => {
  expect(rows.length).toBeGreaterThan(90)
  expect(rows.filter((row) => row.length !== 5)).toEqual([])
  expect(shown.filter(({ state }) => !STATES.has(state))).toEqual([])
})

test.each(shown)('$name', ({ state, how, tests }) => {
  if (state !== 'met' || tests === 'no test') expect(how).not.toBe('')
  if (tests === '–') return expect(state).not.toBe('met')
  if (tests === 'no test') return
  expect(tests.split('<br>').flatMap((named) => faultOf(named) ?? [])).toEqual([])
})

describe('a wrong name is found', () => {
  test.each([
    ['`nowhere.test.ts` a test', '`nowhere.test.ts` a test: no such file'],
    ['`crypto/box.test.ts` a box that opens itself', '`crypto/box.test.ts` a box that opens itself: no such test'],
    ['crypto/box.test.ts an empty box opens', 'crypto/box.test.ts an empty box opens: no such file'],
    ['`crypto/box.test.ts` an empty box opens', undefined],
    ['`crypto/box.test.ts`', '`crypto/box.test.ts`: no such file'],
  ])('%s', (named, fault) => {
    expect(faultOf(named)).toBe(fault)
  })
})
