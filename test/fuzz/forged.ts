/** Forgeries by an attacker who knows the structure of our tokens and every public key. */

import { createHmac, createPrivateKey, createPublicKey, type KeyObject, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { generateKey, signatureAlgorithms } from '../../src/keys/algorithms.ts'
import { type SigningAlgorithm, signingAlgorithms } from '../../src/oauth/algorithms.ts'
import { CLAIMS, genuine, kids, ring, worthless } from '../harness/ring.ts'

const encode = (text: string | Buffer): string => Buffer.from(text).toString('base64url')
const quote = (text: string): string => JSON.stringify(text)

/** Unusual JSON. */
const oddJson = fc.oneof(
  { weight: 3, arbitrary: fc.jsonValue().map((value) => JSON.stringify(value)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ...['1e400', '-1e400', '-0', '1.0', '9007199254740993', `1${'0'.repeat(400)}`, '0.1e-999', '{}', '[]', 'null'],
      ...['"\\u0000"', '"\\ud800"', '{"__proto__":{"alg":"none"}}', '{"constructor":{"prototype":{}}}', 'NaN', '{'],
      ...[
        '['.repeat(4_000),
        `${'['.repeat(4_000)}${']'.repeat(4_000)}`,
        `${'{"a":'.repeat(1_000)}1${'}'.repeat(1_000)}`,
      ],
    ),
  },
)

const hostile = [
  '',
  '__proto__',
  'constructor',
  'toString',
  '../../../../dev/null',
  "' OR 1=1 --",
  '\0',
  'x'.repeat(10_000),
]
const algorithms = [
  ...signingAlgorithms,
  ...['none', 'None', 'nOnE', 'HS256', 'HS512', 'RS512', 'PS384', 'ES384', 'ES256K', 'Ed25519', 'es256', 'A256GCM'],
  ...['dir', 'RSA-OAEP', 'PBES2-HS256+A128KW'],
]

const strangers = new Map<SigningAlgorithm, KeyObject>(
  await Promise.all(signingAlgorithms.map(async (name) => [name, (await generateKey(name)).privateKey] as const)),
)
const strangerOf = (algorithm: SigningAlgorithm): KeyObject =>
  strangers.get(algorithm) ?? createPrivateKey('there is a key of every algorithm')

const ownJwk = (algorithm: SigningAlgorithm): string =>
  JSON.stringify(createPublicKey(strangerOf(algorithm)).export({ format: 'jwk' }))

const pair = (name: string, values: fc.Arbitrary<string>) => values.map((json): [string, string] => [name, json])

/** A header member: its name and its JSON. */
const member: fc.Arbitrary<[string, string]> = fc.oneof(
  pair('alg', fc.constantFrom(...algorithms, ...hostile).map(quote)),
  pair('kid', fc.constantFrom(...kids, ...hostile).map(quote)),
  pair('typ', fc.constantFrom('at+jwt', 'JWT', 'AT+JWT', 'application/at+jwt', 'dpop+jwt', ...hostile).map(quote)),
  pair('crit', fc.constantFrom('[]', '["exp"]', '["b64"]', '["b64","b64"]', 'null')),
  pair('b64', fc.constantFrom('false', 'true', 'null')),
  pair('jwk', fc.constantFrom(...signingAlgorithms).map(ownJwk)),
  pair('jku', fc.constantFrom('"https://attacker.example/jwks"', '"file:///etc/passwd"', '"http://169.254.169.254/"')),
  pair('x5u', fc.constantFrom('"https://attacker.example/x5u"')),
  pair('x5c', fc.constantFrom('["MIIB"]', '[]', '"MIIB"')),
  pair('zip', fc.constantFrom('"DEF"')),
  pair('enc', fc.constantFrom('"A256GCM"')),
  fc.tuple(fc.constantFrom('alg', 'kid', 'typ', 'crit', 'b64', ...hostile), oddJson),
)

/** A key id and algorithm that match: one of the ring's, or of a key that it doesn't know. */
const plausible = fc
  .tuple(fc.constantFrom(...signingAlgorithms), fc.constantFrom('at+jwt', 'JWT'), fc.nat())
  .map(([algorithm, typ, at]): [string, string][] => {
    const own = ring.stored.filter((key) => key.algorithm === algorithm)
    const kid = own[at % own.length]?.kid ?? ''
    return [
      ['alg', quote(algorithm)],
      ['typ', quote(typ)],
      ['kid', quote(kid)],
    ]
  })

/** Members may repeat, because parsers disagree on which one wins. */
const header = fc
  .oneof(
    {
      weight: 4,
      arbitrary: fc.tuple(fc.array(member, { maxLength: 3 }), plausible, fc.array(member, { maxLength: 3 })),
    },
    { weight: 1, arbitrary: fc.tuple(fc.array(member, { maxLength: 6 }), fc.constant([]), fc.constant([])) },
  )
  .map(
    (parts) =>
      `{${parts
        .flat()
        .map(([name, json]) => `${quote(name)}:${json}`)
        .join(',')}}`,
  )

const payload = fc.oneof(
  fc.constant(JSON.stringify(CLAIMS)),
  fc
    .array(fc.tuple(fc.constantFrom(...Object.keys(CLAIMS), 'nbf', 'scp', '__proto__'), oddJson), { maxLength: 8 })
    .map((members) => `{${members.map(([name, json]) => `${quote(name)}:${json}`).join(',')}}`),
  oddJson,
)

/** A segment in canonical form, or in a spelling that lax decoders accept. */
const segment = (content: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 8, arbitrary: content.map(encode) },
    { weight: 1, arbitrary: content.map((text) => Buffer.from(text).toString('base64')) },
    { weight: 1, arbitrary: content.map((text) => `${encode(text)}=`) },
    { weight: 1, arbitrary: content.map((text) => `${encode(text)}A`) },
    { weight: 1, arbitrary: content.map((text) => `${encode(text)}\n`) },
    { weight: 1, arbitrary: content },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => encode(Buffer.from(bytes))) },
  )

