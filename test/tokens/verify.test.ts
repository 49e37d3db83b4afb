import { describe, expect, test } from 'vitest'
import { MasterKey } from '../../src/crypto/master-key.ts'
import { SEALING } from '../../src/keys/algorithms.ts'
import { REFERENCE_BYTES } from '../../src/keys/key-table.ts'
import { Keyring } from '../../src/keys/keyring.ts'
import type { StoredKey } from '../../src/keys/store.ts'
import { Audience, ClientId, Jti, KeyId } from '../../src/oauth/ids.ts'
import { withChecksum, withoutChecksum } from '../../src/platform/base62.ts'
import { systemRandom, uuidv7 } from '../../src/platform/random.ts'
import { LONGEST_TOKEN } from '../../src/tokens/claims.ts'
import { signJwt } from '../../src/tokens/jwt.ts'
import { SEALED_FORM, Sealer, Unsealer } from '../../src/tokens/sealed.ts'
import { audiencesOf, isAlive, issuedAt, type Verifier, verifyToken } from '../../src/tokens/verify.ts'
import { clockAt } from '../harness/clock.ts'
import { newCandidate } from '../harness/keys.ts'

const ISSUER = 'https://as.example.com'
/** Seconds. */
const NOW = 1_800_000_000
const CLAIMS = { iss: ISSUER, sub: 's', aud: 'https://api', client_id: 'c', iat: NOW, exp: NOW + 1, jti: 'j' }

const masterKey = new MasterKey(Buffer.alloc(32, 1), systemRandom)
const active = { state: 'active', createdAt: 0, activeAt: 0, goneAt: undefined } as const
const signing: StoredKey = { ...(await newCandidate('ES256', masterKey)), ...active }
const sealing: StoredKey = { ...(await newCandidate(SEALING, masterKey)), ...active }
const openRing = (...found: readonly StoredKey[]) =>
  Keyring.open({ listKeys: async () => ({ found, unreadable: [], masterKeyId: masterKey.id }) }, masterKey)
const keyring = await openRing(signing, sealing)
const sealer = new Sealer(systemRandom)
const verifierAt = (milliseconds: number): Verifier => ({
  issuer: ISSUER,
  keyring,
  unsealer: new Unsealer(),
  clock: clockAt(milliseconds),
})

const sign = async (claims: object) => signJwt(await keyring.signer('ES256'), 'at+jwt', claims)
const seal = async (claims: object) => sealer.seal(await keyring.sealingKey(), claims)
const formats = [
  ['a JWT', sign, signing.kid],
  ['a sealed token', seal, sealing.kid],
] as const

describe.each(formats)('%s', (_name, make, kid) => {
  const verify = async (claims: object, at = NOW * 1_000) =>
    verifyToken(verifierAt(at), await make({ ...CLAIMS, ...claims }))

  test('of ours has its claims and its key, until it expires', async () => {
    expect(await verify({}, NOW * 1_000 + 999)).toEqual({ claims: CLAIMS, kid })
    expect(await verify({}, (NOW + 1) * 1_000)).toBeUndefined()
  })

  test.each([
    [{ jkt: 't' }, { jkt: 't' }],
    [{ 'x5t#S256': 't' }, { 'x5t#S256': 't' }],
    [
      { jkt: 't', more: 1 },
      { jkt: 't', more: 1 },
    ],
  ])('keeps the key that it is bound to, as its last claim: %o', async (cnf, expected) => {
    const { claims = {} } = (await verify({ cnf, zone: 'z', scope: 'a', scp: ['a'] })) ?? {}
    expect(claims).toEqual({ ...CLAIMS, cnf: expected, zone: 'z', scope: 'a', scp: ['a'] })
    expect(Object.keys(claims).at(-1)).toBe('cnf')
  })

  test.each([
    ['another issuer', { iss: `${ISSUER}/` }],
    ['a binding to nothing', { cnf: {} }],
    ['a binding of another kind', { cnf: { jwk: {} } }],
    ['no subject', { sub: undefined }],
    ['a client that is no text', { client_id: 1 }],
    ['audiences that are no texts', { aud: [1] }],
    ['a time with a fraction', { exp: NOW + 1.5 }],
    ['a time of issue that is text', { iat: String(NOW) }],
    ['no id', { jti: undefined }],
    ['scopes that are no text', { scope: ['a'] }],
    ['scopes that are no list', { scp: 'a' }],
  ])('with %s is none of ours', async (_wrong, claims) => {
    expect(await verify(claims)).toBeUndefined()
  })

  test('of the largest size is ours, and a longer one is none', async () => {
    const made = async (length: number) => await make({ ...CLAIMS, pad: 'x'.repeat(length) })
    let length = 11_000
    let longest = await made(length)
    while (longest.length < LONGEST_TOKEN) {
      length += Math.max(1, Math.floor((LONGEST_TOKEN - longest.length) / 2))
      longest = await made(length)
    }
    expect(longest).toHaveLength(LONGEST_TOKEN)
    expect(verifyToken(verifierAt(NOW * 1_000), longest)?.kid).toBe(kid)
    expect(verifyToken(verifierAt(NOW * 1_000), await made(length + 1))).toBeUndefined()
  })

  test('is dead once its key is', async () => {
    const verified = await verify({})
    const without = { ...verifierAt(NOW * 1_000), keyring: await openRing() }
    expect(verified && isAlive(verifierAt(NOW * 1_000), verified)).toBe(true)
    expect(verified && isAlive(without, verified)).toBe(false)
  })
})

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** The same bytes in base64url, with another last character: its last bits are not used. */
const respelt = (text: string): string => text.slice(0, -1) + BASE64URL[BASE64URL.indexOf(text.slice(-1)) ^ 1]

