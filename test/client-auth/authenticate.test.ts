import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { authenticateClient } from '../../src/client-auth/authenticate.ts'
import { CertificateCheck } from '../../src/client-auth/certificates/check.ts'
import { describe as describeCertificate } from '../../src/client-auth/certificates/describe.ts'
import type { ClientAuthContext } from '../../src/client-auth/context.ts'
import type { PresentedAuthentication } from '../../src/client-auth/presented.ts'
import { RegisteredKeys } from '../../src/client-auth/registered-keys.ts'
import { SecretVerifier } from '../../src/client-auth/secrets/verifier.ts'
import { GuessLimiter } from '../../src/client-auth/throttle/limiter.ts'
import { parseCompact } from '../../src/crypto/jws/compact.ts'
import { thumbprintOf } from '../../src/crypto/x509/peer.ts'
import type { Client } from '../../src/model/client.ts'
import type { CertificateMatcher } from '../../src/model/credentials/certificate-subject.ts'
import {
  type Credential,
  type CredentialLife,
  toCredentials,
  type UnreadableCredential,
} from '../../src/model/credentials/credential.ts'
import { sha256 } from '../../src/model/credentials/secret-hash.ts'
import { ClientId, CredentialId, DEFAULT_TENANT } from '../../src/oauth/ids.ts'
import { StorageUnavailable } from '../../src/platform/storage-unavailable.ts'
import { claimsOf } from '../harness/assertions.ts'
import { type Issued, issue, issueAuthority, NOW, present } from '../harness/certificates.ts'
import { clientWith } from '../harness/client-record.ts'
import { standingClock } from '../harness/clock.ts'
import { lifeOf } from '../harness/credential-life.ts'
import { newSecret } from '../harness/model.ts'
import { unsigned } from '../harness/tokens.ts'

const ID = ClientId('client')
const GENERATED = newSecret()
const CHOSEN = 'correct horse'
const KEY_WAIT = 700
const ISSUER = 'https://as.example'
const root = await issueAuthority('CN=Root')

const life = (label: string, more: Partial<CredentialLife>): CredentialLife =>
  lifeOf(`id of ${label}`, { label, ...more })
const generated = (more: Partial<CredentialLife> = {}, secret = GENERATED): Credential => ({
  ...life('generated', more),
  kind: 'secret',
  hash: { kind: 'sha256', digest: sha256(secret) },
  retrievable: undefined,
})
const chosen: Credential = {
  ...life('chosen', {}),
  kind: 'secret',
  hash: {
    kind: 'scrypt',
    parameters: { logN: 4, r: 8, p: 1, salt: Buffer.alloc(16) },
    digest: Buffer.from(CHOSEN.padEnd(64)),
  },
  retrievable: undefined,
}
const ofCertificate = (label: string, matcher: CertificateMatcher, more: Partial<CredentialLife> = {}): Credential => ({
  ...life(label, more),
  kind: 'certificate',
  matcher,
})
const clientOf = (credentials: readonly Credential[], more: Partial<Client> = {}): Client =>
  clientWith({ id: ID, credentials: toCredentials(credentials), ...more })

interface Setting {
  readonly client?: Client
  readonly isInMemory?: boolean
  readonly takesSample?: boolean
  readonly keyWait?: number
  /** The directory fails with this. */
  readonly failure?: Error
}

