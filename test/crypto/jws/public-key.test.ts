import { generateKeyPairSync } from 'node:crypto'
import { calculateJwkThumbprint } from 'jose'
import { describe, expect, test } from 'vitest'
import { asymmetricAlgorithms } from '../../../src/crypto/jws/algorithms.ts'
import type { KeyFault } from '../../../src/crypto/jws/key-error.ts'
import { parseKeySet, parsePublicJwk } from '../../../src/crypto/jws/public-key.ts'
import { encode, makeSigner, publicHalf } from '../../harness/tokens.ts'
import { RFC7515_EC, RFC7638_RSA, RFC8037_OKP } from './keys.ts'

const EC = publicHalf(RFC7515_EC)
const OKP = publicHalf(RFC8037_OKP)
const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength }).publicKey.export({ format: 'jwk' })
const raw = (hex: string) => encode(Buffer.from(hex, 'hex'))

test.each(asymmetricAlgorithms)('reads a public key of jose, with the same thumbprint: %s', async (alg) => {
  const members = { kid: 'k', use: 'sig', key_ops: ['verify'], alg, ext: true, x5c: ['ignored'], other: {} }
  const { publicJwk, key } = await makeSigner(alg, members)
  expect(key).toMatchObject({ kid: 'k', alg, kty: publicJwk.kty, crv: publicJwk.crv })
  expect(key.thumbprint).toBe(await calculateJwkThumbprint(publicJwk))
  expect(key.keyObject.type).toBe('public')
  expect(Object.keys(key.jwk).toSorted()).toEqual(Object.keys(key.jwk))
  expect(publicJwk).toMatchObject(key.jwk)
})

describe('weak-key: refused', () => {
  const refused: [string, KeyFault, unknown][] = [
    ['a private EC key', 'private', RFC7515_EC],
    ['a private OKP key', 'private', RFC8037_OKP],
    ['an RSA key with one prime', 'private', { ...RFC7638_RSA, p: 'AQAB' }],
    ['an RSA key with other primes', 'private', { ...RFC7638_RSA, oth: [] }],
    ['a private member that is null', 'private', { ...EC, d: null }],
    ['a symmetric key', 'symmetric', { kty: 'oct', k: 'AAAA' }],
    ['a symmetric key without its value', 'symmetric', { kty: 'oct' }],
    ['a key with a symmetric value', 'symmetric', { ...EC, k: 'AAAA' }],
    ['RSA with 1024 bits', 'weak', rsa(1024)],
    ['RSA with 2047 bits', 'weak', { ...RFC7638_RSA, n: raw(`7f${'ff'.repeat(255)}`) }],
    ['RSA with e = 1', 'weak', { ...RFC7638_RSA, e: 'AQ' }],
    ['RSA with an even e', 'weak', { ...RFC7638_RSA, e: 'Ag' }],
    ['RSA with an even modulus', 'weak', { ...RFC7638_RSA, n: raw(`${'ff'.repeat(255)}fe`) }],
    ['RSA with a huge e', 'weak', { ...RFC7638_RSA, e: raw('01'.repeat(9)) }],
    ['RSA with e = 0', 'malformed', { ...RFC7638_RSA, e: 'AA' }],
    ['RSA with 16384 bits', 'malformed', { ...RFC7638_RSA, n: raw('ff'.repeat(2048)) }],
    ['RSA whose modulus begins with zero', 'malformed', { ...RFC7638_RSA, n: raw(`00${'ff'.repeat(256)}`) }],
    ['RSA without a modulus', 'malformed', { ...RFC7638_RSA, n: undefined }],
    ['RSA with a number for a modulus', 'malformed', { ...RFC7638_RSA, n: 65537 }],
    ['padded base64url', 'malformed', { ...EC, x: `${EC['x']}=` }],
    ['a point off the curve', 'malformed', { ...EC, y: EC['x'] }],
    ['the point at infinity', 'malformed', { ...EC, x: raw('00'.repeat(32)), y: raw('00'.repeat(32)) }],
    ['a truncated coordinate', 'malformed', { ...EC, x: raw('ff'.repeat(31)) }],
    ['a coordinate with a leading zero', 'malformed', { ...EC, x: raw(`00${'ff'.repeat(32)}`) }],
    ['an unknown curve', 'unknown_curve', { ...EC, crv: 'secp256k1' }],
    ['a curve of another size', 'malformed', { ...EC, crv: 'P-384' }],
    ['a curve named like a member of every object', 'unknown_curve', { ...EC, crv: 'constructor' }],
    ['no curve', 'unknown_curve', { ...EC, crv: undefined }],
    ['X25519, which is only for key agreement', 'unknown_curve', { ...OKP, crv: 'X25519' }],
    ['Ed448', 'unknown_curve', { ...OKP, crv: 'Ed448' }],
    ['Ed25519 with 31 bytes', 'malformed', { ...OKP, x: raw('11'.repeat(31)) }],
    ['an unknown type', 'unknown_type', { kty: 'AKP' }],
    ['no type', 'unknown_type', {}],
    ['a key for encryption', 'not_for_signatures', { ...EC, use: 'enc' }],
    ['key_ops without verify', 'not_for_signatures', { ...EC, key_ops: ['sign'] }],
    ['key_ops that aren’t an array', 'not_for_signatures', { ...EC, key_ops: 'verify' }],
    ['an encryption algorithm', 'not_for_signatures', { ...RFC7638_RSA, alg: 'RSA-OAEP' }],
    ['a symmetric algorithm', 'not_for_signatures', { ...RFC7638_RSA, alg: 'HS256' }],
    ['an algorithm that isn’t a string', 'not_for_signatures', { ...EC, alg: 1 }],
    ['an algorithm for another key type', 'malformed', { ...EC, alg: 'RS256' }],
    ['an algorithm for another curve', 'malformed', { ...EC, alg: 'ES384' }],
    ['a kid that isn’t a string', 'malformed', { ...EC, kid: 1 }],
    ['a kid of 10 kB', 'malformed', { ...EC, kid: 'k'.repeat(10_000) }],
    ['an array', 'not_a_key', [EC]],
    ['null', 'not_a_key', null],
    ['text', 'not_a_key', JSON.stringify(EC)],
  ]
  test.each(refused)('%s', (_name, fault, jwk) => {
    expect(() => parsePublicJwk(jwk)).toThrow(expect.objectContaining({ name: 'KeyError', fault }))
  })

  test('refuses Ed25519 keys with forgeable signatures, which OpenSSL in older Node versions accepts', () => {
    const points = [
      '00'.repeat(32),
      `01${'00'.repeat(31)}`,
      `01${'00'.repeat(30)}80`,
      '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
      '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
      'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
      'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
      `ec${'ff'.repeat(30)}7f`,
      `ed${'ff'.repeat(30)}7f`,
      `ee${'ff'.repeat(30)}7f`,
    ]
    for (const x of points) {
      expect(() => parsePublicJwk({ ...OKP, x: raw(x) }), x).toThrow(expect.objectContaining({ fault: 'weak' }))
    }
  })
})

