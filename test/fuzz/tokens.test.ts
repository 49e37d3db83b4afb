import { createHmac } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { decodeProtectedHeader } from 'jose'
import { describe, expect, test } from 'vitest'
import type { Signer } from '../../src/keys/batch-signer.ts'
import { type SigningAlgorithm, signingAlgorithms } from '../../src/oauth/algorithms.ts'
import { signJwt } from '../../src/tokens/jwt.ts'
import { verifyToken } from '../../src/tokens/verify.ts'
import { fuzz, fuzzMemory } from '../harness/fuzz.ts'
import { anyText, base64url, mutated, WRAPPINGS } from '../harness/mutations.ts'
import { CLAIMS, genuine, ISSUER, kids, NOW, ring, sealer, stranger, verifier, worthless } from '../harness/ring.ts'
import { nearJwt, nearSealed, publicKeys } from './forged.ts'

/** Avoids Vitest's `expect`, which takes longer than the tested code. */
function expectOnlyGenuine(token: string): void {
  const verified = verifyToken(verifier, token)
  const expected = genuine.get(token)
  if (verified === undefined && expected === undefined) return
  if (verified !== undefined && isDeepStrictEqual(verified.claims, expected)) return
  throw new Error(`${expected === undefined ? 'took' : 'did not take'} ${token}`)
}

function expectRefused(token: string): void {
  if (verifyToken(verifier, token) !== undefined) throw new Error(`took ${token}`)
}

/** Signs or seals claims with a key of the ring. */
async function makeToken(algorithm: SigningAlgorithm | undefined, claims: object): Promise<string> {
  if (algorithm === undefined) return sealer.seal(await ring.sealingKey(), claims)
  return signJwt(await ring.signer(algorithm), 'at+jwt', claims)
}
const signedOrSealed = fc.constantFrom(...signingAlgorithms, undefined)

