import { CompactEncrypt } from 'jose'
import { expect, test } from 'vitest'
import { type JwsFault, mediaType, parseCompact } from '../../../src/crypto/jws/compact.ts'
import { encode, makeSigner, signWith, unsigned } from '../../harness/tokens.ts'

const CLAIMS = { iss: 'reporter', sub: 'reporter' }
const HEADER = { alg: 'ES256' }
const good = unsigned(HEADER, CLAIMS)
const [header = '', payload = '', signature = ''] = good.split('.')
const pbes2 = await new CompactEncrypt(Buffer.from('{}'))
  .setProtectedHeader({ alg: 'PBES2-HS256+A128KW', enc: 'A128GCM' })
  .setKeyManagementParameters({ p2c: 1000 })
  .encrypt(Buffer.from('password'))

test('tokens that jose signs are read as they were written', async () => {
  const token = await signWith(await makeSigner('ES256'), { ...CLAIMS, 'ä€😀': [null] }, { kid: 'k', typ: 'JWT', x: 1 })
  const jws = parseCompact(token)
  expect(jws.header).toMatchObject({ alg: 'ES256', kid: 'k', typ: 'JWT', jwk: undefined, raw: { x: 1 } })
  expect(jws.claims).toEqual({ ...CLAIMS, 'ä€😀': [null] })
  expect(`${jws.signingInput}.${encode(jws.signature)}`).toBe(token)
})