function setUp({ client, isInMemory = true, takesSample = false, keyWait = KEY_WAIT, failure }: Setting = {}) {
  const clock = standingClock(NOW / 1_000)
  const find = (id: ClientId) => (id === client?.id ? client : undefined)
  const held: { readonly time: number; readonly over: Promise<void>; isReleased: boolean }[] = []
  const used: unknown[] = []
  const waits: unknown[] = []
  const parts: Partial<Record<keyof ClientAuthContext, unknown>> = {
    tenant: DEFAULT_TENANT,
    directory: {
      client: (id: ClientId) => {
        if (failure !== undefined) throw failure
        return isInMemory ? find(id) : Promise.resolve(find(id))
      },
      clientsTrusting: async () => [],
      inMemory: find,
    },
    secrets: new SecretVerifier(clock, randomBytes, Buffer.alloc(32), async (secret) => Buffer.from(secret.padEnd(64))),
    guesses: new GuessLimiter(clock),
    usage: { note: (...noted: unknown[]) => void used.push(noted) },
    replacements: { note: () => {} },
    registeredKeys: new RegisteredKeys(),
    keySets: {
      keysFor: async (_url: string, _kid: string | undefined, patience: Promise<void>) => {
        waits.push(patience)
        throw new StorageUnavailable(undefined)
      },
    },
    certificates: new CertificateCheck(root.pem, clock),
    assertions: {
      issuer: ISSUER,
      tokenEndpoints: [],
      maxLifetime: 300,
      algorithms: ['RS256', 'HS256'],
      audienceForm: 'any',
    },
    takesSample,
    keyWait,
    holds: {
      begin: (time: number) => {
        const hold = { time, over: Promise.resolve(), isReleased: false }
        held.push(hold)
        const release = () => {
          hold.isReleased = true
        }
        return { over: hold.over, patience: hold.over, release }
      },
    },
  }
  const context = parts as unknown as ClientAuthContext
  const authenticate = (presented: PresentedAuthentication) =>
    authenticateClient(context, presented, { remoteAddress: '192.0.2.1', at: NOW })
  const errorOf = async (presented: PresentedAuthentication): Promise<unknown> => {
    try {
      await authenticate(presented)
    } catch (error) {
      return error
    }
    throw new Error('it was not refused')
  }
  return { authenticate, errorOf, held, used, waits }
}

const secretOf = (secret: string, ...more: readonly string[]): PresentedAuthentication => {
  const [first, ...others] = [secret, ...more].map((one) => ({ clientId: ID, secret: one }))
  if (first === undefined) throw new Error('no secret')
  return { kind: 'secret', method: 'client_secret_basic', readings: [first, ...others], parameterId: undefined }
}
const refused = (reason: string, detail: object) => ({ name: 'Refusal', reason, detail })
const SENT = { method: 'client_secret_basic', client_id: ID }

describe('a secret', () => {
  test('that was generated, of a client in memory, needs no wait and no hold', () => {
    const credential = generated()
    const client = clientOf([credential])
    const { authenticate, held, used } = setUp({ client })
    expect(authenticate(secretOf(GENERATED))).toEqual({
      client,
      method: 'client_secret_basic',
      credentialId: credential.id,
    })
    expect(used).toEqual([[credential.id, NOW]])
    expect(held).toEqual([])
  })

  test('may be sent in the body, too', () => {
    const client = clientOf([generated()])
    const method = 'client_secret_post'
    const readings = [{ clientId: ID, secret: GENERATED }] as const
    expect(setUp({ client }).authenticate({ kind: 'secret', method, readings, parameterId: ID })).toMatchObject({
      client,
      method,
    })
  })

  test('that would have made a MAC is held like any other', async () => {
    const jws = parseCompact(unsigned({ alg: 'HS256' }, claimsOf(ISSUER, ID, NOW / 1_000)))
    const method = 'client_secret_jwt'
    const { errorOf, held } = setUp({ client: clientOf([generated()]) })
    const error = await errorOf({ kind: 'assertion', method, clientId: ID, jws, parameterId: undefined })
    const expected = 'a secret with retrievable: true'
    expect(error).toMatchObject(refused('no_such_credential', { method, client_id: ID, expected }))
    expect(held).toMatchObject([{ time: 25, isReleased: false }])
  })

  test('of a client that must be loaded is held, and released once it is right', async () => {
    const client = clientOf([chosen, generated()])
    const { authenticate, held } = setUp({ client, isInMemory: false })
    expect(await authenticate(secretOf(GENERATED))).toMatchObject({ client, credentialId: 'id of generated' })
    expect(held).toMatchObject([{ time: 25, isReleased: true }])
  })

  test('that a person chose is hashed once, and then known', async () => {
    const client = clientOf([chosen])
    const { authenticate, used } = setUp({ client })
    const first = authenticate(secretOf(CHOSEN))
    expect(first).toBeInstanceOf(Promise)
    expect(await first).toMatchObject({ client, credentialId: chosen.id })
    expect(authenticate(secretOf(CHOSEN))).toEqual(await first)
    expect(used).toHaveLength(2)
  })

  test.each([true, false])('that is read in two ways may be right in the second; in memory: %s', async (isInMemory) => {
    const client = clientOf([generated()])
    const { authenticate } = setUp({ client, isInMemory })
    expect(await authenticate(secretOf('x', GENERATED))).toMatchObject({ client })
  })

  const certificateAlone = clientOf([ofCertificate('certificate', { san_dns: 'a.example' })])
  test.each<[string, Client | undefined, string, object]>([
    ['a client with another one', clientOf([generated()]), 'wrong_secret', {}],
    ['a client without any', certificateAlone, 'no_such_credential', { has: ['certificate'] }],
    ['nobody', undefined, 'unknown_client', {}],
  ])('that is wrong, of %s, is refused and described', async (_name, client, reason, more) => {
    const { errorOf, held, used } = setUp({ ...(client && { client }) })
    const error = await errorOf(secretOf('hunter2', 'eyJ'))
    expect(error).toMatchObject(refused(reason, { ...SENT, received: { form: 'chosen' }, ...more }))
    expect(held).toMatchObject([{ time: 25, isReleased: false }])
    expect(error).toHaveProperty('held', held[0]?.over)
    expect(used).toEqual([])
  })
})