interface PublicKey {
  readonly kid: string
  readonly algorithm: string
  readonly bytes: Buffer
}

/** The public keys in every form that an implementation might take for a secret. */
export const publicKeys: readonly PublicKey[] = ring.stored.flatMap(({ kid, algorithm, publicKey }) => {
  if (publicKey === undefined) return []
  const key = createPublicKey({ key: publicKey, type: 'spki', format: 'der' })
  const jwk = key.export({ format: 'jwk' })
  const pem = key.export({ type: 'spki', format: 'pem' }).toString()
  const raw = [jwk.n, jwk.x].flatMap((part) => (part === undefined ? [] : [part, Buffer.from(part, 'base64url')]))
  const forms = [publicKey, pem, pem.trim(), JSON.stringify(jwk), ...raw]
  return forms.map((form) => ({ kid, algorithm, bytes: Buffer.from(form) }))
})

const signatures = [...genuine.keys(), ...worthless].flatMap((token) => token.split('.')[2] ?? [])

const LENGTHS = [1, 63, 64, 65, 71, 128, 255, 256, 257, 600]

/** The element of a list that a number selects. */
const pick = <One>(list: readonly One[], at: number): One => {
  const one = list[at % list.length]
  if (one === undefined) throw new Error('there is nothing to pick from')
  return one
}

const signAsStranger = (algorithm: SigningAlgorithm, input: string): string =>
  encode(signatureAlgorithms[algorithm].sign(input, strangerOf(algorithm)))

