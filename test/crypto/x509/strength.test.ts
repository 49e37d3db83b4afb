import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { readElement } from '../../../src/crypto/x509/der.ts'
import { costOf, readSignatureAlgorithm, weaknessOf } from '../../../src/crypto/x509/strength.ts'

describe('signature algorithms', () => {
  const PSS = '06092a864886f70d01010a'
  const cases: readonly (readonly [string, string, string, boolean])[] = [
    ['SHA-256 with RSA', '300d06092a864886f70d01010b0500', 'sha256WithRSAEncryption', true],
    ['SHA-1 with RSA', '300d06092a864886f70d0101050500', 'sha1WithRSAEncryption', false],
    ['MD5 with RSA', '300d06092a864886f70d0101040500', 'md5WithRSAEncryption', false],
    ['MD2 with RSA, which has no name here', '300d06092a864886f70d0101020500', '1.2.840.113549.1.1.2', false],
    ['ECDSA with SHA-384', '300a06082a8648ce3d040303', 'ecdsa-with-SHA384', true],
    ['Ed25519', '300506032b6570', 'Ed25519', true],
    ['RSASSA-PSS with SHA-256', `301c${PSS}300fa00d300b0609608648016503040201`, 'RSASSA-PSS', true],
    ['RSASSA-PSS with SHA-1', `3018${PSS}300ba009300706052b0e03021a`, 'RSASSA-PSS', false],
    ['RSASSA-PSS with omitted parameters, which mean SHA-1', `300d${PSS}3000`, 'RSASSA-PSS', false],
    ['RSASSA-PSS with only a salt length', `3012${PSS}3005a203020120`, 'RSASSA-PSS', false],
    ['RSASSA-PSS without parameters', `300b${PSS}`, 'RSASSA-PSS', false],
  ]
  test.each(cases)('%s', (_name, hex, name, isStrong) => {
    expect(readSignatureAlgorithm(readElement(Buffer.from(hex, 'hex')))).toEqual({ name, isStrong })
  })
})

describe('keys', () => {
  const rsa = (modulusLength: number, publicExponent = 65_537) =>
    generateKeyPairSync('rsa', { modulusLength, publicExponent }).publicKey
  const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).publicKey
  const cases: readonly (readonly [string, () => KeyObject, string | undefined, 1 | 2 | undefined])[] = [
    ['RSA of 2048 bits', () => rsa(2048), undefined, 1],
    ['RSA of 2040 bits', () => rsa(2040), 'RSA of 2040 bits', 1],
    ['P-521', () => ec('secp521r1'), undefined, 2],
    ['P-224', () => ec('secp224r1'), 'the curve secp224r1', undefined],
    ['Ed25519', () => generateKeyPairSync('ed25519').publicKey, undefined, 1],
    ['X25519, which can’t sign', () => generateKeyPairSync('x25519').publicKey, 'a key of type x25519', undefined],
    [
      'DSA',
      () => generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 }).publicKey,
      'a key of type dsa',
      undefined,
    ],
  ]
  test.each(cases)('%s', (_name, make, weakness, cost) => {
    const key = make()
    expect(weaknessOf(key)).toBe(weakness)
    expect(costOf(key)).toBe(cost)
  })

  test('of an unknown kind', () => {
    expect(weaknessOf(undefined)).toBe('a key of type unknown')
  })
})