describe('a right credential', () => {
  const at = (ms: number) => new Date(ms).toISOString()
  const KNOWN = { ...SENT, credential: 'id of generated', label: 'generated' }

  test.each<[string, Client, string, object]>([
    [
      'that was revoked',
      clientOf([generated({ revokedAt: NOW + 1, expiresAt: NOW })]),
      'revoked_credential',
      { revoked: at(NOW + 1) },
    ],
    ['that expires now', clientOf([generated({ expiresAt: NOW })]), 'expired_credential', { expired: at(NOW) }],
    ['of a disabled client', clientOf([generated()], { enabled: false }), 'client_disabled', {}],
    ['of the sample', clientOf([generated({ origin: 'sample' })]), 'sample_credential', {}],
    [
      'whose method the client may not use',
      clientOf([generated()], { authentication: { methods: ['tls_client_auth'] } }),
      'method_not_allowed_here',
      { allowed: ['tls_client_auth'] },
    ],
  ])('%s is refused, at once or once its client is loaded', async (_name, client, reason, detail) => {
    for (const isInMemory of [true, false]) {
      const { errorOf, used } = setUp({ client, isInMemory })
      expect(await errorOf(secretOf(GENERATED))).toEqual(
        expect.objectContaining({ reason, detail: { ...KNOWN, ...detail }, held: undefined }),
      )
      expect(used).toEqual([])
    }
  })

  test.each<[string, Setting]>([
    ['that expires later', { client: clientOf([generated({ expiresAt: NOW + 1 })]) }],
    [
      'of the sample, if the server takes it',
      { client: clientOf([generated({ origin: 'sample' })]), takesSample: true },
    ],
    [
      'whose method the client may use',
      { client: clientOf([generated()], { authentication: { methods: ['tls_client_auth', 'client_secret_basic'] } }) },
    ],
  ])('%s is accepted', async (_name, setting) => {
    expect(await setUp(setting).authenticate(secretOf(GENERATED))).toMatchObject({ credentialId: 'id of generated' })
  })
})

