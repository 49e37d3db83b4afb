import { describe, expect, test } from 'vitest'
import { SEALING } from '../../src/keys/algorithms.ts'
import type { ApiTokenSettings } from '../../src/model/api.ts'
import { ApiSet } from '../../src/model/api-set.ts'
import { presetWarnings } from '../../src/tokens/presets.ts'
import {
  algorithmsInUse,
  clientClaims,
  isClientField,
  resolveProfile,
  TokenProfiles,
} from '../../src/tokens/profile.ts'
import { apiWith, clientOf } from '../harness/access-records.ts'

const apiOf = (index: number, token: ApiTokenSettings) => ({
  ...apiWith(`https://${index}.example.com`, 'read'),
  token,
})
const apisOf = (...settings: readonly ApiTokenSettings[]) => settings.map((token, index) => apiOf(index, token))

test('without settings, a token is as RFC 9068 wants it', () => {
  expect(resolveProfile({})).toEqual({
    format: 'jwt',
    algorithm: 'ES256',
    typ: 'at+jwt',
    lifetime: undefined,
    scopeClaims: ['scope'],
    claims: {},
    clientClaims: {},
  })
  expect(resolveProfile({ preset: 'toString' })).toEqual(resolveProfile({}))
})

describe('the profile of a token for several APIs', () => {
  test.each<[string, readonly ApiTokenSettings[], number]>([
    ['the only one', [{ lifetime: 60 }], 60],
    ['the default, if no API sets one', [{}, {}], 900],
    ['the shortest', [{ lifetime: 300 }, { lifetime: 60 }, { lifetime: 120 }], 60],
    ['the default, if it is the shortest', [{ lifetime: 1_000 }, {}], 900],
    ['one shorter than the default', [{}, { lifetime: 60 }], 60],
  ])('has a lifetime: %s', (_name, settings, lifetime) => {
    const { profile, lifetime: found } = new TokenProfiles().shared(apisOf(...settings), 900)
    expect(found).toBe(lifetime)
    expect(profile).toMatchObject({ format: 'jwt', algorithm: 'ES256' })
  })

  test.each<[string, ApiTokenSettings, object, object]>([
    ['format', { format: 'sealed' }, { format: 'jwt' }, { format: 'sealed' }],
    ['algorithm', { algorithm: 'RS256' }, { algorithm: 'ES256' }, { algorithm: 'RS256' }],
    ['typ', { typ: 'JWT' }, { typ: 'at+jwt' }, { typ: 'JWT' }],
    ['claims of scopes', { scopeClaims: ['scope', 'scp'] }, { scopeClaims: 'scope' }, { scopeClaims: 'scope,scp' }],
    ['claims', { claims: { a: 1, b: 2 } }, { claims: '' }, { claims: 'a,b' }],
    ['claims of the client', { clientClaims: { team: 'owner' } }, { clientClaims: '' }, { clientClaims: 'team' }],
  ])('is refused if they differ in %s, and the audit log has both values', (_name, settings, first, other) => {
    const [one, two] = ['https://0.example.com', 'https://1.example.com']
    expect(() => new TokenProfiles().shared(apisOf({ lifetime: 1 }, settings), 900)).toThrow(
      expect.objectContaining({
        reason: 'incompatible_targets',
        code: 'invalid_target',
        detail: {
          apis: [
            { api: one, ...first },
            { api: two, ...other },
          ],
        },
      }),
    )
  })

  test('is refused if only the values of a claim differ', () => {
    expect(() => new TokenProfiles().shared(apisOf({ claims: { a: 1 } }, { claims: { a: 2 } }), 900)).toThrow(
      expect.objectContaining({ reason: 'incompatible_targets' }),
    )
  })

  test('is refused if the last of three differs, with long values cut', () => {
    const claims = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`claim-${index}`, true]))
    expect(() => new TokenProfiles().shared(apisOf({}, {}, { claims }), 900)).toThrow(
      expect.objectContaining({
        detail: {
          apis: [
            { api: 'https://0.example.com', claims: '' },
            { api: 'https://1.example.com', claims: '' },
            { api: 'https://2.example.com', claims: expect.stringMatching(/^claim-0,claim-1,.{239}…$/) },
          ],
        },
      }),
    )
  })

  test('needs an API', () => {
    expect(() => new TokenProfiles().shared([], 900)).toThrow(expect.objectContaining({ reason: 'no_scope' }))
  })

  test('is worked out once for each API', () => {
    const profiles = new TokenProfiles()
    const apis = apisOf({})
    expect(profiles.shared(apis, 900).profile).toBe(profiles.shared(apis, 900).profile)
  })
})

