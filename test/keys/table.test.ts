import { createHash, createPublicKey } from 'node:crypto'
import { calculateJwkThumbprint, compactVerify, createLocalJWKSet } from 'jose'
import { describe, expect, test } from 'vitest'
import { MasterKey } from '../../src/crypto/master-key.ts'
import { isKeyAlgorithm, type KeyAlgorithm, keyAlgorithms, SEALING } from '../../src/keys/algorithms.ts'
import { contextOf, createKey, encryptKey } from '../../src/keys/candidate.ts'
import { requireFitting } from '../../src/keys/fitting.ts'
import { REFERENCE_BYTES } from '../../src/keys/key-table.ts'
import { Keyring } from '../../src/keys/keyring.ts'
import type { KeyRows, KeyState, StoredKey, UnreadableKey } from '../../src/keys/store.ts'
import { signingAlgorithms } from '../../src/oauth/algorithms.ts'
import { KeyId } from '../../src/oauth/ids.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { newCandidate } from '../harness/keys.ts'

const masterKey = new MasterKey(Buffer.alloc(32, 1), systemRandom)
const otherMasterKey = new MasterKey(Buffer.alloc(32, 2), systemRandom)

async function newKey(algorithm: KeyAlgorithm, state: KeyState, under = masterKey): Promise<StoredKey> {
  return { ...(await newCandidate(algorithm, under)), state, createdAt: 0, activeAt: 0, goneAt: undefined }
}

function openRing(found: readonly StoredKey[], unreadable: readonly UnreadableKey[] = []) {
  const rows: KeyRows = { found, unreadable, masterKeyId: masterKey.id }
  return Keyring.open({ listKeys: async () => rows }, masterKey)
}

const referenceOf = (kid: string): Buffer => createHash('sha256').update(kid).digest().subarray(0, REFERENCE_BYTES)

const unusable = ({ kid, state }: StoredKey, problem: string): UnreadableKey => ({
  kind: 'key',
  id: kid,
  state,
  problem,
})
const NOT_ITS_KEY = 'its public key is not the one that its kid names'

/** The error that tells a request which key stands in its way. */
const keyUnusable = (key: string) =>
  expect.objectContaining({ name: 'KeyUnusable', detail: expect.objectContaining({ key }) })

describe('keys of each state', async () => {
  const states = ['pending', 'active', 'retiring', 'revoked', 'gone'] as const
  const signing = await Promise.all(states.map((state) => newKey('ES256', state)))
  const sealing = await Promise.all(states.map((state) => newKey(SEALING, state)))
  const ring = await openRing([...signing, ...sealing])
  const live = ['pending', 'active', 'retiring']

  test('are published and verify while their tokens may be valid', () => {
    const { keys } = JSON.parse(ring.published.body)
    expect(keys.map(({ kid }: { kid: string }) => kid)).toEqual(
      signing.filter(({ state }) => live.includes(state)).map(({ kid }) => kid),
    )
    for (const { kid, state } of signing) {
      expect([state, ring.isLive(kid), ring.verificationKey(kid)?.kid]).toEqual([
        state,
        live.includes(state),
        live.includes(state) ? kid : undefined,
      ])
    }
  })

  test('open sealed tokens while these may be valid', () => {
    for (const { kid, state } of sealing) {
      const reference = referenceOf(kid)
      const expected = live.includes(state) ? { kid, reference, secret: expect.any(Buffer) } : undefined
      expect([state, ring.sealingKeyOf(reference)]).toEqual([state, expected])
    }
    expect(ring.sealingKeyOf(Buffer.alloc(REFERENCE_BYTES))).toBeUndefined()
  })

  test('sign or seal only if they are active', async () => {
    expect((await ring.signer('ES256')).kid).toBe(signing[1]?.kid)
    expect((await ring.sealingKey()).kid).toBe(sealing[1]?.kid)
    expect(ring.problems).toEqual([])
    expect(ring.idle).toEqual(new Map())
  })
})

test.each(signingAlgorithms)('a new %s key signs what others verify with the published key set', async (algorithm) => {
  const key = await newKey(algorithm, 'active')
  const ring = await openRing([key])
  const signer = await ring.signer(algorithm)
  const { keys } = JSON.parse(ring.published.body)
  expect(keys).toEqual([expect.objectContaining({ kid: key.kid, use: 'sig', alg: algorithm, kty: expect.any(String) })])
  expect(keys[0]).not.toHaveProperty('d')
  expect(await calculateJwkThumbprint(keys[0])).toBe(key.kid)
  expect(signer).toMatchObject({ kid: key.kid, algorithm })
  for (const typ of ['at+jwt', 'JWT', 'at+jwt']) {
    const token = await signer.sign(`${signer.headers.of(typ)}.${Buffer.from('{"a":1}').toString('base64url')}`)
    const verified = await compactVerify(token, createLocalJWKSet({ keys }))
    expect(verified.protectedHeader).toEqual({ alg: algorithm, typ, kid: key.kid })
    expect(new TextDecoder().decode(verified.payload)).toBe('{"a":1}')
  }
})

