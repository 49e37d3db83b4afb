import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readBoolean, readElement, readElements, readOid, readSmallInteger, TAG } from '../../../src/crypto/x509/der.ts'
import {
  writeBits,
  writeBoolean,
  writeElement,
  writeOctets,
  writeOid,
  writePrintable,
  writeSequence,
  writeTime,
  writeUnsigned,
} from '../../../src/crypto/x509/der-writer.ts'

test.each([0, 1, 127, 128, 255, 256, 65_535, 65_536, 100_000])('the reader reads an element of %i bytes', (length) => {
  const element = readElement(writeOctets(Buffer.alloc(length, 7)), TAG.octetString)
  expect(element.content.equals(Buffer.alloc(length, 7))).toBe(true)
})

test('the reader reads any sequence of elements', () => {
  const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 5 }), (contents) => {
      const { content } = readElement(writeSequence(...contents.map(writeOctets)), TAG.sequence)
      expect(readElements(content, 5).map((element) => element.content)).toEqual(contents)
    }),
  )
})

test.each([
  '2.5.4.3',
  '2.5.29.14',
  '1.2.840.10045.4.3.2',
  '1.3.6.1.5.5.7.3.1',
  '0.9.2342.19200300.100.1.25',
  '2.999.4294967295',
])('the reader reads the object identifier %s', (oid) => {
  expect(readOid(readElement(writeOid(oid)))).toBe(oid)
})

test.each([0, 1, 127, 128, 255])('the reader reads the number %i', (number) => {
  const bytes = Buffer.from(number === 0 ? [] : [number])
  expect(readSmallInteger(readElement(writeUnsigned(bytes)))).toBe(number)
})

test('the reader reads true and false', () => {
  expect([true, false].map((value) => readBoolean(readElement(writeBoolean(value))))).toEqual([true, false])
})

// X.690 §8.6.4.2 and RFC 5280 §4.1.2.5.
test.each([
  ['bits', writeBits(Buffer.from('0a3b5f291cd0', 'hex'), 4), '0307040a3b5f291cd0'],
  ['text', writePrintable('Jones'), '13054a6f6e6573'],
  ['a set', writeElement(TAG.set, writeBoolean(true)), '31030101ff'],
  ['the last moment of UTCTime', writeTime(Date.parse('2049-12-31T23:59:59Z')), '170d3439313233313233353935395a'],
  ['the first moment afterwards', writeTime(Date.parse('2050-01-01T00:00:00Z')), '180f32303530303130313030303030305a'],
])('%s', (_name, written, hex) => {
  expect(written.toString('hex')).toBe(hex)
})