describe('genuine tokens', () => {
  test('a token of each algorithm and format verifies under an active or retired key', () => {
    expect(genuine.size).toBe(2 * 2 * (2 * signingAlgorithms.length + 1))
    for (const [token, claims] of genuine) {
      expect(verifyToken(verifier, token)).toEqual({ claims, kid: expect.toBeOneOf([...kids]) })
    }
  })

  test('the second ECDSA signature of a token, which anybody can compute, belongs to the same token', () => {
    // r and n - s (SEC 1 §4.1.6). A revocation must therefore depend on the token's jti.
    const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
    const ofEs256 = [...genuine].filter(
      ([token]) => token.startsWith('eyJ') && decodeProtectedHeader(token).alg === 'ES256',
    )
    expect(ofEs256).toHaveLength(8)
    for (const [token, claims] of ofEs256) {
      const [header = '', payload = '', signature = ''] = token.split('.')
      const bytes = Buffer.from(signature, 'base64url')
      const s = n - BigInt(`0x${bytes.subarray(32).toString('hex')}`)
      const twin = Buffer.concat([bytes.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')])
      const verified = verifyToken(verifier, `${header}.${payload}.${twin.toString('base64url')}`)
      expect(verified?.claims).toEqual(claims)
    }
  })

  const extra = fc.dictionary(
    fc.string({ maxLength: 12 }).filter((name) => !(name in CLAIMS) && !['__proto__', 'scp'].includes(name)),
    fc.jsonValue(),
    { maxKeys: 4 },
  )
  const claims = fc.tuple(
    extra,
    fc.record({
      sub: fc.string({ unit: 'binary' }),
      aud: fc.oneof(fc.webUrl(), fc.array(fc.webUrl(), { minLength: 1, maxLength: 3 })),
      client_id: fc.string({ unit: 'binary' }),
      iat: fc.integer({ min: 0, max: NOW }),
      exp: fc.integer({ min: NOW + 1, max: Number.MAX_SAFE_INTEGER }),
      jti: fc.uuid(),
    }),
    fc.record({ scope: fc.string(), scp: fc.array(fc.string()) }, { requiredKeys: [] }),
  )
  fuzz('verifies with its original claims', 0.04, fc.tuple(claims, signedOrSealed), async ([parts, algorithm]) => {
    const given: object = Object.assign({ iss: ISSUER }, ...parts)
    const token = await makeToken(algorithm, given)
    const verified = verifyToken(verifier, token)
    // JSON has no -0.
    expect(verified?.claims).toEqual(JSON.parse(JSON.stringify(given)))
  })
})

describe('other tokens', () => {
  test('a token of a revoked or foreign key, expired, or of another issuer', () => {
    for (const token of worthless) expect(verifyToken(verifier, token)).toBeUndefined()
  })

  test('a token of ours with another last character, even if it decodes to the same bytes', () => {
    for (const token of genuine.keys()) {
      for (const last of base64url) expectOnlyGenuine(token.slice(0, -1) + last)
      for (const more of [...base64url, '=', '==', '.', '+', '/']) expectOnlyGenuine(token + more)
    }
  })

  test('a token of ours with text around it', () => {
    for (const token of genuine.keys()) {
      for (const wrapping of WRAPPINGS) {
        for (const wrapped of [wrapping + token, token + wrapping, wrapping + token + wrapping]) expectRefused(wrapped)
      }
    }
  })

  test('a MAC made with our public key', () => {
    for (const { kid, algorithm, bytes } of publicKeys) {
      for (const alg of [algorithm, 'HS256']) {
        const parts = [{ alg, typ: 'at+jwt', kid }, CLAIMS].map((part) => Buffer.from(JSON.stringify(part)))
        const input = parts.map((part) => part.toString('base64url')).join('.')
        expectRefused(`${input}.${createHmac('sha256', bytes).update(input).digest('base64url')}`)
      }
    }
  })

  fuzz('text', 0.1, anyText, expectOnlyGenuine)
  fuzz('tokens that resemble a JWT', 0.25, nearJwt, expectOnlyGenuine)
  fuzz('tokens that resemble a sealed token', 0.1, nearSealed, expectOnlyGenuine)
  fuzz('a genuine token, changed', 0.25, mutated([...genuine.keys()]), expectOnlyGenuine)
  fuzz('an invalid token, changed', 0.02, mutated(worthless), expectOnlyGenuine)
})

const isText = (value: unknown): boolean => typeof value === 'string'
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText)

/** Whether a value is allowed for each claim. `undefined` stands for a missing claim. */
const ALLOWED: Readonly<Record<string, (value: unknown) => boolean>> = {
  iss: (value) => value === ISSUER,
  sub: isText,
  aud: (value) => isText(value) || isTexts(value),
  client_id: isText,
  iat: Number.isSafeInteger,
  exp: (value) => Number.isSafeInteger(value) && Number(value) > NOW,
  jti: isText,
  scope: (value) => value === undefined || isText(value),
  scp: (value) => value === undefined || isTexts(value),
}

const wrongValue = fc.oneof(
  fc.constant(undefined),
  fc.jsonValue(),
  fc.double(),
  fc.constantFrom(NOW, NOW + 0.5, -1, 2 ** 53, 1e300, String(NOW + 60), [NOW + 60], ISSUER.toUpperCase(), `${ISSUER}/`),
)

/** A claim that no token of ours can have, among valid ones. */
const spoilt = fc
  .tuple(fc.constantFrom(...Object.keys(ALLOWED)), wrongValue)
  .map(([name, value]): Record<string, unknown> => JSON.parse(JSON.stringify({ ...CLAIMS, [name]: value })))
  .filter((claims) => Object.entries(ALLOWED).some(([name, isAllowed]) => !isAllowed(claims[name])))

async function signAs(signer: Signer, header: string, payload: string): Promise<string> {
  const input = `${Buffer.from(header).toString('base64url')}.${Buffer.from(payload).toString('base64url')}`
  return signer.sign(input)
}

describe('tokens that our key signed by mistake, with claims that no token of ours has', () => {
  fuzz('missing or invalid claims', 0.04, fc.tuple(spoilt, signedOrSealed), async ([claims, algorithm]) => {
    expectRefused(await makeToken(algorithm, claims))
  })

  const notClaims = fc.oneof(
    fc
      .jsonValue()
      .filter((value) => typeof value !== 'object' || value === null || Array.isArray(value))
      .map((value) => JSON.stringify(value)),
    fc.string({ unit: 'binary' }).filter((text) => !text.startsWith('{')),
    fc.constantFrom('', '{', '{}', '['.repeat(5_000), '\ufeff{}', '{"a":1}{"b":2}', `${JSON.stringify(CLAIMS)} x`),
  )
  fuzz(
    'a payload that is not a set of claims',
    0.02,
    fc.tuple(notClaims, fc.constantFrom(...signingAlgorithms)),
    async ([payload, algorithm]) => {
      const signer = await ring.signer(algorithm)
      const { kid } = signer
      expectRefused(await signAs(signer, JSON.stringify({ alg: algorithm, typ: 'at+jwt', kid }), payload))
    },
  )

  const GOOD: Readonly<Record<string, (value: unknown, right: string) => boolean>> = {
    alg: (value, right) => value === right,
    kid: (value, right) => value === right,
    typ: (value) => value === 'at+jwt' || value === 'JWT',
    crit: (value) => value === undefined,
    b64: (value) => value === undefined,
  }
  const oddHeader = fc.tuple(
    fc.constantFrom(...signingAlgorithms),
    fc.constantFrom(...Object.keys(GOOD)),
    fc.oneof(
      fc.constant(undefined),
      fc.jsonValue(),
      fc.constantFrom<unknown>(
        ...kids,
        ...signingAlgorithms,
        'none',
        'dpop+jwt',
        'token-introspection+jwt',
        'AT+JWT',
        [],
        ['exp'],
        false,
      ),
    ),
  )
  fuzz('a header that no token of ours has', 0.02, oddHeader, async ([algorithm, name, value]) => {
    const signer = await ring.signer(algorithm)
    const right: Readonly<Record<string, string>> = { alg: algorithm, typ: 'at+jwt', kid: signer.kid }
    fc.pre(GOOD[name]?.(value, right[name] ?? '') === false)
    expectRefused(await signAs(signer, JSON.stringify({ ...right, [name]: value }), JSON.stringify(CLAIMS)))
  })

  test.each(signingAlgorithms)('a stranger’s signature under our kid: %s', async (algorithm) => {
    const { kid } = await ring.signer(algorithm)
    const header = JSON.stringify({ alg: algorithm, typ: 'at+jwt', kid })
    expectRefused(await signAs(await stranger.signer(algorithm), header, JSON.stringify(CLAIMS)))
  })
})

fuzzMemory(
  'memory doesn’t grow',
  { share: 0.15, growth: 2 * 2 ** 20 },
  fc.oneof(anyText, nearJwt, nearSealed, mutated([...genuine.keys(), ...worthless])),
  expectOnlyGenuine,
)
