import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type DistinguishedName, formatName, isSameName } from '../../../src/crypto/x509/distinguished-name.ts'
import { parseName } from '../../../src/crypto/x509/name-text.ts'
import { UserError } from '../../../src/platform/user-error.ts'

const CN = '2.5.4.3'
const one = (value: string | Buffer, type = CN): DistinguishedName => [[{ type, value }]]

describe('the examples of RFC 4514 §4', () => {
  const UID = '0.9.2342.19200300.100.1.1'
  const DC = '0.9.2342.19200300.100.1.25'
  const net = [[{ type: DC, value: 'example' }], [{ type: DC, value: 'net' }]]
  const cases: readonly (readonly [string, DistinguishedName])[] = [
    ['UID=jsmith,DC=example,DC=net', [[{ type: UID, value: 'jsmith' }], ...net]],
    [
      'OU=Sales+CN=J.  Smith,DC=example,DC=net',
      [
        [
          { type: '2.5.4.11', value: 'Sales' },
          { type: CN, value: 'J.  Smith' },
        ],
        ...net,
      ],
    ],
    [
      String.raw`CN=James \"Jim\" Smith\, III,DC=example,DC=net`,
      [[{ type: CN, value: 'James "Jim" Smith, III' }], ...net],
    ],
    [String.raw`CN=Before\0dAfter,DC=example,DC=net`, [[{ type: CN, value: 'Before\rAfter' }], ...net]],
    ['1.3.6.1.4.1.1466.0=#04024869', one(Buffer.from('04024869', 'hex'), '1.3.6.1.4.1.1466.0')],
    [String.raw`CN=Lu\C4\8Di\C4\87`, one('Lučić')],
  ]
  test.each(cases)('%s', (text, name) => {
    expect(parseName(text)).toEqual(name)
    expect(parseName(formatName(name))).toEqual(name)
  })
})

describe('the text of a value', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['CN=a=b', 'a=b'],
    ['cn = a b ', 'a b'],
    [String.raw`CN=\ a\ `, ' a '],
    [String.raw`CN=a \ `, 'a  '],
    [String.raw`CN=\#a#`, '#a#'],
    [String.raw`CN=a\\`, 'a\\'],
    [String.raw`CN=a\+b\;c\<d\>`, 'a+b;c<d>'],
    ['CN=é\u{1f600}', 'é\u{1f600}'],
    [String.raw`CN=\00`, '\0'],
    ['CN=', ''],
    ['CN=#0c0161', 'a'],
    ['CN=#1e0400610062', 'ab'],
    ['CN=#1401e9', 'é'],
  ]
  test.each(cases)('%s', (text, value) => {
    expect(parseName(text)).toEqual(one(value))
  })
})

describe('refused text, with its position', () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['nothing', '', /character 1: expected an attribute/],
    ['no attribute', 'example', /example is not an attribute known here/],
    ['no value', 'CN', /expected "=" after CN/],
    ['an unknown attribute', 'CN=a,FOO=b', /character 9: FOO is not an attribute/],
    ['a trailing comma', 'CN=a,', /character 6: expected an attribute/],
    ['a trailing plus', 'CN=a+', /character 6: expected/],
    ['two commas', 'CN=a,,C=b', /character 6: expected/],
    ['slashes', '/C=US/CN=a', /not with "\/"/],
    ['a semicolon', 'CN=a;C=b', /";" must be escaped/],
    ['quotes', 'CN="a, b"', /"\\"" must be escaped/],
    ['angle brackets', 'CN=a<b', /"<" must be escaped/],
    ['NUL', 'CN=a\0', /must be escaped/],
    ['a trailing backslash', 'CN=a\\', /must be escaped/],
    ['a backslash before a letter', String.raw`CN=\z`, /must be escaped/],
    ['half an octet', String.raw`CN=\4`, /must be escaped/],
    ['octets that are not UTF-8', String.raw`CN=\C4`, /not UTF-8/],
    ['# without hexadecimal', 'CN=#a', /must be escaped/],
    ['hexadecimal that isn’t DER', 'CN=#0c0261', /not DER/],
    ['text after hexadecimal', 'CN=#0c0161z', /"z" must be escaped/],
    ['an OID of one arc', '2=a', /expected an attribute/],
    ['an OID with a leading zero', '2.05.4.3=a', /not an attribute/],
    ['an OID with an unknown root', '3.5=a', /not an attribute/],
    ['an OID with too large a second arc', '1.40=a', /not an attribute/],
    ['a lone surrogate', 'CN=\ud800', /not Unicode/],
    ['very much', `CN=${'a'.repeat(5000)}`, /at most 4096/],
  ]
  test.each(cases)('%s', (_name, text, message) => {
    expect(() => parseName(text)).toThrow(UserError)
    expect(() => parseName(text)).toThrow(message)
  })
})

describe('comparison of names', () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['CN=É', 'CN=é', true],
    ['CN=e\u0301', 'CN=é', true],
    ['CN=a  b', 'CN=a b', true],
    [String.raw`CN=\ a\ `, 'CN=a', true],
    ['CN=ab', 'CN=a b', false],
    ['CN=\uff41', 'CN=a', false],
    ['CN=a,C=b', 'C=b,CN=a', false],
    ['CN=a+C=b', 'C=b+CN=a', true],
    ['CN=a+C=b', 'CN=a,C=b', false],
    ['CN=a', 'CN=a+CN=a', false],
    [String.raw`CN=a\,C=b`, 'CN=a,C=b', false],
    ['CN=#040101', 'CN=#040102', false],
    ['CN=#040101', 'CN=#040101', true],
    ['CN=#0c0161', 'CN=a', true],
    ['CN=#040161', 'CN=a', false],
  ]
  test.each(cases)('%s and %s: %s', (left, right, expected) => {
    expect(isSameName(parseName(left), parseName(right))).toBe(expected)
  })
})

describe('any input', () => {
  const type = fc.constantFrom(CN, '2.5.4.10', '1.2.840.113549.1.9.1', '2.999.1', '1.39.18446744073709551616')
  const octets = fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from([4, bytes.length, ...bytes]))
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 30 }).filter((value) => value.isWellFormed()),
    fc.string({ unit: fc.constantFrom(...' #"+,;<>=\\\0\n\u202ea'), maxLength: 10 }),
  )
  const name = fc.array(fc.array(fc.record({ type, value: fc.oneof(text, octets) }), { minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 5,
  })

  test('a name survives conversion to text and back', () => {
    fc.assert(
      fc.property(name, (given) => {
        expect(parseName(formatName(given))).toEqual(given)
        expect(isSameName(given, parseName(formatName(given)))).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  test('the text of a name has no control characters for a log or a terminal', () => {
    fc.assert(
      fc.property(name, (given) => {
        expect(formatName(given)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
      }),
    )
  })

  test('text is a name, or is refused', () => {
    const pieces = fc.constantFrom(
      'CN',
      '=',
      ',',
      '+',
      ' ',
      '\\',
      '#',
      '0c0161',
      '"',
      '2.5',
      'é',
      '\ud800',
      'a',
      '\\C3',
    )
    const anything = fc.oneof(fc.string({ unit: pieces, maxLength: 20 }), fc.string({ unit: 'binary' }))
    fc.assert(
      fc.property(anything, (given) => {
        try {
          expect(parseName(formatName(parseName(given)))).toEqual(parseName(given))
        } catch (error) {
          expect(error).toBeInstanceOf(UserError)
        }
      }),
      { numRuns: 3000 },
    )
  })
})