test('the validator of the key set is strong, and changes with the keys', async () => {
  const [one, other] = [await newKey('ES256', 'active'), await newKey('ES256', 'pending')]
  const [first, again, second] = [await openRing([one]), await openRing([one]), await openRing([one, other])]
  expect(first.published.etag).toMatch(/^"[\w-]{43}"$/)
  expect(again.published.etag).toBe(first.published.etag)
  expect(second.published.etag).not.toBe(first.published.etag)
})

test('a sealing key has 32 bytes, RSA keys have 2048 bits, and no kid begins with a hyphen', async () => {
  const sealing = await createKey(SEALING)
  expect(sealing.plaintext).toHaveLength(32)
  expect(sealing.kid).toMatch(/^\w[\w-]{42}$/)
  expect(sealing.kid).not.toBe((await createKey(SEALING)).kid)
  expect((await createKey('RS256')).publicKey?.asymmetricKeyDetails?.modulusLength).toBe(2_048)
  const kids = await Promise.all(Array.from({ length: 400 }, async () => (await createKey(SEALING)).kid))
  expect(kids.filter((kid) => kid.startsWith('-'))).toEqual([])
})

test('the algorithms of keys are those that sign, and sealing', () => {
  expect(keyAlgorithms).toEqual([...signingAlgorithms, 'A256GCM'])
  for (const name of keyAlgorithms) expect(isKeyAlgorithm(name)).toBe(true)
  for (const name of ['', 'HS256', 'none', 'es256', 'toString']) expect(isKeyAlgorithm(name)).toBe(false)
})

describe('a key that can’t be used', async () => {
  const good = await newKey('ES256', 'active')
  const other = await newKey('ES256', 'active')

  test.each<[string, Partial<StoredKey>]>([
    ['has no public part', { publicKey: undefined }],
    ['has the public part of another', { publicKey: other.publicKey }],
    ['has a damaged public part', { publicKey: Buffer.from('3059', 'hex') }],
  ])('%s: it neither signs nor verifies, and requests are told', async (_name, damage) => {
    const key = { ...good, ...damage }
    const ring = await openRing([key])
    expect(ring.problems).toEqual([unusable(key, NOT_ITS_KEY)])
    expect(ring.idle).toEqual(new Map([['ES256', unusable(key, NOT_ITS_KEY)]]))
    expect(ring.published.body).toBe('{"keys":[]}')
    expect(() => ring.verificationKey(key.kid)).toThrow(keyUnusable(key.kid))
    expect(() => ring.signer('ES256')).toThrow(keyUnusable(key.kid))
    expect(ring.canUse(key)).toBe(false)
  })

  test.each<[string, Partial<StoredKey>, string]>([
    [
      'is encrypted under another master key',
      { masterKeyId: otherMasterKey.id },
      `is encrypted under the master key ${otherMasterKey.id}, which was not given`,
    ],
    ['has the private part of another', { encryptedPrivateKey: other.encryptedPrivateKey }, 'is damaged'],
  ])('%s: it verifies all the same', async (_name, damage, problem) => {
    const key = { ...good, ...damage }
    const ring = await openRing([key])
    expect(ring.verificationKey(key.kid)?.kid).toBe(key.kid)
    expect(() => ring.signer('ES256')).toThrow(keyUnusable(key.kid))
    expect(ring.problems).toEqual([unusable(key, expect.stringContaining(problem))])
    expect(ring.canUse(key)).toBe(false)
    // A retiring key signs nothing more.
    expect((await openRing([{ ...key, state: 'retiring' }])).problems).toEqual([])
    const pending = await openRing([{ ...key, state: 'pending' }, other])
    expect(pending.problems).toMatchObject([{ id: key.kid, state: 'pending' }])
    expect((await pending.signer('ES256')).kid).toBe(other.kid)
    expect(pending.idle).toEqual(new Map())
  })

  test('has a private part that is no key', async () => {
    const plain = {
      kid: good.kid,
      algorithm: 'ES256',
      publicKey: createPublicKey({ key: good.publicKey ?? '', type: 'spki', format: 'der' }),
      plaintext: Buffer.from('no key'),
    } as const
    const key = { ...good, ...encryptKey(plain, masterKey, undefined) }
    expect((await openRing([key])).problems).toEqual([unusable(key, 'its private part is not a key')])
  })

  test('is used as soon as its row is whole again', async () => {
    let rows: KeyRows = {
      found: [{ ...good, encryptedPrivateKey: Buffer.alloc(3) }],
      unreadable: [],
      masterKeyId: masterKey.id,
    }
    const ring = await Keyring.open({ listKeys: async () => rows }, masterKey)
    expect(() => ring.signer('ES256')).toThrow(keyUnusable(good.kid))
    rows = { ...rows, found: [good] }
    await ring.reset()
    expect((await ring.signer('ES256')).kid).toBe(good.kid)
    expect([ring.problems, ring.canUse(good)]).toEqual([[], true])
  })

  test('seals, and can’t be opened: tokens that name it are not judged', async () => {
    const key = await newKey(SEALING, 'active', otherMasterKey)
    const ring = await openRing([key, good])
    expect(() => ring.sealingKey()).toThrow(keyUnusable(key.kid))
    expect(() => ring.sealingKeyOf(referenceOf(key.kid))).toThrow(keyUnusable(key.kid))
    expect(ring.problems).toMatchObject([{ id: key.kid }])
    expect(ring.canUse(key)).toBe(false)
    expect((await ring.signer('ES256')).kid).toBe(good.kid)
    expect((await openRing([{ ...key, state: 'retiring' }])).problems).toMatchObject([{ id: key.kid }])
  })

  test('verifies nothing with an algorithm that seals', async () => {
    expect((await openRing([{ ...good, algorithm: SEALING }])).published.body).toBe('{"keys":[]}')
  })

  test.each<[KeyState | undefined, boolean]>([
    ['pending', true],
    ['active', true],
    ['retiring', true],
    [undefined, true],
    ['revoked', false],
    ['gone', false],
  ])('has a row that can’t be read, of state %s: its tokens are not judged: %s', async (state, isInTheWay) => {
    const row = { kind: 'key', id: KeyId('lost'), state, problem: 'algorithm is not one that is known' } as const
    const ring = await openRing([good], [row])
    const ways = [
      () => ring.isLive(row.id),
      () => ring.verificationKey(row.id),
      () => ring.sealingKeyOf(referenceOf(row.id)),
    ]
    for (const way of ways) {
      if (isInTheWay) expect(way).toThrow(keyUnusable(row.id))
      else expect(way()).toBeOneOf([false, undefined])
    }
    expect(ring.problems).toEqual(isInTheWay ? [row] : [])
    expect(ring.isLive(good.kid)).toBe(true)
  })
})