describe('a JWT that our key did not make like this', async () => {
  const [header = '', payload = '', signature = ''] = (await sign(CLAIMS)).split('.')
  const encoded = (value: unknown) =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
  const signed = async (head: unknown, body: unknown) =>
    (await keyring.signer('ES256')).sign(`${encoded(head)}.${encoded(body)}`)
  const good = { alg: 'ES256', typ: 'at+jwt', kid: signing.kid }
  const stranger: StoredKey = { ...(await newCandidate('ES256', masterKey)), ...active }
  const foreign = await (await openRing(stranger)).signer('ES256')

  test.each<[string, string]>([
    ['has other claims', `${header}.${encoded({ ...CLAIMS, sub: 'other' })}.${signature}`],
    ['is signed by another key under our kid', await foreign.sign(`${header}.${payload}`)],
    ['has a signature that is too short', `${header}.${payload}.${signature.slice(0, 40)}`],
    ['has its signature in another spelling', respelt(`${header}.${payload}.${signature}`)],
    ['has text after it', `${header}.${payload}.${signature}.`],
    ['has text before it', `.${header}.${payload}.${signature}`],
    ['names another algorithm', await signed({ ...good, alg: 'EdDSA' }, CLAIMS)],
    ['names another key', await signed({ ...good, kid: 'other' }, CLAIMS)],
    ['names a key that seals', await signed({ ...good, kid: sealing.kid }, CLAIMS)],
    ['is of another type', await signed({ ...good, typ: 'dpop+jwt' }, CLAIMS)],
    ['has a critical extension', await signed({ ...good, crit: ['exp'] }, CLAIMS)],
    ['has an option of RFC 7797', await signed({ ...good, b64: false }, CLAIMS)],
    ['has a header that is no JSON', await signed('no JSON', CLAIMS)],
    ['has claims that are no JSON', await signed(good, 'no JSON')],
  ])('%s', (_name, token) => {
    expect(verifyToken(verifierAt(NOW * 1_000), token)).toBeUndefined()
  })

  test('but JWT is a type of ours as well', async () => {
    const token = await signed({ ...good, typ: 'JWT' }, CLAIMS)
    expect(verifyToken(verifierAt(NOW * 1_000), token)?.kid).toBe(signing.kid)
  })
})

const claims = { ...CLAIMS, client_id: ClientId('c'), aud: Audience('https://api'), jti: Jti('j') }
const kid = KeyId('k')

test('the time of issue is that of the id, to the millisecond, or else that of the claim', () => {
  const jti = Jti(uuidv7(clockAt(NOW * 1_000 + 7), systemRandom))
  expect(issuedAt({ claims: { ...claims, jti }, kid })).toBe(NOW * 1_000 + 7)
  expect(issuedAt({ claims, kid })).toBe(NOW * 1_000)
})