/** Substitutes for a signature. */
const SIGNINGS: readonly ((input: string, at: number) => string)[] = [
  () => '',
  (_input, at) => encode(randomBytes(pick(LENGTHS, at))),
  (_input, at) => encode(randomBytes(at % 2 === 0 ? 64 : 256)),
  // CVE-2022-21449: all zeros; also all ones.
  (_input, at) => encode(Buffer.alloc(pick([64, 256], at), pick([0, 255], at >> 1))),
  (_input, at) => pick(signatures, at),
  (_input, at) => pick(signatures, at),
  (input, at) => createHmac('sha256', pick(publicKeys, at).bytes).update(input).digest('base64url'),
  (input, at) => createHmac('sha512', pick(publicKeys, at).bytes).update(input).digest('base64url'),
  (input) => signAsStranger('ES256', input),
  (input) => signAsStranger('EdDSA', input),
  (input, at) => signAsStranger(pick(['RS256', 'PS256', 'ES256', 'EdDSA'], at), input),
]

/** Tokens that resemble a JWT of ours. */
export const nearJwt = fc
  .tuple(
    segment(header),
    segment(payload),
    fc.tuple(fc.constantFrom(...SIGNINGS), fc.nat()),
    fc.oneof(
      { weight: 8, arbitrary: fc.constant('.') },
      { weight: 1, arbitrary: fc.constantFrom('..', '', ' ', '. ') },
    ),
    fc.oneof(
      { weight: 8, arbitrary: fc.constant('') },
      { weight: 1, arbitrary: fc.constantFrom('.', '..', '.e30', '=') },
    ),
  )
  .map(([head, body, [sign, at], dot, rest]) => `${head}${dot}${body}${dot}${sign(`${head}.${body}`, at)}${rest}`)

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** A second implementation of the checksum in docs/concepts/tokens.md. */
function withChecksum(body: string): string {
  let rest = crc32(body)
  let digits = ''
  for (let place = 0; place < 6; place += 1) {
    digits = ALPHABET.charAt(rest % 62) + digits
    rest = Math.floor(rest / 62)
  }
  return body + digits
}

const sealed = [...genuine.keys(), ...worthless].filter((token) => token.startsWith('tsa_'))
const sealedBodies = sealed.map((token) => token.slice(0, -6))
const references = sealedBodies.map((body) => Buffer.from(body.slice(4), 'base64url').subarray(0, 6))

/** Sealed tokens with a right checksum, under a key of ours or not, whose content nobody has sealed. */
export const nearSealed = fc
  .oneof(
    fc
      .tuple(fc.constantFrom(...references), fc.uint8Array({ maxLength: 400 }))
      .map(([reference, rest]) => `tsa_${encode(Buffer.concat([reference, rest]))}`),
    fc.uint8Array({ maxLength: 400 }).map((bytes) => `tsa_${encode(Buffer.from(bytes))}`),
    // Flips a bit of the reference, the salt, the nonce, the ciphertext or the tag.
    fc.tuple(fc.constantFrom(...sealedBodies), fc.nat(), fc.integer({ min: 0, max: 7 })).map(([body, at, bit]) => {
      const bytes = Buffer.from(body.slice(4), 'base64url')
      bytes.writeUInt8(bytes.readUInt8(at % bytes.length) ^ (1 << bit), at % bytes.length)
      return `tsa_${encode(bytes)}`
    }),
    // Joins the front of one and the back of another.
    fc
      .tuple(fc.constantFrom(...sealedBodies), fc.constantFrom(...sealedBodies), fc.nat())
      .map(([one, other, at]) => one.slice(0, 4 + (at % one.length)) + other.slice(4 + (at % one.length))),
    // Inserts and removes characters. The result may decode to the same bytes.
    fc
      .tuple(fc.constantFrom(...sealedBodies), fc.constantFrom(...'AQgw_-.=+ ', ''), fc.nat(), fc.nat({ max: 2 }))
      .map(([body, by, at, length]) => {
        const place = body.length - (at % 3 === 0 ? 1 : at % body.length)
        return body.slice(0, place) + by + body.slice(place + length)
      }),
    fc.tuple(fc.constantFrom(...sealedBodies), fc.nat()).map(([body, at]) => body.slice(0, at % body.length)),
  )
  .map(withChecksum)
