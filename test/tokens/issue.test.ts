import { decodeJwt, decodeProtectedHeader } from 'jose'
import { describe, expect, test } from 'vitest'
import { generateKey } from '../../src/keys/algorithms.ts'
import { createBatchSigner } from '../../src/keys/batch-signer.ts'
import { REFERENCE_BYTES } from '../../src/keys/key-table.ts'
import type { Api } from '../../src/model/api.ts'
import { ApiSet } from '../../src/model/api-set.ts'
import type { Client } from '../../src/model/client.ts'
import { Jti, KeyId } from '../../src/oauth/ids.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { AccessDecisions } from '../../src/policy/entitlement.ts'
import { decideToken } from '../../src/tokens/decide.ts'
import { issueToken } from '../../src/tokens/issue.ts'
import { resolveProfile, TokenProfiles } from '../../src/tokens/profile.ts'
import { Sealer } from '../../src/tokens/sealed.ts'
import { apiWith, clientOf } from '../harness/access-records.ts'

const ORDERS = apiWith('https://orders.example.com', 'read')
const NO_PROOF = { dpop: false, certificate: false }
const profiles = new TokenProfiles()
const context = { accessDecisions: new AccessDecisions(), issuer: { defaultLifetime: 900, profiles } }

const decide = (client: Partial<Client>, api: Partial<Api> = {}, proofs = NO_PROOF) =>
  decideToken(
    context,
    clientOf({ scopes: ['read'], ...client }),
    { scope: undefined, targets: [] },
    new ApiSet([{ ...ORDERS, ...api }]),
    proofs,
  )

describe('the decision about a token', () => {
  test.each<[string, Partial<Client>, Partial<Api>, number]>([
    ['the server’s', {}, {}, 900],
    ['the API’s', {}, { token: { lifetime: 60 } }, 60],
    ['the client’s, also if it is longer', { token: { lifetime: 120 } }, { token: { lifetime: 60 } }, 120],
  ])('has a lifetime: %s', (_name, client, api, lifetime) => {
    expect(decide(client, api)).toMatchObject({ lifetime, binding: undefined, entitlement: { scopes: ['read'] } })
  })

  test.each<[string, Partial<Client>, Partial<Api>]>([
    ['the client', { require: 'dpop' }, {}],
    ['the API', {}, { require: 'dpop' }],
  ])('needs the proof that %s requires', (_name, client, api) => {
    expect(() => decide(client, api)).toThrow(expect.objectContaining({ reason: 'dpop_required' }))
    expect(decide(client, api, { ...NO_PROOF, dpop: true })).toMatchObject({ binding: 'dpop' })
  })
})

describe('a token', async () => {
  const sealing = { kid: KeyId('s'), reference: Buffer.alloc(REFERENCE_BYTES), secret: Buffer.alloc(32) }
  const signer = createBatchSigner(KeyId('k'), 'ES256', (await generateKey('ES256')).privateKey)
  const issue = (isReady: boolean, profile = resolveProfile({ typ: 'JWT' }), scopes = ['read']) => {
    const later = <Value>(value: Value) => (isReady ? value : Promise.resolve(value))
    const keyring = { signer: () => later(signer), sealingKey: () => later(sealing) }
    const issuer = { url: 'https://as', defaultLifetime: 900, profiles, keyring, sealer: new Sealer(systemRandom) }
    const entitlement = { client: clientOf({}), apis: [ORDERS], scopes }
    const decided = { entitlement, profile, lifetime: 60, binding: undefined }
    return issueToken(issuer, decided, { jti: Jti('j'), at: 1_800_000_000_999, cnf: { jkt: 't' } })
  }

  test.each([true, false])('is signed with the key of its API, if the key is there at once: %s', async (isReady) => {
    const { accessToken, claims, lifetime } = await issue(isReady)
    expect(decodeProtectedHeader(accessToken)).toEqual({ alg: 'ES256', typ: 'JWT', kid: 'k' })
    expect(decodeJwt(accessToken)).toEqual(claims)
    expect([claims, lifetime]).toMatchObject([
      { iss: 'https://as', jti: 'j', iat: 1_800_000_000, exp: 1_800_000_060, cnf: { jkt: 't' } },
      60,
    ])
  })

  test.each([true, false])('is sealed if its API wants that, if the key is there at once: %s', async (isReady) => {
    expect((await issue(isReady, resolveProfile({ format: 'sealed' }))).accessToken).toMatch(/^tsa_/)
  })

  test.each(['jwt', 'sealed'] as const)('that would be too long is refused: %s', async (format) => {
    const scopes = Array.from({ length: 2_000 }, (_, index) => `scope-${index}`)
    await expect(issue(true, resolveProfile({ format }), scopes)).rejects.toThrow(
      expect.objectContaining({ reason: 'token_too_large' }),
    )
  })
})
