import { createHmac } from 'node:crypto'
import { calculateJwkThumbprint, generateKeyPair } from 'jose'
import * as oauth from 'oauth4webapi'
import { describe, expect, test } from 'vitest'
import { asymmetricAlgorithms } from '../../src/crypto/jws/algorithms.ts'
import { Refusal } from '../../src/oauth/refusal.ts'
import type { ProofContext } from '../../src/sender-constraint/context.ts'
import { checkDpopProof } from '../../src/sender-constraint/dpop.ts'
import { DpopNonces } from '../../src/sender-constraint/nonce.ts'
import { encode, makeSigner, publicHalf, unsigned } from '../harness/tokens.ts'
import { CLAIMS, context, MemoryMarks, makeProof, NOW, nonces, signer, TOKEN_ENDPOINT } from './proofs.ts'

const jkt = signer.key.thumbprint
const [rs256, other] = await Promise.all([makeSigner('RS256'), makeSigner('ES256')])
const [good, second] = await Promise.all([makeProof(), makeProof({ jti: 'b' })])

describe('RFC 9449', () => {
  const header =
    'eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQy' +
    'VVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19'

  test('§4.2: the example, and the thumbprint of its key (§6.1)', async () => {
    const proof =
      `${header}.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwi` +
      'aWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg'
    const given = context({ uris: ['https://server.example.com/token'], now: 1562262616_000 })
    expect(await checkDpopProof(proof, given)).toEqual({ jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' })
  })

  test('§7.1: the example at a resource', async () => {
    const proof =
      `${header}.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0` +
      'ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP3' +
      '5yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA'
    const given = {
      method: 'GET',
      uris: ['https://resource.example.org/protectedresource'],
      now: 1562262618_000,
    }
    expect(await checkDpopProof(proof, context(given))).toEqual({ jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' })
  })
})

describe('accepted', () => {
  const accepted: [string, () => Promise<string | readonly string[]>, Partial<ProofContext>?][] = [
    ['a proof', () => makeProof()],
    ['a single proof in an array', async () => [await makeProof()]],
    ['typ in its long form, in another case', () => makeProof({}, { typ: 'application/DPoP+JWT' })],
    ['dpop-htu: htu with a query', () => makeProof({ htu: `${TOKEN_ENDPOINT}?a=b` })],
    ['dpop-htu: htu with a fragment', () => makeProof({ htu: `${TOKEN_ENDPOINT}#f` })],
    ['dpop-htu: htu with its host in capitals', () => makeProof({ htu: 'HTTPS://AS.Example.COM/as/token.oauth2' })],
    ['dpop-htu: htu with the default port', () => makeProof({ htu: 'https://as.example.com:443/as/token.oauth2' })],
    ['another address of the endpoint', () => makeProof(), { uris: ['https://alias.example.com/', TOKEN_ENDPOINT] }],
    ['dpop-replay: iat 10 s early', () => makeProof({ iat: NOW - 10 })],
    ['dpop-replay: iat 10 s late', () => makeProof({ iat: NOW + 10 })],
    ['iat 60 s early', () => makeProof({ iat: NOW - 60 })],
    ['iat 60 s late', () => makeProof({ iat: NOW + 60 })],
    ['iat with a fraction', () => makeProof({ iat: NOW - 0.25 })],
    ['nbf now, and exp in five minutes', () => makeProof({ nbf: NOW, exp: NOW + 300 })],
    ['nbf 60 s ahead', () => makeProof({ nbf: NOW + 60 })],
    ['exp 60 s ago', () => makeProof({ exp: NOW - 60 })],
    ['nbf and exp with fractions', () => makeProof({ nbf: NOW - 0.5, exp: NOW + 0.5 })],
    ['an allowed algorithm', () => makeProof(), { algorithms: ['PS256', 'ES256'] }],
    ['dpop-nonce: the nonce, required', () => makeProof({ nonce: nonces.current() }), { isNonceRequired: true }],
    ['dpop-nonce: the nonce, not required', () => makeProof({ nonce: nonces.current() })],
    [
      'a key that WebCrypto exported',
      () => makeProof({}, { jwk: { ...signer.publicJwk, ext: true, key_ops: ['verify'] } }),
    ],
    ['an ath, which only a resource server checks', () => makeProof({ ath: 'AAAA' })],
    ['a jti of 256 characters', () => makeProof({ jti: 'j'.repeat(256) })],
  ]
  test.each(accepted)('%s', async (_name, make, given) => {
    expect(await checkDpopProof(await make(), context(given))).toEqual({ jkt })
  })

  test.each(asymmetricAlgorithms)('a key for %s', async (alg) => {
    const by = await makeSigner(alg)
    const expected = { jkt: await calculateJwkThumbprint(by.publicJwk) }
    expect(await checkDpopProof(await makeProof({}, {}, by), context())).toEqual(expected)
  })

  test('a request without a proof has none', async () => {
    expect(await checkDpopProof(undefined, context({ isNonceRequired: true }))).toBeUndefined()
    expect(await checkDpopProof([], context())).toBeUndefined()
  })
})

describe('refused', () => {
  const [header = '', payload = '', signature = ''] = good.split('.')
  const hs256 = (): string => {
    const input = unsigned({ alg: 'HS256', typ: 'dpop+jwt', jwk: { kty: 'oct', k: 'AAAA' } }, CLAIMS, '').slice(0, -1)
    return `${input}.${encode(createHmac('sha256', Buffer.alloc(3)).update(input).digest())}`
  }
  const refused: [string, string, string | readonly string[] | Promise<string>, object, Partial<ProofContext>?][] = [
    ['malformed-dpop-proof: two headers, as Node joins them', 'dpop_proof_repeated', `${good}, ${second}`, {}],
    ['malformed-dpop-proof: two separate headers', 'dpop_proof_repeated', [good, good], {}],
    ['malformed-dpop-proof: a header and an empty one', 'dpop_proof_repeated', `${good}, `, {}],
    ['malformed-dpop-proof: typ JWT', 'dpop_proof_typ', makeProof({}, { typ: 'JWT' }), { received: 'JWT' }],
    ['malformed-dpop-proof: typ at+jwt', 'dpop_proof_typ', makeProof({}, { typ: 'at+jwt' }), { received: 'at+jwt' }],
    ['malformed-dpop-proof: no typ', 'dpop_proof_typ', makeProof({}, { typ: undefined }), { received: '(none)' }],
    [
      'malformed-dpop-proof: htm GET',
      'dpop_proof_htm',
      makeProof({ htm: 'GET' }),
      { expected: 'POST', received: 'GET' },
    ],
    [
      'malformed-dpop-proof: htm post',
      'dpop_proof_htm',
      makeProof({ htm: 'post' }),
      { expected: 'POST', received: 'post' },
    ],
    [
      'dpop-htu: another host',
      'dpop_proof_htu',
      makeProof({ htu: 'https://other.example/as/token.oauth2' }),
      { expected: [TOKEN_ENDPOINT] },
    ],
    [
      'dpop-htu: another path',
      'dpop_proof_htu',
      makeProof({ htu: `${TOKEN_ENDPOINT}/` }),
      { received: `${TOKEN_ENDPOINT}/` },
    ],
    ['dpop-htu: another port', 'dpop_proof_htu', makeProof({ htu: 'https://as.example.com:8443/as/token.oauth2' }), {}],
    ['dpop-htu: another scheme', 'dpop_proof_htu', makeProof({ htu: 'http://as.example.com/as/token.oauth2' }), {}],
    ['dpop-htu: only the issuer', 'dpop_proof_htu', makeProof({ htu: 'https://as.example.com' }), {}],
    ['dpop-htu: only a path', 'dpop_proof_htu', makeProof({ htu: '/as/token.oauth2' }), {}],
    ['dpop-htu: nothing', 'dpop_proof_htu', makeProof({ htu: '' }), { received: '' }],
    [
      'malformed-dpop-proof: a private key in jwk',
      'dpop_proof_key',
      makeProof({}, { jwk: signer.privateJwk }),
      { fault: 'private' },
    ],
    [
      'malformed-dpop-proof: a private RSA key in jwk',
      'dpop_proof_key',
      makeProof({}, { jwk: rs256.privateJwk }, rs256),
      { fault: 'private' },
    ],
    ['malformed-dpop-proof: no jwk', 'dpop_proof_key', makeProof({}, { jwk: undefined }), { fault: 'not_a_key' }],
    ['malformed-dpop-proof: jwk is text', 'dpop_proof_key', makeProof({}, { jwk: 'key' }), { fault: 'not_a_key' }],
    [
      'malformed-dpop-proof: a key for encryption',
      'dpop_proof_key',
      makeProof({}, { jwk: { ...signer.publicJwk, use: 'enc' } }),
      { fault: 'not_for_signatures' },
    ],
    [
      'weak-key: e = 1',
      'dpop_proof_key',
      makeProof({}, { jwk: { ...rs256.publicJwk, e: 'AQ' } }, rs256),
      { fault: 'weak' },
    ],
    ['malformed-dpop-proof: a symmetric alg', 'dpop_proof_algorithm', hs256(), { received: 'HS256' }],
    [
      'malformed-dpop-proof: an unknown alg',
      'dpop_proof_algorithm',
      unsigned({ alg: 'ES256K', typ: 'dpop+jwt', jwk: {} }, CLAIMS),
      {},
    ],
    [
      'malformed-dpop-proof: alg none',
      'dpop_proof_malformed',
      unsigned({ alg: 'none', typ: 'dpop+jwt' }, CLAIMS, ''),
      { fault: 'algorithm_none' },
    ],
    [
      'malformed-dpop-proof: an alg of another key',
      'dpop_proof_algorithm',
      makeProof({}, { jwk: rs256.publicJwk }),
      { received: 'ES256', key: 'RSA' },
    ],
    [
      'malformed-dpop-proof: an alg that doesn’t fit the key',
      'dpop_proof_algorithm',
      makeProof({}, { jwk: { ...rs256.publicJwk, alg: 'PS256' } }, rs256),
      { key: 'PS256' },
    ],
    [
      'malformed-dpop-proof: another key',
      'dpop_proof_signature',
      makeProof({}, { jwk: other.publicJwk }),
      { alg: 'ES256' },
    ],
    [
      'malformed-dpop-proof: another payload',
      'dpop_proof_signature',
      `${header}.${encode(JSON.stringify({ ...CLAIMS, jti: 'b' }))}.${signature}`,
      {},
    ],
    ['malformed-dpop-proof: no signature', 'dpop_proof_signature', `${header}.${payload}.`, {}],
    [
      'dpop-replay: iat 5 min early',
      'dpop_proof_time',
      makeProof({ iat: NOW - 300 }),
      { seconds_behind: 300, allowed: 60 },
    ],
    [
      'dpop-replay: iat 5 min late',
      'dpop_proof_time',
      makeProof({ iat: NOW + 300 }),
      { seconds_behind: -300, allowed: 60 },
    ],
    ['dpop-replay: iat 61 s early', 'dpop_proof_time', makeProof({ iat: NOW - 61 }), { iat: NOW - 61, now: NOW }],
    ['dpop-replay: iat 61 s late', 'dpop_proof_time', makeProof({ iat: NOW + 61 }), { iat: NOW + 61, now: NOW }],
    ['nbf 61 s ahead', 'dpop_proof_time', makeProof({ nbf: NOW + 61 }), { nbf: NOW + 61, seconds_ahead: 61 }],
    ['nbf two minutes ahead', 'dpop_proof_time', makeProof({ nbf: NOW + 120 }), { allowed: 60 }],
    ['exp 61 s ago', 'dpop_proof_time', makeProof({ exp: NOW - 61 }), { exp: NOW - 61, seconds_late: 61 }],
    ['exp two minutes ago', 'dpop_proof_time', makeProof({ exp: NOW - 120 }), { allowed: 60 }],
    ['exp nought', 'dpop_proof_time', makeProof({ exp: 0 }), {}],
    ['nbf in milliseconds', 'dpop_proof_time', makeProof({ nbf: NOW * 1000 }), {}],
    ['iat in milliseconds', 'dpop_proof_time', makeProof({ iat: NOW * 1000 }), {}],
    ['no jti', 'dpop_proof_claims', makeProof({ jti: undefined }), { claim: 'jti', received: '(none)' }],
    ['an empty jti', 'dpop_proof_claims', makeProof({ jti: '' }), { claim: 'jti' }],
    ['a jti of 257 characters', 'dpop_proof_claims', makeProof({ jti: 'j'.repeat(257) }), { claim: 'jti' }],
    ['no htm', 'dpop_proof_claims', makeProof({ htm: undefined }), { claim: 'htm' }],
    ['no htu', 'dpop_proof_claims', makeProof({ htu: undefined }), { claim: 'htu' }],
    ['htu an array', 'dpop_proof_claims', makeProof({ htu: [TOKEN_ENDPOINT] }), { claim: 'htu' }],
    ['nbf a string', 'dpop_proof_claims', makeProof({ nbf: String(NOW) }), { claim: 'nbf' }],
    ['nbf null', 'dpop_proof_claims', makeProof({ nbf: null }), { claim: 'nbf' }],
    ['exp a string', 'dpop_proof_claims', makeProof({ exp: String(NOW) }), { claim: 'exp' }],
    ['exp null', 'dpop_proof_claims', makeProof({ exp: null }), { claim: 'exp' }],
    ['no iat', 'dpop_proof_claims', makeProof({ iat: undefined }), { claim: 'iat' }],
    ['iat a string', 'dpop_proof_claims', makeProof({ iat: String(NOW) }), { claim: 'iat' }],
    ['a nonce that is a number', 'dpop_proof_claims', makeProof({ nonce: 1 }), { claim: 'nonce' }],
    ['nothing', 'dpop_proof_malformed', '', { fault: 'segments' }],
    ['no JWT', 'dpop_proof_malformed', 'proof', { fault: 'segments' }],
    ['two segments', 'dpop_proof_malformed', `${header}.${payload}`, { fault: 'segments' }],
    ['encrypted', 'dpop_proof_malformed', 'a.b.c.d.e', { fault: 'encrypted' }],
    ['padded', 'dpop_proof_malformed', `${good}==`, { fault: 'base64url' }],
    [
      'crit',
      'dpop_proof_malformed',
      unsigned({ alg: 'ES256', typ: 'dpop+jwt', crit: ['x'] }, CLAIMS),
      { fault: 'critical' },
    ],
    ['64 KiB', 'dpop_proof_malformed', 'a'.repeat(65_536), { fault: 'too_long' }],
  ]
  test.each(refused)('%s: %s', async (_name, reason, made, detail, given) => {
    const marks = new MemoryMarks()
    await expect(checkDpopProof(await made, context({ marks, ...given }))).rejects.toMatchObject({
      name: 'Refusal',
      reason,
      code: 'invalid_dpop_proof',
      status: 400,
      detail,
    })
    // An invalid proof leaves nothing in the database.
    expect(marks.seen.size).toBe(0)
  })
})

describe('dpop-nonce: nonces', () => {
  const nonceOf = (by: Buffer, seconds: number) => {
    const clock = { now: () => seconds * 1000, monotonic: () => 0 }
    return new DpopNonces(() => [by], clock).current()
  }
  const stale: [string, string, string | undefined, boolean][] = [
    ['absent', 'dpop_nonce_missing', undefined, true],
    ['stale', 'dpop_nonce_stale', nonceOf(Buffer.alloc(32, 1), NOW - 240), true],
    ['of another server', 'dpop_nonce_stale', nonceOf(Buffer.alloc(32, 2), NOW), true],
    ['of another server, when none is required', 'dpop_nonce_stale', nonceOf(Buffer.alloc(32, 2), NOW), false],
    ['empty', 'dpop_nonce_stale', '', true],
  ]
  test.each(stale)('%s', async (_name, reason, nonce, isNonceRequired) => {
    const given = context({ isNonceRequired })
    await expect(checkDpopProof(await makeProof({ nonce }), given)).rejects.toMatchObject({
      reason,
      code: 'use_dpop_nonce',
      status: 400,
      dpopNonce: nonces.current(),
    })
    // A proof that was refused only for its nonce may come again with the same jti.
    const again = await makeProof({ nonce: nonces.current() })
    expect(await checkDpopProof(again, given)).toEqual({ jkt })
  })
})

describe('dpop-replay: replay', () => {
  test('only one of a hundred parallel requests is accepted, and none afterwards', async () => {
    const given = context()
    const proof = await makeProof()
    const all = await Promise.allSettled(Array.from({ length: 100 }, () => checkDpopProof(proof, given)))
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await expect(checkDpopProof(proof, given)).rejects.toMatchObject({
      reason: 'dpop_proof_replayed',
      detail: { jkt, jti: CLAIMS.jti },
    })
  })

  test('the second ECDSA signature of a proof makes the same proof', async () => {
    const given = context()
    const proof = await makeProof()
    const at = proof.lastIndexOf('.') + 1
    const bytes = Buffer.from(proof.slice(at), 'base64url')
    // r and n - s (SEC 1 §4.1.6).
    const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
    const s = n - BigInt(`0x${bytes.subarray(32).toString('hex')}`)
    const twin = Buffer.concat([bytes.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')])
    expect(await checkDpopProof(proof, given)).toEqual({ jkt })
    await expect(checkDpopProof(proof.slice(0, at) + encode(twin), given)).rejects.toMatchObject({
      reason: 'dpop_proof_replayed',
    })
  })

  test('the same jti under another key is another proof', async () => {
    const given = context()
    await checkDpopProof(await makeProof(), given)
    expect(await checkDpopProof(await makeProof({}, {}, other), given)).toEqual({ jkt: other.key.thumbprint })
  })

  test.each([NOW, NOW + 60, NOW - 60, NOW + 0.5])(
    'a mark stays for exactly as long as the proof is accepted: iat of %s',
    async (iat) => {
      const marks = new MemoryMarks()
      const proof = await makeProof({ iat })
      await checkDpopProof(proof, context({ marks }))
      const [expiresAt = 0] = marks.seen.values()
      const at = (now: number) => checkDpopProof(proof, context({ now }))
      expect(await at(expiresAt - 1)).toEqual({ jkt })
      await expect(at(expiresAt)).rejects.toMatchObject({ reason: 'dpop_proof_time' })
    },
  )

  test('a failing database doesn’t count as a first use', async () => {
    const marks = { first: () => Promise.reject(new Error('database is down')) }
    await expect(checkDpopProof(await makeProof(), context({ marks }))).rejects.toThrow('database is down')
  })
})

test('the proof of oauth4webapi is accepted, with the nonce that it got', async () => {
  const keys = await generateKeyPair('ES256', { extractable: true })
  const as = { issuer: 'https://as.example.com', token_endpoint: TOKEN_ENDPOINT }
  const client = { client_id: 'reporter' }
  const DPoP = oauth.DPoP({}, keys)
  const clock = { now: () => Date.now(), monotonic: () => 0 }
  const present = new DpopNonces(() => [Buffer.alloc(32)], clock)
  const marks = new MemoryMarks()
  const withNonces = () => context({ isNonceRequired: true, now: clock.now(), nonces: present, marks })
  const jkts: (string | undefined)[] = []
  const request = () =>
    oauth.clientCredentialsGrantRequest(
      as,
      client,
      oauth.None(),
      {},
      {
        DPoP,
        [oauth.customFetch]: async (_url, { headers }) => {
          try {
            jkts.push((await checkDpopProof(new Headers(headers).get('dpop') ?? undefined, withNonces()))?.jkt)
            return Response.json({ access_token: 'token', token_type: 'DPoP', expires_in: 60 })
          } catch (error) {
            if (!(error instanceof Refusal)) throw error
            const nonce = error.dpopNonce
            const headers = nonce === undefined ? {} : { 'DPoP-Nonce': nonce }
            return Response.json({ error: error.code }, { status: error.status, headers })
          }
        },
      },
    )
  const first: unknown = await request()
    .then((response) => oauth.processClientCredentialsResponse(as, client, response))
    .catch((error: unknown) => error)
  expect(oauth.isDPoPNonceError(first)).toBe(true)
  expect(await oauth.processClientCredentialsResponse(as, client, await request())).toMatchObject({
    token_type: 'dpop',
  })
  const { publicKey } = keys
  expect(jkts).toEqual([await calculateJwkThumbprint(publicHalf(await crypto.subtle.exportKey('jwk', publicKey)))])
})
