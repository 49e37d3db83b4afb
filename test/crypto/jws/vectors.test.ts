import { describe, expect, test } from 'vitest'
import { verifySignature } from '../../../src/crypto/jws/algorithms.ts'
import { parseCompact } from '../../../src/crypto/jws/compact.ts'
import { parsePublicJwk } from '../../../src/crypto/jws/public-key.ts'
import { findSigner, verifyHmac } from '../../../src/crypto/jws/verify.ts'
import { publicHalf } from '../../harness/tokens.ts'
import { RFC7515_EC, RFC7515_RSA, RFC7638_RSA, RFC8037_OKP } from './keys.ts'

const JOE = 'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ'
const CLAIMS = { iss: 'joe', exp: 1300819380, 'http://example.com/is_root': true }

describe('RFC 7515 Appendix A.1, HS256', () => {
  const secret = Buffer.from(
    'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow',
    'base64url',
  )
  const jws = parseCompact(
    `eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.${JOE}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk`,
  )

  test('verifies only with the secret', () => {
    expect(jws.header).toMatchObject({ alg: 'HS256', typ: 'JWT', kid: undefined })
    expect(jws.claims).toEqual(CLAIMS)
    expect(verifyHmac(jws, secret)).toBe(true)
    expect(verifyHmac(jws, secret.subarray(1))).toBe(false)
  })
})

describe.each([
  {
    name: 'RFC 7515 Appendix A.2, RS256',
    key: RFC7515_RSA,
    token:
      `eyJhbGciOiJSUzI1NiJ9.${JOE}.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8` +
      'W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB' +
      '_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWyw' +
      'lVmtVrBp0igcN_IoypGlUPQGe77Rw',
  },
  {
    name: 'RFC 7515 Appendix A.3, ES256',
    key: RFC7515_EC,
    token: `eyJhbGciOiJFUzI1NiJ9.${JOE}.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q`,
  },
])('$name', ({ key, token }) => {
  const signer = parsePublicJwk(publicHalf(key))

  test('is attributed to its key and to no other', () => {
    const jws = parseCompact(token)
    expect(jws.claims).toEqual(CLAIMS)
    expect(findSigner(jws, [parsePublicJwk(RFC7638_RSA), signer])).toBe(signer)
    expect(findSigner(jws, [parsePublicJwk(RFC7638_RSA)])).toBeUndefined()
  })

  test('does not verify with a flipped bit in the signature', () => {
    const jws = parseCompact(token)
    for (let at = 0; at < jws.signature.length; at += 1) {
      const signature = Buffer.from(jws.signature)
      signature.writeUInt8(signature.readUInt8(at) ^ (1 << (at % 8)), at)
      expect(findSigner({ ...jws, signature }, [signer])).toBeUndefined()
    }
  })
})

test.each([
  [
    'RFC 7515 Appendix A.4',
    'ES512' as const,
    {
      kty: 'EC',
      crv: 'P-521',
      x: 'AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk',
      y: 'ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2',
    },
    'eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA',
    'AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3' +
      'xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn',
  ],
  [
    'RFC 8037 Appendix A.4',
    'EdDSA' as const,
    publicHalf(RFC8037_OKP),
    'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc',
    'hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg',
  ],
])('%s: a payload that isn’t JSON', (_name, alg, jwk, input, signature) => {
  const key = parsePublicJwk(jwk)
  expect(verifySignature(alg, input, key, Buffer.from(signature, 'base64url'))).toBe(true)
  expect(verifySignature(alg, `${input}A`, key, Buffer.from(signature, 'base64url'))).toBe(false)
  expect(() => parseCompact(`${input}.${signature}`)).toThrow(expect.objectContaining({ fault: 'claims' }))
})

test.each([
  ['RFC 7638 §3.1', RFC7638_RSA, 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs'],
  ['RFC 8037 Appendix A.3', publicHalf(RFC8037_OKP), 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k'],
])('%s: the thumbprint', (_name, jwk, thumbprint) => {
  expect(parsePublicJwk({ ...jwk, use: 'sig', kid: 'any' }).thumbprint).toBe(thumbprint)
})