test('the private part of a key is bound to its kid and algorithm', () => {
  const contexts = [
    contextOf({ kid: KeyId('a'), algorithm: 'ES256' }),
    contextOf({ kid: KeyId('b'), algorithm: 'ES256' }),
    contextOf({ kid: KeyId('a'), algorithm: 'RS256' }),
  ]
  expect(new Set(contexts).size).toBe(3)
})

describe('a request for the first key of an algorithm', () => {
  async function openEmpty() {
    const state: { rows: KeyRows } = { rows: { found: [], unreadable: [], masterKeyId: undefined } }
    return { state, ring: await Keyring.open({ listKeys: async () => state.rows }, masterKey) }
  }

  test('waits for it', async () => {
    const [key, sealing] = [await newKey('ES256', 'active'), await newKey(SEALING, 'active')]
    const { state, ring } = await openEmpty()
    const [signer, sealer] = [ring.signer('ES256'), ring.sealingKey()]
    state.rows = { found: [key, sealing], unreadable: [], masterKeyId: masterKey.id }
    await ring.apply([{ kind: 'client', id: 'c' }])
    expect(ring.stored).toEqual([])
    await ring.apply([
      { kind: 'client', id: 'c' },
      { kind: 'key', id: 'k' },
    ])
    expect(ring.stored).toEqual([key, sealing])
    expect(ring.masterKeyId).toBe(masterKey.id)
    const tooLate = new Promise<undefined>((resolve) => setImmediate(() => resolve(undefined)))
    expect((await Promise.race([signer, tooLate]))?.kid).toBe(key.kid)
    expect((await Promise.race([sealer, tooLate]))?.kid).toBe(sealing.kid)
  })

  test('is refused if only that of another comes within seconds', async () => {
    const { state, ring } = await openEmpty()
    const waiting = ring.signer('RS256')
    state.rows = { found: [await newKey('ES256', 'active')], unreadable: [], masterKeyId: masterKey.id }
    await ring.reset()
    await expect(waiting).rejects.toThrow(expect.objectContaining({ name: 'NoSigningKey', message: 'no_signing_key' }))
  })
})

test('a server starts only with the master key of its database', async () => {
  const storeOf = (inUse: string | undefined) => ({ masterKeyInUse: async () => inUse })
  await requireFitting(storeOf(undefined), masterKey)
  await requireFitting(storeOf(masterKey.id), masterKey)
  await expect(requireFitting(storeOf(otherMasterKey.id), masterKey)).rejects.toThrow(otherMasterKey.id)
})

test('a signature of ES256 has the form of JWS, not that of X.509', async () => {
  const ring = await openRing([await newKey('ES256', 'active')])
  const signer = await ring.signer('ES256')
  const [, , signature = ''] = (await signer.sign('a.b')).split('.')
  expect(Buffer.from(signature, 'base64url')).toHaveLength(64)
})
