import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { checkAssertion } from '../../../src/client-auth/assertions/claims.ts'
import { describeAssertion, parseAssertion } from '../../../src/client-auth/assertions/parse.ts'
import { requireSigner } from '../../../src/client-auth/assertions/signature.ts'
import { asymmetricAlgorithms } from '../../../src/crypto/jws/algorithms.ts'
import { parseCompact } from '../../../src/crypto/jws/compact.ts'
import { parseKeySet, parsePublicJwk } from '../../../src/crypto/jws/public-key.ts'
import { received } from '../../../src/crypto/jws/received.ts'
import { decoyVerify, findSigner, verifyHmac } from '../../../src/crypto/jws/verify.ts'
import { checkDpopProof } from '../../../src/sender-constraint/dpop.ts'
import { isSameTarget } from '../../../src/sender-constraint/htu.ts'
import { DpopNonces } from '../../../src/sender-constraint/nonce.ts'
import { ProofKeys } from '../../../src/sender-constraint/proof-keys.ts'
import { clockAt } from '../../harness/clock.ts'
import { fill, jsonValues, plausibleSignature as signature } from '../shapes.ts'
import { cases } from './case.ts'

/** Characters of a JWT. */
const JWT = 16 * 1024
/** Characters of one value before base64url. The rest of the JWT holds its other members. */
const VALUE = Math.floor((JWT - 1_000) * 0.75)
const NOW = Date.parse('2026-06-01T00:00:00Z')
const ISSUER = 'https://as.example.com'
const clock = clockAt(NOW)

const encode = (text: string): string => Buffer.from(text).toString('base64url')
/** A JSON object in which one member's value is written verbatim. */
const withMember = (object: object, member: string, json: string): string =>
  `${JSON.stringify(object).slice(0, -1)},${JSON.stringify(member)}:${json}}`
const jwt = (header: string, claims: string, signature: Buffer = Buffer.alloc(64, 1)): string =>
  `${encode(header)}.${encode(claims)}.${signature.toString('base64url')}`

const values = Object.entries(jsonValues(VALUE))
const HEADER = { alg: 'ES256' }
const CLAIMS = {
  iss: 'a',
  sub: 'a',
  aud: ISSUER,
  jti: '1',
  exp: NOW / 1000 + 60,
  htm: 'POST',
  htu: ISSUER,
  iat: NOW / 1000,
}

/** Each value in each member that the server looks at. */
const assertions = Object.fromEntries(
  values.flatMap(([shape, json]) => [
    ...['alg', 'kid', 'typ', 'crit', 'b64', 'jwk'].map((name) => [
      `${shape} as ${name} of the header`,
      jwt(withMember(HEADER, name, json), JSON.stringify(CLAIMS)),
    ]),
    ...['iss', 'sub', 'aud', 'jti', 'exp', 'nbf', 'iat', 'other'].map((name) => [
      `${shape} as ${name}`,
      jwt(JSON.stringify(HEADER), withMember(CLAIMS, name, json)),
    ]),
  ]),
)

const malformed = {
  dots: '.'.repeat(JWT),
  'endless base64url': 'A'.repeat(JWT),
  padding: `${fill(JWT / 2, 'AA==')}.${fill(JWT / 2 - 2, 'AA==')}.`,
  'only a signature': `${encode('{"alg":"RS256"}')}.${encode('{}')}.${'A'.repeat(JWT - 30)}`,
  'characters of another script': '語'.repeat(JWT),
  'a megabyte': 'A.'.repeat(500_000),
}

/** The addresses of a token endpoint with as many aliases as there may be, each as long as it may be. */
const tokenEndpoints = Array.from({ length: 65 }, (_, at) => `${ISSUER}/${'a'.repeat(250)}${at}`)
/** The longest text that is normalised, in which every character is escaped. */
const escaped = `${ISSUER}/${'%61'.repeat(1_350)}`

function checkAll(assertion: string): unknown {
  const jws = parseAssertion(assertion)
  return [
    describeAssertion(jws),
    checkAssertion(jws, {
      issuer: ISSUER,
      tokenEndpoints,
      isCompatible: true,
      audienceForm: 'any',
      maxLifetime: 300,
      now: NOW,
    }),
  ]
}

const rsaJwk = (bytes: number, exponentBytes: number) => {
  const n = randomBytes(bytes)
  n.writeUInt8(n.readUInt8(0) | 0x80, 0)
  n.writeUInt8(n.readUInt8(bytes - 1) | 1, bytes - 1)
  return { kty: 'RSA', n: n.toString('base64url'), e: Buffer.alloc(exponentBytes, 0xff).toString('base64url') }
}
const ecJwk = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).publicKey.export({ format: 'jwk' })
const edJwk = () => generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })

const offCurve = {
  kty: 'EC',
  crv: 'P-521',
  x: randomBytes(66).toString('base64url'),
  y: randomBytes(66).toString('base64url'),
}

/** The keys with the slowest verification, each with an algorithm and the length of a signature. */
const slowest = [
  { alg: 'ES256', length: 64, jwk: () => ecJwk('P-256') },
  { alg: 'ES384', length: 96, jwk: () => ecJwk('P-384') },
  { alg: 'ES512', length: 132, jwk: () => ecJwk('P-521') },
  { alg: 'EdDSA', length: 64, jwk: edJwk },
  { alg: 'RS512', length: 512, jwk: () => rsaJwk(512, 8) },
  { alg: 'PS512', length: 1024, jwk: () => rsaJwk(1024, 8) },
]
const signed = Object.fromEntries(
  slowest.map(({ alg, length, jwk }) => {
    const token = jwt(
      JSON.stringify({ alg }),
      withMember(CLAIMS, 'pad', `"${'a'.repeat(VALUE - 1_500)}"`),
      signature(length),
    )
    return [alg, { jws: parseCompact(token), keys: Array.from({ length: 100 }, () => parsePublicJwk(jwk())) }]
  }),
)

