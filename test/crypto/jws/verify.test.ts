import { constants, createHmac, type KeyObject, sign } from 'node:crypto'
import { describe, expect, test, vi } from 'vitest'
import {
  asymmetricAlgorithms,
  isAsymmetric,
  isSameAlgorithm,
  isSymmetric,
  symmetricAlgorithms,
  verifySignature,
} from '../../../src/crypto/jws/algorithms.ts'
import { type CompactJws, parseCompact } from '../../../src/crypto/jws/compact.ts'
import { decoyKey } from '../../../src/crypto/jws/decoys.ts'
import { parsePublicJwk } from '../../../src/crypto/jws/public-key.ts'
import { decoyVerify, findSigner, Tries, verifyHmac, whyNoSigner } from '../../../src/crypto/jws/verify.ts'
import { encode, makeSigner, makeSigners, signWith, unsigned } from '../../harness/tokens.ts'

const counted = vi.hoisted(() => ({ verified: 0, macs: 0 }))
vi.mock('node:crypto', async (original) => {
  const crypto = await original<typeof import('node:crypto')>()
  const counting = {
    verify: (...given: Parameters<typeof crypto.verify>) => {
      counted.verified += 1
      return crypto.verify(...given)
    },
    createHmac: (...given: Parameters<typeof crypto.createHmac>) => {
      counted.macs += 1
      return crypto.createHmac(...given)
    },
  }
  return { ...crypto, ...counting }
})

/** Counts the verified signatures and computed MACs. */
function workOf(action: () => unknown): { readonly verified: number; readonly macs: number } {
  const before = { ...counted }
  action()
  return { verified: counted.verified - before.verified, macs: counted.macs - before.macs }
}

const signers = await makeSigners()
const [es256, other] = await Promise.all([makeSigner('ES256'), makeSigner('ES256')])
const rs256 = await makeSigner('RS256')
const CLAIMS = { iss: 'reporter' }

const named = (kid: string | undefined, { publicJwk } = es256) => parsePublicJwk({ ...publicJwk, kid })
const token = async (header: object, signer = es256) => parseCompact(await signWith(signer, CLAIMS, header))

describe.each(signers)('$alg', (signer) => {
  test('finds its key among those of every algorithm, and no other', async () => {
    const jws = await token({}, signer)
    expect(
      findSigner(
        jws,
        signers.map(({ key }) => key),
      ),
    ).toBe(signer.key)
    const others = signers.filter((one) => one !== signer).map(({ key }) => key)
    expect(findSigner(jws, others)).toBeUndefined()
  })

  test('verifies only under its own name', async () => {
    const { signingInput, signature } = await token({}, signer)
    for (const alg of asymmetricAlgorithms) {
      expect(verifySignature(alg, signingInput, signer.key, signature), alg).toBe(isSameAlgorithm(alg, signer.alg))
    }
  })

  test('unsigned-jwt: no signature, or one of a wrong length', async () => {
    const jws = await token({}, signer)
    for (const signature of [
      Buffer.alloc(0),
      Buffer.alloc(jws.signature.length),
      jws.signature.subarray(1),
      jws.signature.subarray(0, -1),
      Buffer.concat([Buffer.alloc(1), jws.signature]),
      Buffer.concat([jws.signature, Buffer.alloc(1)]),
    ]) {
      expect(findSigner({ ...jws, signature }, [signer.key])).toBeUndefined()
    }
  })

  test('costs the same for an unknown client and for one without fitting keys', async () => {
    const right = await token({}, signer)
    const wrong: CompactJws = { ...right, signature: Buffer.alloc(right.signature.length, 1) }
    const foreign = signers.find(({ key }) => key.kty !== signer.key.kty)
    for (const jws of [right, wrong]) {
      expect(workOf(() => findSigner(jws, [signer.key]))).toEqual({ verified: 1, macs: 0 })
      expect(workOf(() => decoyVerify(jws))).toEqual({ verified: 1, macs: 0 })
      expect(workOf(() => findSigner(jws, []))).toEqual({ verified: 1, macs: 0 })
      expect(workOf(() => findSigner(jws, foreign ? [foreign.key] : []))).toEqual({ verified: 1, macs: 0 })
      expect(workOf(() => findSigner(jws, [signer.key], { pinned: 'HS256' }))).toEqual({ verified: 1, macs: 0 })
    }
  })

  test('the stand-in key is a valid key', () => {
    const decoy = decoyKey(signer.alg, signer.key.signatureBytes)
    const { kty, crv, signatureBytes, keyObject } = signer.key
    expect(decoy).toMatchObject({ kty, crv, signatureBytes })
    expect(decoy?.keyObject.asymmetricKeyDetails).toEqual(keyObject.asymmetricKeyDetails)
  })
})

