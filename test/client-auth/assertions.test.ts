import { createHmac, randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { verifyClientSecretJwt } from '../../src/client-auth/client-secret-jwt.ts'
import type { ClientAuthContext } from '../../src/client-auth/context.ts'
import { verifyFederatedJwt } from '../../src/client-auth/federated-jwt.ts'
import { verifyPrivateKeyJwt } from '../../src/client-auth/private-key-jwt.ts'
import { RegisteredKeys } from '../../src/client-auth/registered-keys.ts'
import { SecretVerifier } from '../../src/client-auth/secrets/verifier.ts'
import { GuessLimiter } from '../../src/client-auth/throttle/limiter.ts'
import { Conditions } from '../../src/conditions/conditions.ts'
import { parseCompact } from '../../src/crypto/jws/compact.ts'
import { MasterKey } from '../../src/crypto/master-key.ts'
import type { Client } from '../../src/model/client.ts'
import { type Credential, type CredentialLife, toCredentials } from '../../src/model/credentials/credential.ts'
import type { FederatedTrust } from '../../src/model/credentials/federated-trust.ts'
import { retrievableContext } from '../../src/model/credentials/retrievable.ts'
import { sha256 } from '../../src/model/credentials/secret-hash.ts'
import { RecordUnreadable } from '../../src/model/directory/record-unreadable.ts'
import { ClientId, CredentialId, DEFAULT_TENANT } from '../../src/oauth/ids.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { claimsOf } from '../harness/assertions.ts'
import { clientWith } from '../harness/client-record.ts'
import { IN_2030, standingClock } from '../harness/clock.ts'
import { lifeOf } from '../harness/credential-life.ts'
import { encode, makeSigner, type Signer, signWith } from '../harness/tokens.ts'

const ID = ClientId('client')
const US = 'https://as.example'
const ENDPOINT = `${US}/token`
const KEYS_URL = 'https://keys.example/jwks'
const ISSUER = 'https://issuer.example'
const AT = IN_2030 * 1_000
const masterKey = new MasterKey(Buffer.alloc(32, 1), systemRandom)
const [own, next, stranger, rsa] = [
  await makeSigner('ES256', { kid: 'own' }),
  await makeSigner('ES256', { kid: 'next' }),
  await makeSigner('ES256', { kid: 'stranger' }),
  await makeSigner('RS256'),
]

const keysOf = (id: string, jwks: readonly object[], more: Partial<CredentialLife> = {}): Credential => ({
  ...lifeOf(id, more),
  kind: 'keys',
  source: { jwks: jwks.map((jwk) => ({ ...jwk })) },
  algorithm: undefined,
})
const keysAt = (id: string): Credential => ({
  ...lifeOf(id),
  kind: 'keys',
  source: { jwksUri: KEYS_URL },
  algorithm: undefined,
})
const secretOf = (id: string, secret: string, isRetrievable = true): Credential => ({
  ...lifeOf(id),
  kind: 'secret',
  hash: { kind: 'sha256', digest: sha256(secret) },
  retrievable: isRetrievable
    ? masterKey.encrypt(Buffer.from(secret), retrievableContext(CredentialId(id)), undefined)
    : undefined,
})
const trusting = (id: string, trust: Partial<FederatedTrust> = {}): Credential => ({
  ...lifeOf(id),
  kind: 'federated',
  trust: { issuer: ISSUER, audience: US, subject: 'job', ...trust },
})
const clientOf = (credentials: readonly Credential[], more: Partial<Client> = {}): Client =>
  clientWith({ id: ID, credentials: toCredentials(credentials), ...more })

interface Setting {
  readonly clients?: readonly Client[]
  readonly isUsed?: boolean
  /** The keys at a URL, or of an issuer, at first and once they are renewed. */
  readonly published?: readonly Signer[]
  readonly renewed?: readonly Signer[]
  /** Sources whose keys can't be fetched. */
  readonly down?: Readonly<Record<string, Error>>
  /** The client that can't be read. */
  readonly unreadable?: RecordUnreadable
}

function setUp({ clients = [], isUsed = false, published = [], renewed = published, down = {}, unreadable }: Setting) {
  const clock = standingClock(IN_2030)
  const asked: unknown[] = []
  const marked: unknown[] = []
  const fetch = (name: string, source: string, signers: readonly Signer[], ...more: readonly unknown[]) => {
    asked.push([name, source, ...more])
    const failure = down[source]
    if (failure !== undefined) throw failure
    return signers.map(({ key }) => key)
  }
  const patience = Promise.resolve()
  const parts: Partial<Record<keyof ClientAuthContext, unknown>> = {
    tenant: DEFAULT_TENANT,
    directory: {
      client: async (id: ClientId) => {
        if (unreadable !== undefined && id === 'unreadable') throw unreadable
        return clients.find((client) => client.id === id)
      },
      clientsTrusting: async () => [
        ...clients.map(({ id }) => id),
        ...(unreadable === undefined ? [] : [ClientId('unreadable')]),
      ],
    },
    keySets: {
      keysFor: async (url: string, ...more: unknown[]) => fetch('keys', url, published, ...more),
      renewedKeys: async (url: string, ...more: unknown[]) => fetch('renewed', url, renewed, ...more),
    },
    issuerKeys: {
      keysFor: async (issuer: string, ...more: unknown[]) => fetch('keys', issuer, published, ...more),
      renewedKeys: async (issuer: string, ...more: unknown[]) => fetch('renewed', issuer, renewed, ...more),
    },
    marks: {
      first: async (...mark: unknown[]) => {
        marked.push(mark)
        return !isUsed
      },
    },
    secrets: new SecretVerifier(clock, randomBytes, Buffer.alloc(32), async () => Buffer.alloc(64)),
    guesses: new GuessLimiter(clock),
    conditions: new Conditions(),
    masterKey,
    registeredKeys: new RegisteredKeys(),
    assertions: { issuer: US, tokenEndpoints: [ENDPOINT], maxLifetime: 300, algorithms: [], audienceForm: 'any' },
  }
  const context = parts as unknown as ClientAuthContext
  const attempt = { remoteAddress: '192.0.2.1', at: AT, patience }
  return { context, attempt, asked, marked, patience }
}

const refused = (reason: string, detail: object = {}) => ({
  name: 'Refusal',
  reason,
  detail: expect.objectContaining(detail),
})

describe('private_key_jwt', () => {
  const sign = async (by: Signer, changes: object = {}) =>
    parseCompact(await signWith(by, claimsOf(US, ID, IN_2030, { jti: 'once', ...changes }), { kid: by.publicJwk.kid }))
  const verify = async (setting: Setting, by = own, changes: object = {}) => {
    const made = setUp(setting)
    const jws = await sign(by, changes)
    const presented = { kind: 'assertion', method: 'private_key_jwt', clientId: ID, jws } as const
    return { ...made, verified: verifyPrivateKeyJwt(made.context, presented, made.attempt) }
  }
  const inline = keysOf('inline', [own.publicJwk])

  test('proves its client, and is marked as used until it expires', async () => {
    const client = clientOf([inline])
    const { verified, marked } = await verify({ clients: [client] })
    expect(await verified).toEqual({ client, credential: inline })
    expect(marked).toEqual([[`assertion ${ID}`, 'once', AT + 121_000]])
  })

  test.each<[string, Setting, Signer, object, string, object]>([
    ['of nobody', {}, own, {}, 'unknown_client', {}],
    [
      'of a client without keys',
      { clients: [clientOf([secretOf('secret', 'x')])] },
      own,
      {},
      'no_such_credential',
      { has: ['secret'] },
    ],
    [
      'for the token endpoint',
      { clients: [clientOf([inline])] },
      own,
      { aud: ENDPOINT },
      'assertion_audience',
      { expected: [US] },
    ],
    ['for another server, of nobody', {}, own, { aud: 'https://other.example' }, 'assertion_audience', {}],
    ['with another key', { clients: [clientOf([inline])] }, stranger, {}, 'assertion_key', {}],
    [
      'with a key that its credential no longer has in readable form',
      { clients: [clientOf([keysOf('broken', [{ kty: 'EC' }])])] },
      own,
      {},
      'credential_unreadable',
      { unreadable_credential: 'broken', problem: expect.any(String) },
    ],
  ])('%s is refused and not marked', async (_name, setting, by, changes, reason, detail) => {
    const { verified, marked } = await verify(setting, by, changes)
    await expect(verified).rejects.toMatchObject(refused(reason, detail))
    expect(marked).toEqual([])
  })

  test('for the token endpoint is accepted of a client whose library does so', async () => {
    const client = clientOf([inline], { authentication: { assertionAudience: 'compatible' } })
    const { verified } = await verify({ clients: [client] }, own, { aud: ENDPOINT })
    expect(await verified).toMatchObject({ client })
  })

  test('that was used before is refused', async () => {
    const { verified } = await verify({ clients: [clientOf([inline])], isUsed: true })
    await expect(verified).rejects.toMatchObject(refused('assertion_replayed', { jti: 'once' }))
  })

  test('belongs to the valid one of two credentials with its key', async () => {
    const expired = keysOf('expired', [own.publicJwk], { expiresAt: AT })
    for (const credentials of [
      [expired, inline],
      [inline, expired],
    ]) {
      expect(await (await verify({ clients: [clientOf(credentials)] })).verified).toMatchObject({ credential: inline })
    }
  })

  test('is refused for the fault of the credential that was tried first, unless one can’t be read', async () => {
    const expired = keysOf('expired', [rsa.publicJwk], { expiresAt: AT })
    const others = keysOf('others', [next.publicJwk])
    const broken = [keysOf('broken', [{ kty: 'EC' }]), keysOf('also broken', [{ kty: 'EC' }])]
    const reasonFor = async (...credentials: readonly Credential[]) => {
      const { verified } = await verify({ clients: [clientOf(credentials)] })
      return verified.catch(({ reason, detail }) => [reason, detail['unreadable_credential']])
    }
    expect(await reasonFor(expired, others)).toEqual(['assertion_key', undefined])
    expect(await reasonFor(others, expired)).toEqual(['assertion_key', undefined])
    expect(await reasonFor(expired)).toEqual(['assertion_algorithm', undefined])
    expect(await reasonFor(others, ...broken)).toEqual(['credential_unreadable', 'broken'])
    expect(await reasonFor(...broken, others)).toEqual(['credential_unreadable', 'broken'])
    const { verified } = await verify({ clients: [clientOf([...broken, inline])] })
    expect(await verified).toMatchObject({ credential: inline })
  })

  describe('with keys at a URL', () => {
    const client = clientOf([keysAt('url')])

    test('is checked with those that are known', async () => {
      const { verified, asked, patience } = await verify({ clients: [client], published: [next, own] })
      expect(await verified).toMatchObject({ credential: { id: 'url' } })
      expect(asked).toEqual([['keys', KEYS_URL, 'own', patience]])
    })

    test('is checked with renewed ones if none fits', async () => {
      const { verified, asked, patience } = await verify({ clients: [client], published: [next], renewed: [own] })
      expect(await verified).toMatchObject({ credential: { id: 'url' } })
      expect(asked).toEqual([
        ['keys', KEYS_URL, 'own', patience],
        ['renewed', KEYS_URL, patience],
      ])
      const other = await verify({ clients: [client], published: [next], renewed: [next] })
      await expect(other.verified).rejects.toMatchObject(refused('assertion_key'))
    })
  })

  test('must have the registered algorithm, wherever its keys are', async () => {
    for (const [source, reason] of [
      [keysAt('url'), 'assertion_algorithm'],
      [inline, 'assertion_algorithm'],
    ] as const) {
      const pinned = { ...source, algorithm: 'ES384' } as Credential
      const { verified } = await verify({ clients: [clientOf([pinned])], published: [own] })
      await expect(verified).rejects.toMatchObject(
        refused(reason, { expected: expect.objectContaining({ alg: 'ES384' }) }),
      )
    }
  })
})

describe('client_secret_jwt', () => {
  const SECRET = 'a secret of more than thirty-two bytes'
  const sign = (secret: string, changes: object = {}) => {
    const claims = claimsOf(US, ID, IN_2030, { jti: 'once', ...changes })
    const input = `${encode('{"alg":"HS256"}')}.${encode(JSON.stringify(claims))}`
    return parseCompact(`${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`)
  }
  const verify = (setting: Setting, jws = sign(SECRET)) => {
    const made = setUp(setting)
    const presented = { kind: 'assertion', method: 'client_secret_jwt', clientId: ID, jws } as const
    return { ...made, verified: verifyClientSecretJwt(made.context, presented, made.attempt) }
  }
  const kept = secretOf('kept', SECRET)
  const hashed = secretOf('hashed', SECRET, false)
  const lost: Credential = {
    ...lifeOf('lost'),
    kind: 'secret',
    hash: { kind: 'sha256', digest: sha256('lost') },
    retrievable: { ciphertext: Buffer.alloc(40), masterKeyId: masterKey.id },
  }

  test('proves its client, and is marked as used', async () => {
    const client = clientOf([hashed, kept])
    const { verified, marked } = verify({ clients: [client] })
    expect(await verified).toEqual({ client, credential: kept })
    expect(marked).toEqual([[`assertion ${ID}`, 'once', AT + 121_000]])
    await expect(verify({ clients: [client], isUsed: true }).verified).rejects.toMatchObject(
      refused('assertion_replayed', { jti: 'once' }),
    )
  })

  test.each<[string, Setting, ReturnType<typeof sign>, string, object]>([
    ['of nobody', {}, sign(SECRET), 'unknown_client', {}],
    [
      'with another secret',
      { clients: [clientOf([kept, hashed])] },
      sign('x'),
      'assertion_signature',
      { alg: 'HS256' },
    ],
    [
      'with a secret that is only hashed',
      { clients: [clientOf([hashed])] },
      sign(SECRET),
      'no_such_credential',
      { expected: 'a secret with retrievable: true', secrets: 1 },
    ],
    [
      'with a secret that may be the one that is lost',
      { clients: [clientOf([kept, lost])] },
      sign('x'),
      'credential_unreadable',
      { unreadable_credential: 'lost', problem: expect.any(String) },
    ],
    [
      'for another server',
      { clients: [clientOf([kept])] },
      sign(SECRET, { aud: 'https://other.example' }),
      'assertion_audience',
      {},
    ],
  ])('%s is refused and not marked', async (_name, setting, jws, reason, detail) => {
    const { verified, marked } = verify(setting, jws)
    await expect(verified).rejects.toMatchObject(refused(reason, detail))
    expect(marked).toEqual([])
  })
})

describe('federated_jwt', () => {
  const verify = async (setting: Setting, clientId?: string, by: Signer = own, changes: object = {}) => {
    const made = setUp(setting)
    const claims = { iss: ISSUER, sub: 'job', aud: US, iat: IN_2030, exp: IN_2030 + 60, ...changes }
    const jws = parseCompact(await signWith(by, claims, { kid: by.publicJwk.kid }))
    const named = clientId === undefined ? undefined : ClientId(clientId)
    const presented = { kind: 'federated', method: 'federated_jwt', clientId: named, jws } as const
    return { ...made, verified: verifyFederatedJwt(made.context, presented, made.attempt) }
  }
  const inline = trusting('inline', { jwks: [own.publicJwk] })
  const other = clientWith({ id: ClientId('other'), credentials: toCredentials([trusting('of other')]) })
  const DOWN = new TypeError('the keys are away')
  const broken = new RecordUnreadable({ kind: 'client', id: 'unreadable', problem: 'damaged' })

  test.each([undefined, ID])('proves the client that trusts its issuer; named as %s', async (clientId) => {
    const client = clientOf([inline])
    const { verified, marked } = await verify({ clients: [client] }, clientId)
    expect(await verified).toEqual({ client, credential: inline })
    expect(marked).toEqual([])
  })

  test('is checked with the published keys, which each source is asked for once', async () => {
    const client = clientOf([
      trusting('1', { subject: 'another' }),
      trusting('2'),
      trusting('3', { jwksUri: KEYS_URL, subject: 'another' }),
      trusting('4', { jwksUri: `${KEYS_URL}/4`, subject: 'another' }),
    ])
    const { verified, asked, patience } = await verify({ clients: [client], published: [own] })
    expect(await verified).toMatchObject({ credential: { id: '2' } })
    expect(asked).toEqual([
      ['keys', ISSUER, 'own', undefined, patience],
      ['keys', ISSUER, 'own', KEYS_URL, patience],
      ['keys', ISSUER, 'own', `${KEYS_URL}/4`, patience],
    ])
  })

  test('is not checked with the keys of another credential that lists its own', async () => {
    const strict = trusting('strict', { jwks: [next.publicJwk] })
    const { verified } = await verify({ clients: [clientOf([strict, inline])] })
    expect(await verified).toMatchObject({ credential: inline })
  })

  test.each<[string, Setting, string | undefined, Signer, object, string, object]>([
    ['of a client that does not exist', {}, 'nobody', own, {}, 'unknown_client', {}],
    ['of an issuer that nobody trusts', {}, undefined, own, {}, 'federated_issuer_unknown', { issuers: [ISSUER] }],
    [
      'of an issuer that its client does not trust',
      { clients: [clientOf([trusting('1', { issuer: 'https://other.example' })])] },
      ID,
      own,
      {},
      'federated_issuer_unknown',
      { expected: ['https://other.example'] },
    ],
    [
      'with another key',
      { clients: [clientOf([inline])] },
      undefined,
      stranger,
      {},
      'federated_signature',
      { alg: 'ES256', kid: 'stranger', client_id: ID },
    ],
    [
      'with an algorithm that its credential does not allow',
      { clients: [clientOf([trusting('1', { jwks: [own.publicJwk], algorithms: ['ES384'] })])] },
      undefined,
      own,
      {},
      'federated_signature',
      {},
    ],
    [
      'for another subject',
      { clients: [clientOf([inline])] },
      undefined,
      own,
      { sub: 'another' },
      'federated_no_match',
      { client_id: ID },
    ],
  ])('%s is refused', async (_name, setting, clientId, by, changes, reason, detail) => {
    const { verified } = await verify(setting, clientId, by, changes)
    await expect(verified).rejects.toMatchObject(refused(reason, detail))
  })

  test.each([
    ['of which the event has the beginning', 'k'.repeat(300), 'k'.repeat(256)],
    ['that is missing', undefined, undefined],
  ])('with another key is refused, with a kid %s', async (_name, kid, shown) => {
    const other = await makeSigner('ES256', { kid })
    const { verified } = await verify({ clients: [clientOf([inline])] }, undefined, other)
    await expect(verified).rejects.toMatchObject(refused('federated_signature', { alg: 'ES256', kid: shown }))
  })

  test('with an algorithm that its credential allows is accepted', async () => {
    const allowed = trusting('1', { jwks: [own.publicJwk], algorithms: ['RS256', 'ES256'] })
    expect(await (await verify({ clients: [clientOf([allowed])] })).verified).toMatchObject({ credential: allowed })
  })

  test('that may be of several clients is refused without the name of one', async () => {
    const { verified } = await verify({ clients: [clientOf([inline]), other] }, undefined, stranger)
    const { reason, detail } = await verified.catch((error) => error)
    expect(reason).toBe('federated_signature')
    expect(detail).not.toHaveProperty('client_id')
  })

  test('is accepted although the keys of another credential can’t be fetched', async () => {
    const away = trusting('away')
    for (const credentials of [
      [away, inline],
      [inline, away],
    ]) {
      const { verified } = await verify({ clients: [clientOf(credentials)], down: { [ISSUER]: DOWN } })
      expect(await verified).toMatchObject({ credential: inline })
    }
  })

  test('is refused for the first keys that can’t be fetched, if no other signed it', async () => {
    const elsewhere = trusting('elsewhere', { issuer: 'https://other.example' })
    const down = { [ISSUER]: DOWN, 'https://other.example': new TypeError('these, too') }
    const { verified } = await verify({ clients: [clientOf([trusting('1'), elsewhere, inline])], down }, ID, stranger)
    await expect(verified).rejects.toBe(DOWN)
  })

  test('is refused for a client that can’t be read, if no other matches', async () => {
    const setting = { clients: [clientOf([inline])], unreadable: broken }
    expect(await (await verify(setting)).verified).toMatchObject({ credential: inline })
    await expect((await verify(setting, undefined, stranger)).verified).rejects.toBe(broken)
  })

  describe('that looks like an assertion of a client with keys', () => {
    const keyed = clientOf([keysOf('keys', [own.publicJwk])])

    test.each<[string, string | undefined, object]>([
      ['by client_id', ID, {}],
      ['by iss', undefined, { iss: ID }],
      ['by sub', undefined, { sub: ID }],
      ['by sub, although iss names nobody that could be a client', undefined, { iss: 'x'.repeat(1_000), sub: ID }],
      ['by sub, although iss is no text', undefined, { iss: 1, sub: ID }],
    ])('is refused for its own fault: named %s', async (_name, clientId, changes) => {
      const { verified } = await verify({ clients: [keyed] }, clientId, own, changes)
      const error = await verified.catch((thrown) => thrown)
      expect(error).toMatchObject({ name: 'Refusal', reason: expect.stringMatching(/^assertion_/) })
      expect(error.detail).toMatchObject({ client_id: ID })
    })

    test.each<[string, Client]>([
      ['has no keys', clientOf([secretOf('secret', 'x')])],
      [
        'trusts an issuer, too',
        clientOf([keysOf('keys', [own.publicJwk]), trusting('1', { issuer: 'https://o.example' })]),
      ],
    ])('is refused for its issuer if that client %s', async (_name, client) => {
      const { verified } = await verify({ clients: [client] }, ID)
      await expect(verified).rejects.toMatchObject(refused('federated_issuer_unknown'))
    })
  })
})
