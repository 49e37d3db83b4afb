import { expect, test } from 'vitest'
import { decodeBase64url } from '../../src/platform/base64url.ts'

// The vectors of RFC 4648 §10, in the alphabet of §5.
test.each([
  ['', ''],
  ['Zg', 'f'],
  ['Zm8', 'fo'],
  ['Zm9v', 'foo'],
  ['-_-_', '\xfb\xff\xbf'],
])('%j', (text, bytes) => {
  expect(decodeBase64url(text)).toEqual(Buffer.from(bytes, 'latin1'))
})

test.each([
  ['padding', 'Zg=='],
  ['unused bits that are set', 'Zh'],
  ['a single character', 'Z'],
  ['the alphabet of base64', '+/+/'],
  ['a space', 'Zm 9v'],
  ['a line feed', 'Zm9v\n'],
  ['another alphabet', 'Zm9ｖ'],
])('%s is refused', (_name, text) => {
  expect(decodeBase64url(text)).toBeUndefined()
})
