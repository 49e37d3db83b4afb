import { describe, expect, test } from 'vitest'
import { OutsideToken } from '../../src/conditions/claims.ts'
import { parseCondition } from '../../src/conditions/conditions.ts'
import { parseCompact } from '../../src/crypto/jws/compact.ts'
import { readElements, readOid } from '../../src/crypto/x509/der.ts'
import { readName } from '../../src/crypto/x509/distinguished-name.ts'
import { parseName } from '../../src/crypto/x509/name-text.ts'
import { certificateOfDer } from '../../src/crypto/x509/peer.ts'
import { certificateOfHeaders } from '../../src/http/client-certificate/headers.ts'
import { parseForm } from '../../src/http/form.ts'
import { TrustedProxies } from '../../src/http/proxies.ts'
import { matches } from '../../src/model/credentials/certificate-subject.ts'
import { parseScope } from '../../src/oauth/scope.ts'
import { parseJson, shortJson } from '../../src/platform/json.ts'
import {
  element,
  extension,
  makeCertificate,
  name,
  octets,
  oid,
  sequence,
  set,
  shortOids,
  utf8,
} from '../harness/der.ts'

// Tests each limit at its largest value and one beyond. docs/reference/limits.md lists them.

const times = <One>(count: number, one: (index: number) => One): One[] =>
  Array.from({ length: count }, (_, i) => one(i))
const brackets = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)
const isTaken = (read: () => unknown): boolean => {
  try {
    return read() !== undefined
  } catch {
    return false
  }
}

const parsed = (der: Buffer) => ({
  tag: der.readUInt8(0),
  content: readElements(der, 1)[0]?.content ?? der,
  encoded: der,
})
const isNameTaken = (der: Buffer): boolean => isTaken(() => readName(parsed(der)))
/** Whether a certificate's content is accepted. Apart from its size, it is parsed only when it is matched. */
const isContentTaken = (extensions: readonly Buffer[]): boolean =>
  isTaken(() => matches(certificateOfDer(makeCertificate({ extensions }), []).leaf, { san_dns: 'a' }))
const ofSize = (bytes: number): Buffer => {
  const fixed = makeCertificate({ extensions: [extension(oid('2a0304'), Buffer.alloc(10_000))] }).length
  // ECDSA signatures differ in length by a byte or two.
  for (;;) {
    const der = makeCertificate({ extensions: [extension(oid('2a0304'), Buffer.alloc(10_000 + bytes - fixed))] })
    if (der.length === bytes) return der
  }
}
const sans = (count: number): Buffer =>
  extension(oid('551d11'), sequence(...times(count, () => element(0x82, Buffer.from('a')))))
const usages = (count: number): Buffer => extension(oid('551d25'), sequence(...shortOids(count)))
const padded = (bytes: number): Buffer =>
  sequence(set(sequence(element(0x06, Buffer.alloc(1, 42)), octets(Buffer.alloc(bytes)))))

const limits: readonly (readonly [string, number, (size: number) => boolean])[] = [
  [
    'parameters of a form',
    6_000,
    (n) =>
      isTaken(() =>
        parseForm({ 'content-type': 'application/x-www-form-urlencoded' }, Buffer.from(times(n, String).join('&'))),
      ),
  ],
  ['scopes', 500, (n) => isTaken(() => parseScope(times(n, String).join(' ')))],
  ['characters of a scope', 256, (n) => isTaken(() => parseScope('a'.repeat(n)))],
  ['levels of JSON', 32, (n) => isTaken(() => parseJson(brackets(n)))],
  ['values of JSON', 4_096, (n) => isTaken(() => parseJson(`[${times(n, () => 1)}]`))],
  [
    'levels of the claims of a JWT',
    32,
    (n) =>
      isTaken(() =>
        parseCompact(
          `${Buffer.from('{"alg":"ES256"}').toString('base64url')}.${Buffer.from(`{"a":${brackets(n - 1)}}`).toString('base64url')}.AA`,
        ),
      ),
  ],
  ['bytes of a certificate', 16_384, (n) => isTaken(() => certificateOfDer(ofSize(n), []))],
  ['extensions', 64, (n) => isContentTaken(shortOids(n).map((id) => extension(id, Buffer.alloc(0))))],
  ['alternative names', 256, (n) => isContentTaken([sans(n)])],
  ['usages', 64, (n) => isContentTaken([usages(n)])],
  ['RDNs of a name', 64, (n) => isNameTaken(name(...times(n, () => 'a')))],
  ['attributes of an RDN', 16, (n) => isNameTaken(sequence(set(...shortOids(n).map((id) => sequence(id, utf8('a'))))))],
  ['characters of a value', 512, (n) => isNameTaken(name('a'.repeat(n)))],
  ['characters of a value, as text', 512, (n) => isTaken(() => parseName(`CN=${'a'.repeat(n)}`))],
  ['combining marks in a row', 30, (n) => isNameTaken(name(`a${'\u0301'.repeat(n)}b`))],
  ['combining marks in a row, as text', 30, (n) => isTaken(() => parseName(`CN=a${'\u0301'.repeat(n)}b`))],
  ['bytes of an object identifier', 64, (n) => isTaken(() => readOid(parsed(element(0x06, Buffer.alloc(n, 1)))))],
  [
    'certificates of a chain in a header',
    5,
    (n) =>
      isTaken(() =>
        certificateOfHeaders(
          {
            'client-cert': `:${makeCertificate().toString('base64')}:`,
            'client-cert-chain': times(n, () => `:${makeCertificate().toString('base64')}:`).join(),
          },
          'client-cert',
        ),
      ),
  ],
]