const faults: [string, JwsFault, string][] = [
  ['unsigned-jwt: alg none, no signature', 'algorithm_none', unsigned({ alg: 'none' }, CLAIMS, '')],
  ['unsigned-jwt: alg none in another case', 'algorithm_none', unsigned({ alg: 'nOnE' }, CLAIMS)],
  ['unsigned-jwt: one segment', 'segments', header],
  ['unsigned-jwt: two segments', 'segments', `${header}.${payload}`],
  ['unsigned-jwt: four segments', 'segments', `${good}.AAAA`],
  ['unsigned-jwt: four segments, the last empty', 'segments', `${good}.`],
  ['unsigned-jwt: six segments', 'segments', `${good}.AAAA.AAAA.AAAA`],
  ['unsigned-jwt: a padded header', 'base64url', `${encode('{"alg":"ES256"} ')}=.${payload}.${signature}`],
  ['unsigned-jwt: a padded payload', 'base64url', `${header}.${payload}=.${signature}`],
  ['unsigned-jwt: a padded signature', 'base64url', `${header}.${payload}.AA==`],
  ['unsigned-jwt: a signature with unused bits set', 'base64url', `${header}.${payload}.AB`],
  [
    'unsigned-jwt: a header with unused bits set',
    'base64url',
    `${encode('{"alg":"ES256"}  ').slice(0, -1)}B.${payload}.AAAA`,
  ],
  ['unsigned-jwt: base64 of the other alphabet', 'base64url', `${header}.${payload}.++//`],
  ['unsigned-jwt: a line break', 'base64url', `${header}.${payload}.AA\nAA`],
  ['unsigned-jwt: a leading space', 'base64url', ` ${good}`],
  ['unsigned-jwt: a letter beyond ASCII', 'base64url', `${header}.${payload}.AAAä`],
  ['unsigned-jwt: one more character', 'base64url', `${header}.${payload}.AAAAA`],
  ['hostile-kid: a kid of 10 kB', 'kid', unsigned({ ...HEADER, kid: 'k'.repeat(10_000) }, CLAIMS)],
  ['hostile-kid: a kid that isn’t a string', 'kid', unsigned({ ...HEADER, kid: 7 }, CLAIMS)],
  ['hostile-kid: a kid that is null', 'kid', unsigned({ ...HEADER, kid: null }, CLAIMS)],
  ['critical-header: an unknown crit', 'critical', unsigned({ ...HEADER, crit: ['exp'], exp: 1 }, CLAIMS)],
  ['critical-header: an empty crit', 'critical', unsigned({ ...HEADER, crit: [] }, CLAIMS)],
  ['critical-header: a crit of null', 'critical', unsigned({ ...HEADER, crit: null }, CLAIMS)],
  ['critical-header: b64 false, crit', 'critical', unsigned({ ...HEADER, b64: false, crit: ['b64'] }, CLAIMS)],
  ['critical-header: b64 false alone', 'b64', unsigned({ ...HEADER, b64: false }, CLAIMS)],
  ['critical-header: b64 true', 'b64', unsigned({ ...HEADER, b64: true }, CLAIMS)],
  ['encrypted-assertion: encrypted under a password', 'encrypted', pbes2],
  [
    'encrypted-assertion: compressed',
    'encrypted',
    `${encode('{"alg":"dir","enc":"A128GCM","zip":"DEF"}')}..AAAA.AAAA.AAAA`,
  ],
  ['encrypted-assertion: five empty segments', 'encrypted', '....'],
  ['no alg', 'algorithm_missing', unsigned({ typ: 'JWT' }, CLAIMS)],
  ['an empty alg', 'algorithm_missing', unsigned({ alg: '' }, CLAIMS)],
  ['an alg that isn’t a string', 'algorithm_missing', unsigned({ alg: ['ES256'] }, CLAIMS)],
  ['an inherited alg', 'algorithm_missing', `${encode('{"__proto__":{"alg":"ES256"}}')}.${payload}.AAAA`],
  ['a typ that isn’t a string', 'typ', unsigned({ ...HEADER, typ: 1 }, CLAIMS)],
  ['a header that is an array', 'header', unsigned([HEADER], CLAIMS)],
  ['a header that is null', 'header', unsigned(null, CLAIMS)],
  ['a header that is text', 'header', `${encode('ES256')}.${payload}.AAAA`],
  ['no header', 'header', `.${payload}.AAAA`],
  ['nothing', 'segments', ''],
  ['claims that are an array', 'claims', unsigned(HEADER, [CLAIMS])],
  ['claims that are a string', 'claims', unsigned(HEADER, 'claims')],
  ['claims after a byte order mark', 'claims', `${header}.${encode('\ufeff{}')}.AAAA`],
  ['two sets of claims', 'claims', `${header}.${encode('{}{}')}.AAAA`],
  ['no claims', 'claims', `${header}..AAAA`],
  ['claims thousands of levels deep, unclosed', 'claims', `${header}.${encode('['.repeat(11_000))}.AAAA`],
  ['claims that are not UTF-8', 'utf8', `${header}.${encode(Buffer.from('{"a":"\xff"}', 'latin1'))}.AAAA`],
  ['claims with a lone surrogate in CESU-8', 'utf8', `${header}.${encode(Buffer.from('eda080', 'hex'))}.AAAA`],
  ['a token over 16 KiB', 'too_long', unsigned(HEADER, { pad: 'x'.repeat(12_300) })],
]

test.each(faults)('%s', (_name, fault, token) => {
  expect(() => parseCompact(token)).toThrow(expect.objectContaining({ name: 'JwsError', fault }))
})

test('16 KiB are accepted', () => {
  const rest = 16 * 1024 - unsigned(HEADER, { pad: '' }).length
  const token = unsigned(HEADER, { pad: 'x'.repeat(Math.floor((rest * 3) / 4) - 1) })
  expect(token.length).toBeGreaterThan(16 * 1024 - 4)
  expect(token.length).toBeLessThanOrEqual(16 * 1024)
  expect(parseCompact(token).header.alg).toBe('ES256')
})

test('a member called __proto__ pollutes nothing', () => {
  const { claims } = parseCompact(`${header}.${encode('{"__proto__":{"iss":"polluted"}}')}.AAAA`)
  expect(claims['iss']).toBeUndefined()
  expect(Object.hasOwn(Object.prototype, 'iss')).toBe(false)
})

test.each([
  ['JWT', 'jwt'],
  ['application/dpop+jwt', 'dpop+jwt'],
  ['Application/JWT', 'jwt'],
  ['application/a/b', 'application/a/b'],
  ['application/', ''],
  ['text/jwt', 'text/jwt'],
])('the media type of %s is %s', (typ, expected) => {
  expect(mediaType(typ)).toBe(expected)
})