test('the APIs of a token are one or several', () => {
  expect(audiencesOf({ claims, kid })).toEqual(['https://api'])
  expect(audiencesOf({ claims: { ...claims, aud: [Audience('a'), Audience('b')] }, kid })).toEqual(['a', 'b'])
})

describe('sealing', () => {
  const keyOf = (name: string) => ({
    kid: KeyId(name),
    reference: Buffer.alloc(REFERENCE_BYTES, name),
    secret: Buffer.alloc(32, name),
  })
  const [one, other] = [keyOf('a'), keyOf('b')]
  const byReference = (reference: Buffer) => [one, other].find((key) => key.reference.equals(reference))
  const saltOf = (token: string) =>
    Buffer.from(withoutChecksum(token)?.slice(4) ?? '', 'base64url').subarray(REFERENCE_BYTES, REFERENCE_BYTES + 16)

  test('uses one subkey for each key and process', async () => {
    const mine = new Sealer(systemRandom)
    const tokens = [await mine.seal(one, {}), await mine.seal(one, {}), await mine.seal(other, {})]
    const foreign = await new Sealer(systemRandom).seal(one, {})
    const [first, second, third] = tokens.map((token) => saltOf(token).toString('hex'))
    expect(second).toBe(first)
    expect(third).not.toBe(first)
    expect(saltOf(foreign).toString('hex')).not.toBe(first)
    for (const token of [...tokens, foreign]) expect(token).toMatch(SEALED_FORM)
  })

  test('is undone by any process with the key, and by no other key', async () => {
    const token = await new Sealer(systemRandom).seal(one, { a: 1 })
    const unsealer = new Unsealer()
    for (let times = 0; times < 2; times += 1)
      expect(unsealer.unseal(token, byReference)).toEqual({ key: one, claims: { a: 1 } })
    expect(unsealer.unseal(token, () => other)).toBeUndefined()
    expect(unsealer.unseal(token, () => undefined)).toBeUndefined()
    // The reference is sealed with the claims, so a token can't be moved to another key with the same secret.
    const bytes = Buffer.from(withoutChecksum(token)?.slice(4) ?? '', 'base64url')
    other.reference.copy(bytes)
    const moved = withChecksum(`tsa_${bytes.toString('base64url')}`)
    expect(unsealer.unseal(moved, () => ({ ...other, secret: one.secret }))).toBeUndefined()
  })

  test('opens the tokens of earlier versions', () => {
    const token = 'tsa_YWFhYWFhBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHB2Gnn3XFI6azvBqBQb1hHIHrxZ3qN72D1Ymdp4'
    expect(new Unsealer().unseal(token, byReference)).toEqual({ key: one, claims: { a: 1 } })
  })

  test('gives a token the form that secret scanners look for, and no other text has it', async () => {
    const token = await seal(CLAIMS)
    expect(token).toMatch(SEALED_FORM)
    for (const text of [`x${token}`, `${token}-`, `${token.slice(0, -6)}-----a`, token.slice(0, 60)])
      expect(text).not.toMatch(SEALED_FORM)
  })

  test('gives a token one spelling', async () => {
    // 52 bytes end in a character of which four bits are not used.
    const token = await new Sealer(systemRandom).seal(one, {})
    expect(token).toHaveLength(4 + 70 + 6)
    expect(new Unsealer().unseal(withChecksum(respelt(token.slice(0, -6))), byReference)).toBeUndefined()
  })

  test('opens tokens of up to 16,000 characters', async () => {
    const sealed = (bytes: number) => new Sealer(systemRandom).seal(one, { pad: 'x'.repeat(bytes) })
    const [longest, longer] = [await sealed(11_932), await sealed(11_933)]
    expect([longest.length, longer.length]).toEqual([16_000, 16_001])
    expect(new Unsealer().unseal(longest, byReference)?.key).toBe(one)
    expect(new Unsealer().unseal(longer, byReference)).toBeUndefined()
  })

  test.each([
    ['no text', ''],
    ['a prefix alone', withChecksum('tsa_')],
    ['bytes that nobody sealed', withChecksum(`tsa_${Buffer.alloc(53).toString('base64url')}`)],
    ['a wrong checksum', `tsa_${'A'.repeat(76)}000000`],
  ])('made no token of %s', (_name, token) => {
    expect(new Unsealer().unseal(token, () => one)).toBeUndefined()
  })
})