describe('claims from a client', () => {
  const client = clientOf({
    name: 'Reports',
    description: 'nightly',
    owner: 'data',
    tags: ['x'],
    metadata: { centre: 7, 'a.b': true, name: 'metadata', empty: null },
  })

  test('are its fields and metadata; a field that it does not have is left out', () => {
    const fields = ['name', 'description', 'owner', 'tags', 'metadata.centre', 'metadata.a.b', 'metadata.empty']
    const wanted = { ...Object.fromEntries(fields.map((field) => [field, field])), gone: 'metadata.gone', id: 'id' }
    expect(clientClaims(resolveProfile({ clientClaims: wanted }), client)).toStrictEqual({
      name: 'Reports',
      description: 'nightly',
      owner: 'data',
      tags: ['x'],
      'metadata.centre': 7,
      'metadata.a.b': true,
      'metadata.empty': null,
    })
    expect(clientClaims(resolveProfile({ clientClaims: { team: 'owner' } }), clientOf({}))).toEqual({})
  })

  test.each([
    ...['name', 'description', 'owner', 'tags', 'metadata.a', 'metadata.a.b'].map((field) => [field, true] as const),
    ...['', 'metadata.', 'metadata', 'credentials', 'id', 'x.metadata.a'].map((field) => [field, false] as const),
  ])('may be made of %s: %s', (field, isAllowed) => {
    expect(isClientField(field)).toBe(isAllowed)
  })
})

test.each<[string, readonly ApiTokenSettings[], readonly string[]]>([
  ['no API: that of our own statements', [], ['ES256']],
  ['each once', [{ algorithm: 'RS256' }, { preset: 'oauth2-proxy' }, {}], ['ES256', 'RS256']],
  ['sealing instead of an algorithm', [{ format: 'sealed', algorithm: 'RS256' }], ['ES256', SEALING]],
])('the algorithms that need keys, with %s', (_name, settings, expected) => {
  expect(algorithmsInUse(new ApiSet(apisOf(...settings)))).toEqual(expected)
})

test.each<[string | undefined, ApiTokenSettings, readonly string[]]>([
  [undefined, { format: 'sealed' }, []],
  ['unknown', { format: 'sealed' }, []],
  ['envoy', {}, []],
  ['envoy', { format: 'sealed' }, ['does not work with envoy: it verifies JWTs, and cannot read sealed tokens']],
  ['rabbitmq', { scopeClaims: ['scp'] }, ['does not work with rabbitmq: it reads permissions from `scope`']],
  ['rabbitmq', { scopeClaims: ['scp', 'scope'], algorithm: 'RS256' }, []],
  // An algorithm does not matter to a token that is no JWT.
  [
    'aws-jwt-verify',
    { format: 'sealed', algorithm: 'PS256' },
    ['does not work with aws-jwt-verify: it verifies JWTs, and cannot read sealed tokens'],
  ],
  ['aws-jwt-verify', { algorithm: 'PS256' }, ['does not work with aws-jwt-verify: it knows no PS256']],
])('the warnings for preset %s with %o', (preset, settings, expected) => {
  expect(presetWarnings(preset, resolveProfile(settings))).toEqual(expected)
})
