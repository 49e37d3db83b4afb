import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe } from 'vitest'
import { type CompactJws, JwsError, parseCompact } from '../../../src/crypto/jws/compact.ts'
import { KeyError } from '../../../src/crypto/jws/key-error.ts'
import { parseKeySet, parsePublicJwk } from '../../../src/crypto/jws/public-key.ts'
import { received } from '../../../src/crypto/jws/received.ts'
import { findSigner, verifyHmac } from '../../../src/crypto/jws/verify.ts'
import { fuzz } from '../../harness/fuzz.ts'
import { anyText, mutated } from '../../harness/mutations.ts'
import { encode, makeSigners, signWith } from '../../harness/tokens.ts'

const CLAIMS = {
  iss: 'reporter',
  sub: 'reporter',
  aud: 'https://as.example.com',
  jti: '1',
  exp: 1_800_000_000,
  'ä€😀': 1,
}
const secret = Buffer.from('a secret that is long enough for any of these, of 64 bytes or so.')
const signers = await makeSigners()
const keys = signers.map(({ key }) => key)
const seeds = await Promise.all([
  ...signers.map((signer) => signWith(signer, CLAIMS, { typ: 'JWT' })),
  signWith({ alg: 'HS256', privateKey: secret }, CLAIMS),
])

/** Avoids Vitest's `expect`, which takes longer than the tested code. */
function parseOrRefuse(token: string): CompactJws | undefined {
  try {
    return parseCompact(token)
  } catch (error) {
    if (error instanceof JwsError) return undefined
    throw error
  }
}

/**
 * Requires that any text that verifies has genuine claims. An ECDSA signature has a twin, so that the text may differ.
 */
function expectOnlyGenuine(token: string): void {
  const jws = parseOrRefuse(token)
  if (jws === undefined) return
  if (findSigner(jws, keys) === undefined && !verifyHmac(jws, secret)) return
  const seed = seeds.find((one) => one.startsWith(`${jws.signingInput}.`))
  if (seed === undefined || !isDeepStrictEqual(jws.claims, CLAIMS)) throw new Error(`took ${token}`)
}

describe('only signed claims verify, and only declared errors are thrown', () => {
  fuzz('signed tokens, changed', 0.4, mutated(seeds), expectOnlyGenuine)
  fuzz('text', 0.1, anyText, expectOnlyGenuine)

  const json = fc.oneof(
    fc.jsonValue().map((value) => JSON.stringify(value)),
    fc
      .record(
        { alg: fc.constantFrom('ES256', 'none', 'HS256', 'PS512', 1), kid: fc.jsonValue(), jwk: fc.jsonValue() },
        {
          requiredKeys: [],
        },
      )
      .map((value) => JSON.stringify(value)),
    fc.string({ unit: 'binary', maxLength: 40 }),
  )
  const built = fc
    .tuple(json, json, fc.uint8Array({ maxLength: 300 }))
    .map(([header, claims, signature]) => `${encode(header)}.${encode(claims)}.${encode(Buffer.from(signature))}`)
  fuzz('three segments of any JSON', 0.1, built, (token) => {
    const jws = parseOrRefuse(token)
    if (jws !== undefined && findSigner(jws, keys) !== undefined) throw new Error(`took ${token}`)
  })
})

describe('a key', () => {
  const member = fc.oneof(
    fc.jsonValue(),
    fc.base64String(),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => encode(Buffer.from(bytes))),
  )
  const changed = fc
    .tuple(
      fc.constantFrom(...signers.map(({ publicJwk }) => publicJwk)),
      fc.constantFrom('kty', 'crv', 'x', 'y', 'n', 'e', 'd', 'k', 'use', 'alg', 'kid', 'key_ops', '__proto__'),
      member,
    )
    .map(([jwk, name, value]): unknown => ({ ...jwk, [name]: value }))

  fuzz('is read or refused', 0.15, fc.oneof(changed, fc.jsonValue()), (jwk) => {
    try {
      const key = parsePublicJwk(jwk)
      if (key.keyObject.type !== 'public') throw new Error('took a key that is not public')
      for (const secretMember of ['d', 'k', 'p']) {
        if (secretMember in key.jwk) throw new Error('kept a private member')
      }
    } catch (error) {
      if (!(error instanceof KeyError)) throw error
    }
  })

  fuzz(
    'leaves the other keys of its set usable',
    0.05,
    fc.array(fc.oneof(changed, fc.jsonValue()), { maxLength: 5 }),
    (jwks) => {
      const set = parseKeySet({ keys: jwks })
      if (set.keys.length + set.ignored.length !== jwks.length) throw new Error('lost a key')
    },
  )
})

fuzz(
  'text for administrators is one short line of well-formed text',
  0.1,
  fc.oneof(fc.jsonValue(), anyText),
  (value) => {
    const shown = received(value)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it must not hold
    if (shown.length > 256 || !shown.isWellFormed() || /[\x00-\x1f\x7f-\x9f]/.test(shown)) throw new Error(shown)
  },
)
