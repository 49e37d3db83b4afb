import { expect, test } from 'vitest'
import { row } from '../../console/src/features/audit/export/csv.ts'

const FORMULAS = [
  ['at the beginning', '=1+1', `'=1+1`],
  ['after blanks', ' \t@SUM(A1)', `' \t'@SUM(A1)`],
  ['behind a semicolon, which separates cells in many countries', 'job;=HYPERLINK(A1)', `job;'=HYPERLINK(A1)`],
  ['in a second line', 'job\n-1', `"job\n'-1"`],
  ['in full width', '\uff1d1', `'\uff1d1`],
  ['in quotation marks behind a semicolon', 'job;"=1"', `"job;'""=1"""`],
] as const

test.each(FORMULAS)('no cell of an export is a formula: %s', (_, text, cell) => {
  expect(row([7, text, undefined])).toBe(`7,${cell},\r\n`)
})

test('other texts stay as they are', () => {
  expect(row(['a-b; c=d'])).toBe('a-b; c=d\r\n')
})