test.each(limits)('largest-inputs: %s: %i are accepted, and one more is not', (_name, most, take) => {
  expect([take(most), take(most + 1)]).toEqual([true, false])
})

test('largest-inputs: a name has at most 2,048 bytes', () => {
  // A value that isn't text counts by its encoding, so that four of them fill a name.
  const isLong = isNameTaken(
    sequence(...times(4, () => element(0x31, sequence(oid('2a03'), octets(Buffer.alloc(490)))))),
  )
  const isLonger = isNameTaken(
    sequence(...times(5, () => element(0x31, sequence(oid('2a03'), octets(Buffer.alloc(490)))))),
  )
  expect([isLong, isLonger, isNameTaken(padded(3_000))]).toEqual([true, false, false])
})

describe('JSON', () => {
  test('doesn’t count brackets, commas and quotes within text', () => {
    const text = `[{,"\\\\\\"${'[,'.repeat(5_000)}`
    expect(parseJson(JSON.stringify({ text }))).toEqual({ text })
    expect(parseJson(`{"a":"\\\\","b":[1]}`)).toEqual({ a: '\\', b: [1] })
  })

  test.each(['', '{', '"', '"\\', '[1,]', '{"a":1', 'NaN', `${brackets(3)}]`])('rejects %j', (text) => {
    expect(() => parseJson(text)).toThrow('is not JSON')
  })

  const values: readonly unknown[] = [null, true, -0, 1.5, '', 'a"\n', [], {}, [[], {}], { a: [1, { b: 'c' }], d: {} }]
  test.each(values)('shows %j as it is', (value) => {
    expect(shortJson(value, 256)).toBe(JSON.stringify(value))
  })

  test('cuts long text at the same place as JSON.stringify', () => {
    for (const value of [
      times(1_000, String),
      'é"'.repeat(500),
      { ['k'.repeat(600)]: 1 },
      times(300, (i) => ({ a: [i] })),
    ]) {
      for (const longest of [1, 2, 80, 256]) {
        expect(shortJson(value, longest)).toBe(`${JSON.stringify(value).slice(0, longest - 1)}…`)
      }
    }
  })
})

describe('the address of a client', () => {
  const proxies = new TrustedProxies(['10.0.0.0/8'])
  const through = (hops: number): string => proxies.clientAddress('10.0.0.1', `192.0.2.1${',10.1.1.1'.repeat(hops)}`)

  test('largest-inputs: follows 16 hops, and no more', () => {
    expect([through(0), through(15), through(16)]).toEqual(['192.0.2.1', '192.0.2.1', '10.1.1.1'])
  })

  test.each([
    ['one', '192.0.2.7', '192.0.2.7'],
    ['several', ' 192.0.2.8 ,192.0.2.7 , 10.0.0.3', '192.0.2.7'],
    ['no proxy of ours before', '10.0.0.2', '10.0.0.2'],
    ['an empty hop', '192.0.2.8,,10.0.0.3', '10.0.0.3'],
    ['an empty hop first', ',10.0.0.3', '10.0.0.3'],
    ['nothing', '', '10.0.0.1'],
    ['a zone', 'fe80::1%eth0', 'fe80::1'],
    ['a long zone', `fe80::1%${'a'.repeat(80)}`, '10.0.0.1'],
  ])('%s', (_name, header, expected) => expect(proxies.clientAddress('10.0.0.1', header)).toBe(expected))
})

test('largest-inputs: the conditions of a hundred clients have one total bound for one token', () => {
  const claims = { a: times(400, () => 1) }
  const condition = parseCondition('claims.a.all(x, x < "q" || true)')
  expect(condition.evaluate(new OutsideToken(claims))).toEqual({ holds: true })
  const token = new OutsideToken(claims)
  const outcomes = times(100, () => condition.evaluate(token))
  expect(outcomes[0]).toEqual({ holds: true })
  expect(outcomes.at(-1)).toMatchObject({ because: 'it would take too long on this token' })
})
