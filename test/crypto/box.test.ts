import { createSecretKey } from 'node:crypto'
import { expect, test } from 'vitest'
import { BOX_BYTES, openBox, sealBox } from '../../src/crypto/box.ts'

const key = createSecretKey(Buffer.alloc(32, 1))
const associated = Buffer.from('a record')
const plaintext = Buffer.from('a secret')
const random = (size: number) => Buffer.alloc(size, 7)
const box = sealBox(plaintext, key, associated, random)

test('a box opens with its key and associated bytes', () => {
  expect(openBox(box, key, associated)).toEqual(plaintext)
  expect(box).toHaveLength(plaintext.length + BOX_BYTES)
})

test('an empty box opens', () => {
  expect(openBox(sealBox(Buffer.alloc(0), key, associated, random), key, associated)).toEqual(Buffer.alloc(0))
})

test('a box with a changed byte, key or associated bytes, or a part of it, doesn’t open', () => {
  for (const at of box.keys()) {
    const changed = Buffer.from(box)
    changed[at] = (changed[at] ?? 0) ^ 1
    expect(openBox(changed, key, associated)).toBeUndefined()
  }
  expect(openBox(box, createSecretKey(Buffer.alloc(32, 2)), associated)).toBeUndefined()
  expect(openBox(box, key, Buffer.from('another record'))).toBeUndefined()
  for (const length of box.keys()) expect(openBox(box.subarray(0, length), key, associated)).toBeUndefined()
})
