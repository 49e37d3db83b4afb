import { constants, createPrivateKey, createPublicKey, sign as signWith, type webcrypto } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { signatureAlgorithms } from '../../../src/keys/algorithms.ts'
import type { SigningAlgorithm } from '../../../src/oauth/algorithms.ts'
import { RFC7515_EC, RFC7515_RSA, RFC7520_RSA, RFC8037_OKP } from './keys.ts'

interface Vector {
  readonly name: string
  readonly algorithm: SigningAlgorithm
  readonly key: webcrypto.JsonWebKey
  /** Whether signing again gives the same bytes. */
  readonly isDeterministic: boolean
  readonly header: string
  /** The payload as encoded, and as the RFC's text. */
  readonly payload: { readonly encoded: string; readonly text: string }
  readonly signature: string
}

const JOE = {
  encoded: 'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ',
  text: '{"iss":"joe",\r\n "exp":1300819380,\r\n "http://example.com/is_root":true}',
}
const FRODO = {
  encoded:
    'SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5k' +
    'IGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4',
  text:
    "It’s a dangerous business, Frodo, going out your door. You step onto the road, and if you don't keep your feet, " +
    'there’s no knowing where you might be swept off to.',
}

const vectors: readonly Vector[] = [
  {
    name: 'RFC 7515 Appendix A.2',
    algorithm: 'RS256',
    key: RFC7515_RSA,
    isDeterministic: true,
    header: 'eyJhbGciOiJSUzI1NiJ9',
    payload: JOE,
    signature:
      'cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t' +
      '1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12j' +
      'zDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQ' +
      'Ge77Rw',
  },
  {
    name: 'RFC 7515 Appendix A.3',
    algorithm: 'ES256',
    key: RFC7515_EC,
    isDeterministic: false,
    header: 'eyJhbGciOiJFUzI1NiJ9',
    payload: JOE,
    signature: 'DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q',
  },
  {
    name: 'RFC 7520 §4.1',
    algorithm: 'RS256',
    key: RFC7520_RSA,
    isDeterministic: true,
    header: 'eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9',
    payload: FRODO,
    signature:
      'MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA' +
      '78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQ' +
      'dLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18' +
      'kDquDg',
  },
  {
    name: 'RFC 7520 §4.8, the first of its signatures',
    algorithm: 'RS256',
    key: RFC7520_RSA,
    isDeterministic: true,
    header: 'eyJhbGciOiJSUzI1NiJ9',
    payload: FRODO,
    signature:
      'MIsjqtVlOpa71KE-Mss8_Nq2YH4FGhiocsqrgi5NvyG53uoimic1tcMdSg-qptrzZc7CG6Svw2Y13TDIqHzTUrL_lR2ZFcryNFiHkSw129EghGpw' +
      'kpxaTn_THJTCglNbADko1MZBCdwzJxwqZc-1RlpO2HibUYyXSwO97BSe0_evZKdjvvKSgsIqjytKSeAMbhMBdMma622_BG5t4sdbuCHtFjp9iJmk' +
      'io47AIwqkZV1aIZsv33uPUqBBCXbYoQJwt7mxPftHmNlGoOSMxR_3thmXTCm4US-xiNOyhbm8afKK64jU6_TPtQHiJeQJxz9G3Tx-083B745_AfY' +
      'OnlC9w',
  },
  {
    name: 'RFC 8037 Appendix A.4',
    algorithm: 'EdDSA',
    key: RFC8037_OKP,
    isDeterministic: true,
    header: 'eyJhbGciOiJFZERTQSJ9',
    payload: { encoded: 'RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc', text: 'Example of Ed25519 signing' },
    signature: 'hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg',
  },
]

const decode = (encoded: string): Buffer => Buffer.from(encoded, 'base64url')

describe.each(vectors)('$name ($algorithm)', ({ algorithm, key, isDeterministic, header, payload, signature }) => {
  const { sign, verify } = signatureAlgorithms[algorithm]
  const publicKey = createPublicKey({ key, format: 'jwk' })
  const privateKey = createPrivateKey({ key, format: 'jwk' })
  const input = `${header}.${payload.encoded}`
  const genuine = decode(signature)

  test('equals the RFC’s example', () => {
    expect(JSON.parse(decode(header).toString())).toMatchObject({ alg: algorithm })
    expect(decode(payload.encoded).toString()).toBe(payload.text)
  })

  test('verifies', () => {
    expect(verify(input, publicKey, genuine)).toBe(true)
  })

  test(
    isDeterministic ? 'equals our signature, byte for byte' : 'differs from our signature, which verifies, too',
    () => {
      const signed = sign(input, privateKey)
      expect(signed.toString('base64url') === signature).toBe(isDeterministic)
      expect(verify(input, publicKey, signed)).toBe(true)
    },
  )

  test('does not verify with a flipped bit in the signature', () => {
    for (let at = 0; at < genuine.length; at += 1) {
      const changed = Buffer.from(genuine)
      changed.writeUInt8(genuine.readUInt8(at) ^ (1 << (at % 8)), at)
      expect(verify(input, publicKey, changed)).toBe(false)
    }
  })

  test('does not verify with bytes removed, prepended or appended', () => {
    const zero = Buffer.alloc(1)
    for (const changed of [
      Buffer.alloc(0),
      Buffer.alloc(genuine.length),
      genuine.subarray(1),
      genuine.subarray(0, -1),
      Buffer.concat([zero, genuine]),
      Buffer.concat([genuine, zero]),
    ]) {
      expect(verify(input, publicKey, changed)).toBe(false)
    }
  })

  test('does not verify for another header or payload', () => {
    for (const other of ['', `${input}.`, `.${payload.encoded}`, `${header}.`, `${header}.${payload.encoded}A`]) {
      expect(verify(other, publicKey, genuine)).toBe(false)
    }
  })
})

describe('PS256, for which no RFC has an example (RFC 7518 §3.5)', () => {
  const { sign, verify } = signatureAlgorithms.PS256
  const publicKey = createPublicKey({ key: RFC7520_RSA, format: 'jwk' })
  const privateKey = createPrivateKey({ key: RFC7520_RSA, format: 'jwk' })
  const signed = sign('input', privateKey)

  test('verifies, and each signature differs', () => {
    expect(verify('input', publicKey, signed)).toBe(true)
    expect(sign('input', privateKey).equals(signed)).toBe(false)
  })

  test('does not verify as RS256, nor the other way round', () => {
    expect(signatureAlgorithms.RS256.verify('input', publicKey, signed)).toBe(false)
    const pkcs1 = signatureAlgorithms.RS256.sign('input', privateKey)
    expect(verify('input', publicKey, pkcs1)).toBe(false)
  })

  test.each([0, 20, 31, 32, 33, 222])('a salt of %i bytes', (saltLength) => {
    const padding = constants.RSA_PKCS1_PSS_PADDING
    const signature = signWith('sha256', Buffer.from('input'), { key: privateKey, padding, saltLength })
    expect(verify('input', publicKey, signature)).toBe(saltLength === 32)
  })
})