test('a message never contains the key', () => {
  const d = 'AY5pb7A0UFiB3RELSD64fTLOSV_jazdF7fLYyuTw8lOfRhWg6Y6rUrPAxerEzgdRhajnu0ferB0d53vM9mE15j2C'
  expect(() => parsePublicJwk({ ...EC, d })).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining(d) }),
  )
})

describe('a set', () => {
  const encryption = { ...EC, use: 'enc' }

  test('from outside skips unusable keys, and reports them', () => {
    const { keys, ignored } = parseKeySet({ keys: [encryption, EC, { kty: 'AKP' }, null, RFC7638_RSA], other: 1 })
    expect(keys.map(({ kty }) => kty)).toEqual(['EC', 'RSA'])
    expect(ignored).toEqual([
      expect.stringMatching(/^keys\[0\]: use is enc/),
      expect.stringMatching(/^keys\[2\]: kty is AKP/),
      expect.stringMatching(/^keys\[3\]: /),
    ])
  })

  test('may be empty', () => {
    expect(parseKeySet({ keys: [] })).toEqual({ keys: [], ignored: [] })
  })

  test.each([
    ['for encryption', encryption, 'not_for_signatures'],
    ['private', RFC7515_EC, 'private'],
    ['symmetric', { kty: 'oct', k: 'AAAA' }, 'symmetric'],
  ])('that a client registers may hold no key that is %s', (_name, jwk, fault) => {
    expect(() => parseKeySet({ keys: [EC, jwk] }, { strict: true })).toThrow(
      expect.objectContaining({ fault, message: expect.stringMatching(/^keys\[1\]: /) }),
    )
  })

  test.each([
    ['a key', EC],
    ['an array of keys', [EC]],
    ['keys that aren’t an array', { keys: EC }],
    ['null', null],
    ['nothing', undefined],
    ['51 keys', { keys: Array.from({ length: 51 }, () => EC) }],
  ])('rejects %s', (_name, json) => {
    expect(() => parseKeySet(json)).toThrow(expect.objectContaining({ name: 'KeyError', fault: 'not_a_set' }))
  })
})