const noMarks = { first: async () => true }
const nonces = new DpopNonces(() => [Buffer.alloc(32)], clock)
const proofContext = {
  method: 'POST',
  uris: [ISSUER],
  algorithms: asymmetricAlgorithms,
  now: NOW,
  marks: noMarks,
  keys: new ProofKeys(),
  nonces,
  isNonceRequired: false,
}
const proof = (jwk: string, more: object = {}, alg = 'ES256', bytes = 64): string =>
  jwt(`{"typ":"dpop+jwt","alg":"${alg}","jwk":${jwk}}`, JSON.stringify({ ...CLAIMS, ...more }), signature(bytes))

/** A set with the maximum number of keys. */
const set = (jwk: () => object) => ({ keys: Array.from({ length: 50 }, jwk) })

export const jwsCases = [
  ...cases('parseAssertion', checkAll, {
    ...assertions,
    ...malformed,
    'two escaped audiences': jwt(
      JSON.stringify(HEADER),
      JSON.stringify({ ...CLAIMS, aud: [tokenEndpoints[64], escaped] }),
    ),
  }),
  ...cases('received', received, { ...Object.fromEntries(values.map(([shape, json]) => [shape, unlessWrong(json)])) }),
  ...cases('findSigner', ({ jws, keys }) => findSigner(jws, keys), signed),
  ...cases('requireSigner', ({ jws, keys }) => requireSigner(jws, keys), signed),
  ...cases('decoyVerify', ({ jws }) => decoyVerify(jws), signed),
  ...cases(
    'verifyHmac',
    (alg: string) =>
      verifyHmac(
        parseCompact(jwt(`{"alg":"${alg}"}`, withMember({}, 'a', `"${'a'.repeat(VALUE)}"`).replace('{,', '{'))),
        Buffer.alloc(32),
      ),
    {
      HS256: 'HS256',
      HS512: 'HS512',
    },
  ),
  ...cases('parsePublicJwk', parsePublicJwk, {
    ...Object.fromEntries(values.map(([shape, json]) => [`${shape} as kty`, { kty: unlessWrong(json) }])),
    ...Object.fromEntries(
      values.map(([shape, json]) => [`${shape} as n`, { kty: 'RSA', n: unlessWrong(json), e: 'AQAB' }]),
    ),
    'a huge modulus': rsaJwk(8_000, 3),
    'a huge exponent': rsaJwk(1024, 1024),
    'a huge coordinate': { kty: 'EC', crv: 'P-521', x: 'A'.repeat(12_000), y: 'A'.repeat(12_000) },
    'a point off the curve': offCurve,
    operations: { ...edJwk(), key_ops: Array.from({ length: 4_000 }, () => 'sign') },
  }),
  ...cases('parseKeySet', parseKeySet, {
    'P-256': set(() => ecJwk('P-256')),
    'P-384': set(() => ecJwk('P-384')),
    'P-521': set(() => ecJwk('P-521')),
    Ed25519: set(edJwk),
    'RSA of 8192 bits': set(() => rsaJwk(1024, 8)),
    'points off the curve': set(() => offCurve),
    'invalid keys': set(() => ({ kty: 'a'.repeat(2_500) })),
    'endless keys': { keys: Array.from({ length: 100_000 }, () => ({})) },
  }),
  ...cases('checkDpopProof', (header: string) => checkDpopProof(header, proofContext), {
    ...Object.fromEntries(values.map(([shape, json]) => [`${shape} as jwk`, proof(json)])),
    ...Object.fromEntries(
      values.map(([shape, json]) => [`${shape} as a member of jwk`, proof(withMember(edJwk(), 'use', json))]),
    ),
    ...Object.fromEntries(
      slowest.map(({ alg, length, jwk }) => [`a key for ${alg}`, proof(JSON.stringify(jwk()), {}, alg, length)]),
    ),
    'an endless htu': proof('{}', { htu: `https://${'a'.repeat(VALUE - 800)}` }),
    'an endless nonce': proof('{}', { nonce: 'A'.repeat(VALUE - 800) }),
    commas: ','.repeat(32_000),
    ...malformed,
  }),
  ...cases('isSameTarget', (uri: string) => isSameTarget(ISSUER, uri), {
    'escapes in the host': `https://${fill(2_000, '%C3%A9')}`,
    'marks in the host': `https://a${fill(2_000, '%CC%81%CC%96')}`,
    Punycode: `https://xn--${fill(2_000, 'zzzz9')}`,
    'labels in Punycode': `https://${fill(2_000, 'xn--a-9.')}`,
    dots: `https://a${fill(2_000, '/a/..')}`,
    'escaped dots': `https://a${fill(2_000, '/%2e%2E')}`,
    numbers: `https://${fill(2_000, '0x7f.')}`,
    brackets: `https://[${fill(2_000, ':')}]`,
    'no URI': `https://${'%'.repeat(2_000)}`,
    'a long value': `https://${'a'.repeat(60_000)}`,
  }),
]

/** The parsed JSON, or the text itself if it isn't JSON. */
function unlessWrong(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return json
  }
}
