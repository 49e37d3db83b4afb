import { expect, test } from 'vitest'
import { requireDisplayName } from '../../../src/administrators/accounts/account.ts'
import { checkLabel } from '../../../src/management/credentials/labels.ts'

test.each([
  ['a label', checkLabel],
  ['the display name of a person', requireDisplayName],
])('%s can not pass for another by characters that turn text', (_, check) => {
  expect(check('first')).toBe('first')
  for (const mark of ['\u202a', '\u202e', '\u2066', '\u2069', '\n']) expect(() => check(`fi${mark}tsr`)).toThrow(/text/)
})