test.each([255, 1025, 0, 100_000])('an RSA signature of %i bytes, which no key makes, costs nothing', (length) => {
  const jws = { ...parseCompact(unsigned({ alg: 'RS256' }, {})), signature: Buffer.alloc(length) }
  expect(workOf(() => decoyVerify(jws))).toEqual({ verified: 0, macs: 0 })
  expect(workOf(() => findSigner(jws, [rs256.key]))).toEqual({ verified: 0, macs: 0 })
})

describe('algorithm-confusion: the sender doesn’t choose the algorithm', () => {
  test.each(symmetricAlgorithms)('%s with a public key as its secret', async (alg) => {
    for (const secret of [
      Buffer.from(JSON.stringify(rs256.publicJwk)),
      rs256.key.keyObject.export({ type: 'spki', format: 'der' }),
      Buffer.from(rs256.key.keyObject.export({ type: 'spki', format: 'pem' })),
    ]) {
      const input = unsigned({ alg }, CLAIMS, '').slice(0, -1)
      const mac = createHmac(alg.replace('HS', 'sha'), secret).update(input).digest()
      const jws = parseCompact(`${input}.${encode(mac)}`)
      expect(findSigner(jws, [rs256.key])).toBeUndefined()
      expect(whyNoSigner(jws, [rs256.key])).toBe('algorithm')
      // The MAC itself is valid.
      expect(verifyHmac(jws, secret)).toBe(true)
    }
  })

  test('a signature is no MAC', async () => {
    const jws = await token({}, rs256)
    expect(verifyHmac(jws, Buffer.from('secret'))).toBe(false)
  })

  test.each([
    ['the registered algorithm', 'ES256', true],
    ['another one of the same curve', 'ES384', false],
    ['an unknown algorithm', 'none', false],
    ['a member that every object inherits', 'constructor', false],
  ])('pinned to %s', async (_name, pinned, isFound) => {
    expect(findSigner(await token({}), [es256.key], { pinned }) !== undefined).toBe(isFound)
  })

  test('a key whose JWK restricts it to one algorithm', async () => {
    const pss = parsePublicJwk({ ...rs256.publicJwk, alg: 'PS256' })
    const jws = await token({}, rs256)
    expect(findSigner(jws, [pss])).toBeUndefined()
    expect(whyNoSigner(jws, [pss])).toBe('algorithm')
    expect(findSigner(jws, [parsePublicJwk({ ...rs256.publicJwk, alg: 'RS256' })])).toBeDefined()
  })

  test('EdDSA and Ed25519 are one (RFC 9864 §2.2)', async () => {
    const signer = await makeSigner('EdDSA', { alg: 'Ed25519' })
    const jws = await token({}, signer)
    expect(findSigner(jws, [signer.key], { pinned: 'EdDSA' })).toBe(signer.key)
    expect(findSigner(jws, [signer.key], { pinned: 'Ed25519' })).toBe(signer.key)
  })
})

describe('key-in-header: a key in the header is ignored', () => {
  test.each([
    ['jwk', other.publicJwk],
    ['jku', 'https://attacker.example/jwks'],
    ['x5u', 'https://attacker.example/chain'],
    ['x5c', ['MIIB']],
  ])('%s', async (member, value) => {
    // jose itself accepts these members.
    expect(findSigner(await token({ [member]: value }, other), [es256.key])).toBeUndefined()
    expect(findSigner(await token({ [member]: value }), [es256.key])).toBe(es256.key)
  })
})