describe('a refusal', () => {
  const jwt = (alg: string, claims: object) => parseCompact(unsigned({ alg }, claims))

  test.each<[string, ClientId | undefined, object]>([
    ['without an id', undefined, {}],
    ['with an id', ID, { client_id: ID, certificate: 'none' }],
  ])('for a request without credentials, %s', async (_name, parameterId, detail) => {
    const error = await setUp().errorOf({ kind: 'none', parameterId })
    expect(error).toMatchObject(refused('no_credentials', detail))
    expect(Object.keys((error as { detail: object }).detail)).toEqual(Object.keys(detail))
  })

  test('for another client_id than that of the secret, which it cuts', async () => {
    const { errorOf } = setUp({ client: clientOf([generated()]) })
    const error = await errorOf({ ...secretOf(GENERATED), parameterId: ClientId('x'.repeat(300)) })
    expect(error).toMatchObject(refused('client_id_mismatch', { ...SENT, in_body: 'x'.repeat(256) }))
  })

  test('is none for a client_id that is that of one reading', async () => {
    const client = clientOf([generated()])
    const { authenticate } = setUp({ client })
    const readings = [
      { clientId: ClientId('other'), secret: 'x' },
      { clientId: ID, secret: GENERATED },
    ] as const
    const presented = {
      kind: 'secret',
      method: 'client_secret_basic',
      readings: [...readings],
      parameterId: ID,
    } as const
    expect(await authenticate({ ...presented, readings })).toMatchObject({ client })
  })

  test.each(['assertion', 'federated'] as const)(
    'for an algorithm that the server does not accept: %s',
    async (kind) => {
      const jws = jwt('ES256', { iss: ID, sub: ID })
      const { errorOf, held } = setUp({ client: clientOf([generated()]) })
      const error = await errorOf(
        kind === 'assertion'
          ? { kind, method: 'private_key_jwt', clientId: ID, jws, parameterId: undefined }
          : { kind, method: 'federated_jwt', clientId: ID, jws, parameterId: undefined },
      )
      const detail = { expected: { algorithms: ['RS256', 'HS256'] }, received: { alg: 'ES256' }, client_id: ID }
      expect(error).toMatchObject(refused('assertion_algorithm', detail))
      expect(held).toEqual([])
    },
  )

  test.each([
    [KEY_WAIT, KEY_WAIT],
    [10, 25],
  ])('for an assertion is held as long as keys may take: %i ms, and 25 ms at least', async (keyWait, time) => {
    const jws = jwt('RS256', { iss: 'https://issuer.example', sub: 's' })
    for (const method of ['private_key_jwt', 'federated_jwt'] as const) {
      const { errorOf, held } = setUp({ client: clientOf([generated()]), keyWait })
      const error = await errorOf(
        method === 'private_key_jwt'
          ? { kind: 'assertion', method, clientId: ID, jws, parameterId: undefined }
          : { kind: 'federated', method, clientId: ID, jws, parameterId: undefined },
      )
      expect(error).toMatchObject({ name: 'Refusal', status: 401, detail: { method, client_id: ID } })
      expect(held).toMatchObject([{ time, isReleased: false }])
      expect(error).toHaveProperty('held', held[0]?.over)
    }
  })

  test('comes when the hold is over, and until then keys may arrive', async () => {
    const client = clientOf([
      { ...life('url', {}), kind: 'keys', source: { jwksUri: 'https://keys.example' }, algorithm: undefined },
    ])
    const { errorOf, held, waits } = setUp({ client })
    await errorOf({
      kind: 'assertion',
      method: 'private_key_jwt',
      clientId: ID,
      jws: jwt('RS256', claimsOf(ISSUER, ID, NOW / 1_000)),
      parameterId: undefined,
    })
    expect(waits).toHaveLength(1)
    expect(waits[0]).toBe(held[0]?.over)
  })

  test('names the credentials that can’t be read, at most ten', async () => {
    const unreadable = Array.from(
      { length: 12 },
      (_, index): UnreadableCredential => ({
        kind: 'credential',
        id: CredentialId(`unreadable ${index}`),
        label: '',
        origin: 'command',
        problem: 'damaged',
      }),
    )
    const client = clientWith({ id: ID, credentials: toCredentials([], unreadable) })
    const error = await setUp({ client }).errorOf(secretOf(GENERATED))
    expect(error).toMatchObject({ detail: { unreadable: unreadable.slice(0, 10).map(({ id }) => id) } })
    for (const setting of [{ client: clientOf([chosen]) }, {}]) {
      const other = await setUp(setting).errorOf(secretOf(GENERATED))
      expect((other as { detail: object }).detail).not.toHaveProperty('unreadable')
    }
  })

  test('for a fault of the server is not held', async () => {
    const error = await setUp({ failure: new StorageUnavailable(undefined) }).errorOf({
      kind: 'assertion',
      method: 'private_key_jwt',
      clientId: ID,
      jws: jwt('RS256', { iss: ID, sub: ID }),
      parameterId: undefined,
    })
    expect(error).toMatchObject({ reason: 'storage_unavailable', status: 503, held: undefined })
  })

  test('is no answer to a defect, which is thrown as it is', async () => {
    const failure = new TypeError('x is not a function')
    expect(await setUp({ failure }).errorOf(secretOf(GENERATED))).toBe(failure)
  })
})

