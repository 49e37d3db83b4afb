import { describe, expect, test } from 'vitest'
import { isSignedByIssuer } from '../../src/client-auth/issuer-keys.ts'
import { RegisteredKeys } from '../../src/client-auth/registered-keys.ts'
import type { IssuerKeys } from '../../src/client-auth/remote-jwks/discovery.ts'
import { parseCompact } from '../../src/crypto/jws/compact.ts'
import { KeyError } from '../../src/crypto/jws/key-error.ts'
import { Tries } from '../../src/crypto/jws/verify.ts'
import { makeSigner, type Signer, signWith } from '../harness/tokens.ts'

const ISSUER = 'https://issuer.example'
const [current, next, stranger] = [
  await makeSigner('ES256', { kid: 'current' }),
  await makeSigner('ES256', { kid: 'next' }),
  await makeSigner('ES256', { kid: 'stranger' }),
]
const UNKNOWN_KIND = { kty: 'AKP', alg: 'ML-DSA-44', pub: 'AA' }

async function setUp(by: Signer, published: readonly Signer[], renewed: readonly Signer[] = published) {
  const asked: unknown[] = []
  const source: Pick<IssuerKeys, 'keysFor' | 'renewedKeys'> = {
    keysFor: async (...all) => {
      asked.push(['keysFor', ...all])
      return published.map(({ key }) => key)
    },
    renewedKeys: async (...all) => {
      asked.push(['renewedKeys', ...all])
      return renewed.map(({ key }) => key)
    },
  }
  const jws = parseCompact(await signWith(by, { iss: ISSUER }, { kid: by.publicJwk.kid }))
  const keys = { published: source as IssuerKeys, registered: new RegisteredKeys() }
  const isSigned = (
    trust: Omit<Parameters<typeof isSignedByIssuer>[1], 'issuer' | 'audience'>,
    patience?: Promise<void>,
    tries = new Tries(),
  ) => isSignedByIssuer(jws, { issuer: ISSUER, audience: 'us', ...trust }, keys, tries, patience)
  return { asked, isSigned }
}

describe('a token of an outside issuer', () => {
  test('is checked with the keys that the issuer publishes, which are not fetched again if one fits', async () => {
    const { asked, isSigned } = await setUp(current, [next, current])
    const patience = Promise.resolve()
    expect(await isSigned({ jwksUri: 'https://keys.example' }, patience)).toBe(true)
    expect(asked).toEqual([['keysFor', ISSUER, 'current', 'https://keys.example', patience]])
  })

  test('is checked with renewed keys if none fits', async () => {
    const { asked, isSigned } = await setUp(next, [current], [next])
    const patience = Promise.resolve()
    expect(await isSigned({}, patience)).toBe(true)
    expect(asked).toEqual([
      ['keysFor', ISSUER, 'next', undefined, patience],
      ['renewedKeys', ISSUER, undefined, patience],
    ])
    expect(await (await setUp(stranger, [current], [next])).isSigned({})).toBe(false)
  })

  test('is checked with the keys of its credential alone, if there are any', async () => {
    const jwks = [UNKNOWN_KIND, current.publicJwk]
    const { asked, isSigned } = await setUp(current, [])
    expect(await isSigned({ jwks })).toBe(true)
    const other = await setUp(next, [next])
    expect(await other.isSigned({ jwks })).toBe(false)
    expect([...asked, ...other.asked]).toEqual([])
  })

  test('is tried with ten keys at most, wherever they are from', async () => {
    const usedUp = () => {
      const tries = new Tries()
      for (let count = 0; count < 10; count += 1) tries.has({ ...next.key, thumbprint: `${count}` }, () => false)
      return tries
    }
    const atFirst = await setUp(current, [current], [])
    expect(await atFirst.isSigned({}, undefined, usedUp())).toBe(false)
    const renewed = await setUp(current, [], [current])
    expect(await renewed.isSigned({}, undefined, usedUp())).toBe(false)
    expect(await renewed.isSigned({ jwks: [current.publicJwk] }, undefined, usedUp())).toBe(false)
  })

  test('is refused if those keys are no set of keys', async () => {
    const { isSigned } = await setUp(current, [])
    const tooMany = Array.from({ length: 101 }, () => ({ ...current.publicJwk }))
    await expect(isSigned({ jwks: tooMany })).rejects.toMatchObject({
      reason: 'credential_unreadable',
      detail: { problem: expect.stringMatching(/keys/) },
    })
  })
})

describe('registered keys', () => {
  test('are read once, apart for clients and issuers', () => {
    const keys = new RegisteredKeys()
    const jwks = [current.publicJwk]
    const [ofClient, ofIssuer] = [keys.ofClient(jwks), keys.ofIssuer(jwks)]
    expect(keys.ofClient(jwks)).toBe(ofClient)
    expect(keys.ofIssuer(jwks)).toBe(ofIssuer)
    expect(ofClient.map(({ kid }) => kid)).toEqual(['current'])
  })

  test('of an unknown kind are left out for an issuer, and refused for a client', () => {
    const jwks = [UNKNOWN_KIND, current.publicJwk]
    expect(new RegisteredKeys().ofIssuer(jwks).map(({ kid }) => kid)).toEqual(['current'])
    expect(() => new RegisteredKeys().ofClient(jwks)).toThrow(KeyError)
  })
})