describe('hostile-kid: kid', () => {
  const [a, b, none] = [named('a'), named('a', other), named(undefined)]
  const cases: [string, string | undefined, readonly ReturnType<typeof named>[], number | undefined][] = [
    ['the key of that kid', 'a', [named('b', other), a], 1],
    ['two keys with one kid: the second verifies', 'a', [b, a], 1],
    ['another kid than the only key’s', 'b', [a], undefined],
    ['a path', '../../dev/null', [a], undefined],
    ['SQL', "a' OR '1'='1", [a], undefined],
    ['an empty kid', '', [a], undefined],
    ['a kid, and a key without one', 'b', [named('a'), none], 1],
    ['no kid: every key', undefined, [named('b', other), a], 1],
    ['the right key under a wrong kid, a wrong key under the right one', 'a', [b, named('b')], undefined],
  ]
  test.each(cases)('%s', async (_name, kid, keys, expected) => {
    const jws = await token(kid === undefined ? {} : { kid })
    expect(findSigner(jws, keys)).toBe(expected === undefined ? undefined : keys[expected])
  })

  test('at most ten keys are tried', async () => {
    const wrong = await Promise.all(Array.from({ length: 10 }, async () => (await makeSigner('ES256')).key))
    const jws = await token({})
    expect(findSigner(jws, [...wrong.slice(1), es256.key])).toBe(es256.key)
    expect(findSigner(jws, [...wrong, es256.key])).toBeUndefined()
    expect(workOf(() => findSigner(jws, [...wrong, es256.key]))).toEqual({ verified: 10, macs: 0 })
  })

  test('at most three large keys are tried', async () => {
    const keys = await Promise.all(Array.from({ length: 5 }, async () => (await makeSigner('ES512')).key))
    const jws = await token({}, await makeSigner('ES512'))
    expect(workOf(() => findSigner(jws, keys))).toEqual({ verified: 3, macs: 0 })
  })

  test('at most ten keys are tried over all sets, each only once', async () => {
    const keys = await Promise.all(Array.from({ length: 14 }, async () => (await makeSigner('ES256')).key))
    const jws = await token({})
    const tries = new Tries()
    const searched = (from: number, to: number) => workOf(() => findSigner(jws, keys.slice(from, to), { tries }))
    expect(searched(0, 8)).toEqual({ verified: 8, macs: 0 })
    expect(searched(0, 8)).toEqual({ verified: 0, macs: 0 })
    expect(searched(4, 14)).toEqual({ verified: 2, macs: 0 })
    expect(searched(10, 14)).toEqual({ verified: 0, macs: 0 })
  })

  test('a key in two credentials is found for both with one try', async () => {
    const jws = await token({})
    const tries = new Tries()
    const find = (): unknown => findSigner(jws, [es256.key], { tries })
    expect(workOf(() => expect(find()).toBe(es256.key))).toEqual({ verified: 1, macs: 0 })
    expect(workOf(() => expect(find()).toBe(es256.key))).toEqual({ verified: 0, macs: 0 })
  })

  test('many sets without a fitting key cost as much as one', async () => {
    const jws = await token({})
    const tries = new Tries()
    const search = () => {
      for (let count = 0; count < 50; count += 1) findSigner(jws, [rs256.key], { tries, pinned: 'ES256' })
    }
    expect(workOf(search)).toEqual({ verified: 1, macs: 0 })
  })

  test.each([
    ['no key at all', 'kid', []],
    ['no key of that kid', 'kid', [named('b')]],
    ['a key of that kid for another algorithm', 'algorithm', [parsePublicJwk({ ...rs256.publicJwk, kid: 'a' })]],
    ['another key of that kid', 'signature', [b]],
  ])('the reason that no key is found: %s', async (_name, why, keys) => {
    expect(whyNoSigner(await token({ kid: 'a' }), keys)).toBe(why)
  })
})

describe('ECDSA and RSA-PSS in other encodings', () => {
  const privateKey = async ({ privateKey: key }: typeof es256) => {
    const { KeyObject: Key } = await import('node:crypto')
    return key instanceof CryptoKey ? Key.from(key) : (key as KeyObject)
  }

  test('a DER signature is refused (RFC 7518 §3.4)', async () => {
    const jws = await token({})
    const signature = sign('sha256', Buffer.from(jws.signingInput), await privateKey(es256))
    expect(findSigner({ ...jws, signature }, [es256.key])).toBeUndefined()
  })

  test.each([0, 20, 32, 48, 222])('a salt of %i bytes', async (saltLength) => {
    const signer = await makeSigner('PS256')
    const jws = await token({}, signer)
    const key = { key: await privateKey(signer), padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }
    const signature = sign('sha256', Buffer.from(jws.signingInput), key)
    expect(findSigner({ ...jws, signature }, [signer.key]) !== undefined).toBe(saltLength === 32)
  })
})

describe.each(symmetricAlgorithms)('%s', (alg) => {
  const secret = Buffer.from('a secret that is long enough for any of these, of 64 bytes or so.')
  const make = () => signWith({ alg, privateKey: secret }, CLAIMS).then(parseCompact)

  test('verifies with the secret', async () => {
    const jws = await make()
    expect(verifyHmac(jws, secret)).toBe(true)
    expect(verifyHmac(jws, Buffer.concat([secret, Buffer.alloc(1, 1)]))).toBe(false)
    expect(verifyHmac({ ...jws, signature: jws.signature.subarray(1) }, secret)).toBe(false)
  })

  test('costs the same for an unknown client', async () => {
    const jws = await make()
    for (const action of [() => verifyHmac(jws, secret), () => decoyVerify(jws), () => findSigner(jws, [es256.key])]) {
      expect(workOf(action)).toEqual({ verified: 0, macs: 1 })
    }
  })
})

test('only names of algorithms are algorithms, and no inherited member is', () => {
  for (const alg of asymmetricAlgorithms) expect([isAsymmetric(alg), isSymmetric(alg)]).toEqual([true, false])
  for (const alg of symmetricAlgorithms) expect([isAsymmetric(alg), isSymmetric(alg)]).toEqual([false, true])
  for (const alg of ['none', 'es256', 'ES256K', 'Ed448', 'toString', '__proto__', '', 'RS1', 'dir']) {
    expect([isAsymmetric(alg), isSymmetric(alg)]).toEqual([false, false])
    const jws = parseCompact(unsigned({ alg: 'other' }, {}))
    expect(workOf(() => decoyVerify({ ...jws, header: { ...jws.header, alg } }))).toEqual({ verified: 0, macs: 0 })
  }
})