describe('a certificate', async () => {
  const issued = await issue({ issuer: root })
  const ownMade = await issue()
  const thumbprint = (one: Issued) => thumbprintOf(one.certificate)
  const NAME = { subject_dn: 'CN=client' }
  const certificateOf = (
    one: Issued,
    method: 'tls_client_auth' | 'self_signed_tls_client_auth' = 'tls_client_auth',
  ): PresentedAuthentication => ({
    kind: 'certificate',
    method,
    clientId: ID,
    certificate: present(one),
    parameterId: ID,
  })
  const SELF_SIGNED = 'self_signed_tls_client_auth'

  test('of a trusted authority authenticates by its name', async () => {
    const client = clientOf([ofCertificate('name', NAME)])
    const { authenticate, held } = setUp({ client })
    expect(await authenticate(certificateOf(issued))).toEqual({
      client,
      method: 'tls_client_auth',
      credentialId: 'id of name',
    })
    expect(held).toMatchObject([{ time: 25, isReleased: true }])
  })

  test('of any authority, or of its own, authenticates by its thumbprint', async () => {
    const stranger = await issue({ issuer: await issueAuthority('CN=Other') })
    const byAuthority = clientOf([ofCertificate('thumbprint', { thumbprint: thumbprint(stranger) })])
    expect(await setUp({ client: byAuthority }).authenticate(certificateOf(stranger))).toMatchObject({
      method: 'tls_client_auth',
    })
    const byItself = clientOf([ofCertificate('thumbprint', { thumbprint: thumbprint(ownMade) })])
    expect(await setUp({ client: byItself }).authenticate(certificateOf(ownMade, SELF_SIGNED))).toMatchObject({
      method: SELF_SIGNED,
    })
  })

  test('of an unknown authority does not authenticate by its name', async () => {
    const stranger = await issue({ issuer: await issueAuthority('CN=Other') })
    const { errorOf } = setUp({ client: clientOf([ofCertificate('name', NAME)]) })
    expect(await errorOf(certificateOf(stranger))).toMatchObject({
      reason: 'certificate_untrusted',
      detail: { problem: 'no_path' },
    })
  })

  test('of its own does not authenticate by its name, since anybody can make one', async () => {
    const { errorOf } = setUp({ client: clientOf([ofCertificate('name', NAME)]) })
    expect(await errorOf(certificateOf(ownMade, SELF_SIGNED))).toMatchObject(
      refused('certificate_untrusted', { problem: 'self_signed', registered: NAME }),
    )
  })

  test.each(['tls_client_auth', SELF_SIGNED] as const)('that has expired is refused by %s, too', async (method) => {
    const old = await issue({ notAfter: NOW - 1_000, ...(method === 'tls_client_auth' && { issuer: root }) })
    const client = clientOf([ofCertificate('thumbprint', { thumbprint: thumbprint(old) })])
    expect(await setUp({ client }).errorOf(certificateOf(old, method))).toMatchObject({ reason: 'certificate_expired' })
  })

  test.each<[string, Client | undefined, string, object]>([
    ['nobody', undefined, 'unknown_client', {}],
    ['a client without one', clientOf([generated()]), 'no_such_credential', { has: ['secret'] }],
  ])('of %s is refused', async (_name, client, reason, detail) => {
    const { errorOf } = setUp({ ...(client && { client }) })
    expect(await errorOf(certificateOf(issued))).toMatchObject(refused(reason, detail))
  })

  test('that is none of the client’s is refused with both descriptions; ten at most', async () => {
    const registered = Array.from({ length: 12 }, (_, index) => ({ san_dns: `host-${index}.example` }))
    const client = clientOf(registered.map((matcher, index) => ofCertificate(`${index}`, matcher)))
    expect(await setUp({ client }).errorOf(certificateOf(issued))).toMatchObject(
      refused('certificate_mismatch', {
        expected: registered.slice(0, 10),
        received: describeCertificate(present(issued).leaf),
      }),
    )
  })

  test.each<[string, readonly Credential[]]>([
    [
      'a valid one before an expired one',
      [ofCertificate('old', { thumbprint: thumbprint(issued) }, { expiresAt: NOW }), ofCertificate('found', NAME)],
    ],
    [
      'a thumbprint before a name',
      [ofCertificate('name', NAME), ofCertificate('found', { thumbprint: thumbprint(issued) })],
    ],
    [
      'only one that fits',
      [ofCertificate('other', { san_dns: 'a.example' }), ofCertificate('found', NAME, { expiresAt: NOW + 1 })],
    ],
  ])('belongs to the best of several credentials: %s', async (_name, credentials) => {
    for (const inOrder of [credentials, credentials.toReversed()]) {
      const { authenticate } = setUp({ client: clientOf(inOrder) })
      expect(await authenticate(certificateOf(issued))).toMatchObject({ credentialId: 'id of found' })
    }
  })
})
