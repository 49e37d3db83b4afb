import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readBasic } from '../../src/client-auth/client-secret-basic.ts'
import { decodeFormComponent, parseForm } from '../../src/http/form.ts'
import { Refusal } from '../../src/oauth/refusal.ts'
import { hasControl } from '../../src/platform/text.ts'
import { fuzz } from '../harness/fuzz.ts'

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
const parse = (body: string | Buffer) => parseForm(FORM, Buffer.from(body))

/** The reason to refuse a body, or undefined if it is accepted. */
function refusalOf(parsing: () => unknown): string | undefined {
  try {
    parsing()
    return undefined
  } catch (error) {
    if (error instanceof Refusal) return error.reason
    throw error
  }
}

/** Unicode without control characters. */
const text = fc
  .oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.string())
  .filter((value) => !hasControl(value))
const hostileName = fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty', 'a[b]', 'a.b', '')
const name = fc.oneof({ weight: 4, arbitrary: text }, { weight: 1, arbitrary: hostileName })

/** Bodies that clients send, and malformed ones. */
const piece = fc.oneof(
  fc.constantFrom(
    '&',
    '&',
    '=',
    '=',
    '+',
    '%',
    '%%',
    '%2',
    '%zz',
    '%25',
    '%2B',
    '%26',
    '%3d',
    '%3D',
    ';',
    '?',
    '#',
    '\ufeff',
  ),
  fc.constantFrom(
    '%C3%A9',
    '%e2%82%ac',
    '%F0%9F%98%80',
    'é%A9',
    '%C3',
    '%ED%A0%80',
    '%C0%AF',
    '%FF',
    '%00',
    '%0A',
    '%09',
  ),
  fc.constantFrom('%7F', '%C2%80', '\t', '\n', '\0', '\u007f', '\u0080', '\u2028', 'resource=', 'audience=', 'scope='),
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.string({ maxLength: 8 }),
)
const anyBody = fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join(''))

