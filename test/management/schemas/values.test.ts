import { expect, test } from 'vitest'
import { line } from '../../../src/management/schemas/values.ts'

test.each(['\u202a', '\u202e', '\u2066', '\u2069'])('a name can not pass for another by %j', (mark) => {
  const { success, error } = line(64).safeParse(`job-${mark}dorp`)
  expect(success).toBe(false)
  expect(error?.issues[0]?.message).toBe('must not hold characters that change the direction of text')
})

test.each(['שלום', 'السعر\u200f: 5', 'می\u200cخواهم', '👩\u200d💻'])('names of every script are taken: %s', (name) => {
  expect(line(64).parse(name)).toBe(name)
})