/** The decoded bytes of a name or value (https://url.spec.whatwg.org/#percent-decode). */
function percentDecode(encoded: string): Buffer {
  const bytes = Buffer.from(encoded).toString('latin1').replaceAll('+', ' ')
  const decoded = bytes.replace(/%([0-9a-f]{2})/gi, (_match, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(decoded, 'latin1')
}

function isUtf8(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}

/**
 * The URL Standard's reading of a body. A `?` goes first, because URLSearchParams drops one. Node mangles non-ASCII
 * characters beside a lone `%`, so that it gets the equivalent ASCII.
 */
const asUrlSearchParams = (body: string): readonly [string, string][] => [
  ...new URLSearchParams(`?${body.replaceAll(/\P{ASCII}/gu, encodeURIComponent)}`),
]

const repeats = (entries: readonly [string, string][]): boolean => {
  const names = entries.map(([one]) => one).filter((one) => one !== 'resource' && one !== 'audience')
  return new Set(names).size < names.length
}

describe('a form', () => {
  fuzz(
    'is read as it was written',
    0.15,
    fc.uniqueArray(fc.tuple(name, text), { selector: ([one]) => one }),
    (entries) => {
      const form = parse(new URLSearchParams(entries).toString())
      for (const [one, value] of entries) {
        expect(form.get(one)).toBe(value === '' ? undefined : value)
        expect(form.all(one)).toEqual(value === '' ? [] : [value])
      }
      const absent = ['__proto__', 'constructor', 'toString'].filter((one) => !entries.some(([given]) => given === one))
      for (const one of absent) expect(form.get(one)).toBeUndefined()
    },
  )

  fuzz('is read as the URL Standard reads it, or refused', 0.35, anyBody, (body) => {
    const entries = asUrlSearchParams(body)
    const components = body.split(/[&=]/)
    const isMalformed = !components.every((one) => isUtf8(percentDecode(one))) || entries.flat().some(hasControl)
    const refusal = refusalOf(() => parse(body))
    if (isMalformed || repeats(entries)) {
      // The order of the two checks doesn't matter.
      const reasons = [
        ...(isMalformed ? ['malformed_parameters'] : []),
        ...(repeats(entries) ? ['repeated_parameter'] : []),
      ]
      expect(reasons).toContain(refusal)
      return
    }
    expect(refusal).toBeUndefined()
    const form = parse(body)
    for (const [one] of entries) {
      const values = entries.filter(([other, value]) => other === one && value !== '').map(([, value]) => value)
      expect(form.all(one)).toEqual(values)
      expect(form.get(one)).toBe(values[0])
    }
  })

  const few = fc.constantFrom('resource', 'audience', 'scope', 'token', '%72esource', '%73cope', 'RESOURCE')
  fuzz(
    'repeats nothing but resource and audience',
    0.05,
    fc.array(fc.tuple(few, fc.constantFrom('', 'a', 'b'))),
    (pairs) => {
      const body = pairs.map((pair) => pair.join('=')).join('&')
      const entries = asUrlSearchParams(body)
      expect(refusalOf(() => parse(body))).toBe(repeats(entries) ? 'repeated_parameter' : undefined)
      if (repeats(entries)) return
      for (const repeatable of ['resource', 'audience']) {
        const values = entries.filter(([one, value]) => one === repeatable && value !== '').map(([, value]) => value)
        expect(parse(body).all(repeatable)).toEqual(values)
      }
    },
  )

  fuzz('of any bytes is read or refused', 0.1, fc.uint8Array({ maxLength: 200 }), (bytes) => {
    const refusal = refusalOf(() => parse(Buffer.from(bytes)))
    if (!isUtf8(Buffer.from(bytes))) expect(refusal).toBe('malformed_parameters')
    else expect([undefined, 'malformed_parameters', 'repeated_parameter']).toContain(refusal)
  })

  const anyType = fc.oneof(
    fc.string(),
    fc.constantFrom(
      'application/json',
      'multipart/form-data; boundary=x',
      'text/plain',
      '',
      'application/x-www-form-urlencodedx',
    ),
    fc.constantFrom('application/x-www-form-urlencoded', 'APPLICATION/X-WWW-Form-Urlencoded ; charset=utf-8'),
  )
  fuzz('has exactly one content type', 0.02, anyType, (type) => {
    const isForm = type.split(';')[0]?.trim().toLowerCase() === FORM['content-type'] && !/^\s/.test(type)
    const refusal = refusalOf(() => parseForm({ 'content-type': type }, Buffer.from('a=b')))
    expect(refusal).toBe(isForm ? undefined : 'unsupported_content_type')
  })
})

describe('a component of a form', () => {
  fuzz('survives each encoding', 0.1, fc.string({ unit: 'binary' }), (value) => {
    const encoded = encodeURIComponent(value)
    expect(decodeFormComponent(encoded)).toBe(value)
    expect(decodeFormComponent(encoded.replaceAll('%20', '+'))).toBe(value)
    expect(decodeFormComponent(encoded.toLowerCase())).toBe(decodeURIComponent(encoded.toLowerCase()))
    const everything = [...Buffer.from(value)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
    expect(decodeFormComponent(everything)).toBe(value)
  })

  fuzz('is undefined if its bytes are not UTF-8, and never throws', 0.1, anyBody, (value) => {
    const bytes = percentDecode(value)
    expect(decodeFormComponent(value)).toBe(isUtf8(bytes) ? bytes.toString() : undefined)
  })
})

/** The first credentials of a header, the likeliest ones. */
const present = readBasic
const header = (id: string, secret: string): string => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
const formEncode = (value: string): string => new URLSearchParams([['', value]]).toString().slice(1)

/** Client ids and secrets, with characters that one of the two encodings treats specially. */
const credential = fc
  .array(fc.oneof(text, fc.constantFrom('%', '+', ' ', ':', '%41', '%zz', '%C3', '%2', '£', '€')), { maxLength: 6 })
  .map((parts) => parts.join(''))

describe('an Authorization header', () => {
  fuzz(
    'presents a form-encoded id and secret (RFC 6749 §2.3.1)',
    0.08,
    fc.tuple(credential, credential),
    ([id, secret]) => {
      for (const encode of [formEncode, encodeURIComponent]) {
        const [first] = present(header(encode(id), encode(secret)))
        expect(first).toEqual({ clientId: id, secret })
      }
    },
  )

  /** In raw form (RFC 7617 §2), an id has no colon. */
  const raw = fc.tuple(
    credential.map((id) => id.replaceAll(':', '')),
    credential,
  )
  /** Whether decoding the secret would give a control character. */
  const looksLikeControl = (value: string): boolean => hasControl(decodeFormComponent(value) ?? '')

  fuzz('presents a raw id and secret', 0.08, raw, ([id, secret]) => {
    fc.pre(!looksLikeControl(id) && !looksLikeControl(secret))
    const readings = present(header(id, secret))
    expect(readings).toContainEqual({ clientId: id, secret })
    expect(readings.length).toBeLessThanOrEqual(2)
  })

  test.each(['a%00b', '100%0A', '%7f'])(
    'presents a raw secret that would decode to a control character: %s',
    (secret) => {
      expect(present(header('reporter', secret))).toContainEqual({ clientId: 'reporter', secret })
    },
  )

  fuzz(
    'of any text presents one or two pairs, or is refused',
    0.02,
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.base64String().map((text) => `Basic ${text}`),
    ),
    (value) => {
      const refusal = refusalOf(() => {
        expect([1, 2]).toContain(present(value).length)
      })
      expect([undefined, 'malformed_authorization', 'malformed_parameters']).toContain(refusal)
    },
  )
})
