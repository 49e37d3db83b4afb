import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { SYSTEM } from '../../src/audit/actor.ts'
import type { AuditEvent } from '../../src/audit/event.ts'
import { Checkpoints } from '../../src/audit/proof/checkpoints.ts'
import { openSeal } from '../../src/audit/proof/keys.ts'
import { MasterKey } from '../../src/crypto/master-key.ts'
import type { KeyRows, StoredKey } from '../../src/keys/store.ts'
import { rotateAuditKey } from '../../src/management/audit/rotate-key.ts'
import { verifyAudit } from '../../src/management/audit/verify.ts'
import type { Api } from '../../src/model/api.ts'
import type { Client } from '../../src/model/client.ts'
import { type SecretCredential, toCredentials } from '../../src/model/credentials/credential.ts'
import { Audience, ClientId, CredentialId, DEFAULT_TENANT, Jti, KeyId } from '../../src/oauth/ids.ts'
import type { Clock } from '../../src/platform/clock.ts'
import { systemRandom, uuidv7 } from '../../src/platform/random.ts'
import type { Store } from '../../src/store/tables/sql-store.ts'
import type { Revocation } from '../../src/tokens/revocation/store.ts'
import { ALSO_ISSUED, ISSUED, NONE, type UsageBatch, type UsageCount, type UsageQuery } from '../../src/usage/store.ts'
import { clientWith } from '../harness/client-record.ts'
import { contextOf } from '../harness/management.ts'

export const DAY = 24 * 3600 * 1000

export const api = (audience: string, more: Partial<Api> = {}): Api => ({
  audience: Audience(audience),
  name: undefined,
  scopes: [{ name: 'edit', description: 'Change things' }],
  token: {},
  require: undefined,
  manifest: undefined,
  ...more,
})

export const client = (id: string, more: Partial<Client> = {}): Client =>
  clientWith({ id: ClientId(id), scopes: ['edit'], ...more })

export const secret = (id: string, label: string): SecretCredential => ({
  kind: 'secret',
  retrievable: undefined,
  origin: 'manifest',
  revokedAt: undefined,
  replaces: undefined,
  id: CredentialId(id),
  label,
  hint: 'abcd',
  hash: { kind: 'sha256' as const, digest: Buffer.alloc(32, id).toString('base64url') },
  createdAt: 1,
  expiresAt: undefined,
})

/** One request at the time 0, if nothing else is said. */
export const usageCount = (more: Partial<UsageCount> = {}): UsageCount => ({
  at: 0,
  clientId: ClientId('a'),
  audience: Audience('https://api'),
  credentialId: CredentialId('s'),
  outcome: ISSUED,
  count: 1,
  tokenSeconds: 60,
  ...more,
})

export const usageBatch = (id: number, counts: readonly UsageCount[]): UsageBatch => ({
  id: Buffer.alloc(16, id),
  expiresAt: 2_000 * DAY,
  counts,
})

/** The fields that credentials of all kinds have. */
const life = (id: string, label: string) => {
  const { kind: _, hash: __, retrievable: ___, ...rest } = secret(id, label)
  return rest
}

export const event = (requestId: string, at = 1): AuditEvent => ({
  tenant: DEFAULT_TENANT,
  at,
  type: 'token.issue',
  result: 'success',
  reason: undefined,
  clientId: 'a',
  remoteAddress: '::1',
  requestId,
  traceId: undefined,
  detail: { scope: 'edit' },
})

export const key = (kid: string): StoredKey => ({
  kid: KeyId(kid),
  algorithm: 'ES256',
  state: 'active',
  masterKeyId: 'master',
  activeAt: 1,
  goneAt: undefined,
  publicKey: Buffer.from(`public ${kid}`),
  encryptedPrivateKey: Buffer.from(`private ${kid}`),
  createdAt: 1,
})

/**
 * The contract of every store, for any implementation. @param open opens the same database each time; `destroy` removes
 * it
 */
export function storeContract(
  name: string,
  create: () => Promise<{ open(clock: Clock): Promise<Store>; destroy(): Promise<void> }>,
) {
  describe(`the stores on ${name}`, () => {
    let database: Awaited<ReturnType<typeof create>>
    let now: number
    let one: Store
    /** A second store on the same database, which acts as another process. */
    let other: Store
    beforeEach(async () => {
      now = 1_000 * DAY
      database = await create()
      const clock = { now: () => now, monotonic: () => now }
      one = await database.open(clock)
      other = await database.open(clock)
    })
    afterEach(async () => {
      await one.close()
      await other.close()
      await database.destroy()
    })

    const put = async (store: Store, apis: readonly Api[], clients: readonly Client[], at?: number) => {
      const { version } = await store.model.snapshot([])
      return store.model.commit(version, { apis, clients, event: event('apply', at) })
    }

    test('keep every field of APIs and clients', async () => {
      const full = client('full', {
        name: 'Name',
        description: 'Description',
        owner: 'team',
        tags: ['x', 'y'],
        enabled: false,
        subject: 'svc',
        defaultScopes: ['edit'],
        token: { lifetime: 60, claims: { tenant: 'acme' } },
        metadata: { cost: { centre: 7 } },
        restrictScopes: true,
        grants: [{ api: Audience('https://api.example.com'), scopes: ['read'], defaultScopes: ['read'] }],
        defaultApi: Audience('https://api.example.com'),
        introspects: [Audience('https://vault')],
        authentication: { methods: ['private_key_jwt'], assertionAudience: 'compatible' },
        require: 'certificate_bound',
        manifest: 'payments',
        credentials: toCredentials([
          { ...secret('1', 'a'), expiresAt: 5 },
          {
            ...secret('2', 'b'),
            hash: {
              kind: 'scrypt',
              parameters: { logN: 14, r: 8, p: 5, salt: Buffer.from('salt') },
              digest: Buffer.alloc(32, 9),
            },
            retrievable: { ciphertext: Buffer.from('sealed'), masterKeyId: 'm' },
          },
          { ...life('5', 'certificate'), kind: 'certificate', matcher: { subject_dn: 'CN=a' } },
          {
            ...life('3', 'keys'),
            kind: 'keys',
            source: { jwks: [{ kty: 'OKP', crv: 'Ed25519', x: 'x' }] },
            algorithm: 'EdDSA',
          },
          {
            ...life('4', 'keys by URL'),
            kind: 'keys',
            source: { jwksUri: 'https://keys' },
            algorithm: undefined,
            revokedAt: 7,
            replaces: { id: CredentialId('3'), expiresAt: 9 },
          },
          {
            ...life('6', 'outside'),
            kind: 'federated',
            origin: 'command',
            trust: {
              issuer: 'https://outside',
              audience: ['a', 'b'],
              subject: 's',
              claims: { n: 1 },
              when: 'true',
              maxAge: 5,
            },
          },
        ]),
      })
      const vault = api('https://vault', {
        name: 'Vault',
        owner: 'security',
        manifest: 'vaults',
        scopes: [{ name: 'x' }, { name: 'all', includes: ['x'], common: true, onRequest: true }],
        token: {
          lifetime: 1,
          preset: 'envoy',
          scopeClaims: ['scp'],
          claims: { a: [1] },
          clientClaims: { o: 'owner' },
        },
      })
      expect(await put(one, [vault], [full])).toBe(true)
      expect(await other.directory.loadClient(full.id)).toEqual(full)
      expect(await other.directory.loadApis()).toEqual({ found: [vault], unreadable: [] })
      expect(await other.directory.loadClient(ClientId('nobody'))).toBeUndefined()
    })

    test('list clients’ key sources, page by page and by client', async () => {
      const keysAt = (id: string, jwksUri: string) => ({
        ...life(id, id),
        kind: 'keys' as const,
        source: { jwksUri },
        algorithm: undefined,
      })
      const inline = { ...life('2', '2'), kind: 'keys' as const, source: { jwks: [] }, algorithm: undefined }
      const trusting = (id: string, jwksUri?: string) => ({
        ...life(id, id),
        kind: 'federated' as const,
        trust: { issuer: `https://${id}.example`, audience: 'a', subject: 's', ...(jwksUri && { jwksUri }) },
      })
      const a = [keysAt('1', 'https://a.example/'), inline, secret('3', 'x'), trusting('4')]
      await put(
        one,
        [],
        [
          client('a', { credentials: toCredentials(a) }),
          client('b', { credentials: toCredentials([trusting('5', 'https://b.example/')]) }),
          client('c'),
        ],
      )
      const [ofA, ofB] = [
        [{ jwksUri: 'https://a.example/' }, { issuer: 'https://4.example', jwksUri: undefined }],
        [{ issuer: 'https://5.example', jwksUri: 'https://b.example/' }],
      ]
      const listed: unknown[] = []
      for (let after: string | undefined = '', pages = 0; after !== undefined && pages < 9; pages += 1) {
        const { sources, next } = await other.keySources.list(after, 2)
        listed.push(...sources)
        after = next
      }
      expect(listed).toEqual([...ofA, ...ofB])
      expect(await other.keySources.ofClients([ClientId('a'), ClientId('c'), ClientId('nobody')])).toEqual(ofA)
      expect(await other.keySources.ofClients([])).toEqual([])
    })

    test('know whether any client needs a certificate, or only some', async () => {
      const { certificateUse } = one
      const plain = client('plain', { credentials: toCredentials([secret('1', 'a')]) })
      await put(one, [api('https://api')], [plain])
      expect(await certificateUse.usesCertificates()).toBe(false)
      expect(await certificateUse.usesCertificates([plain.id])).toBe(false)
      const certificate = { ...life('2', 'a'), kind: 'certificate', matcher: { subject_dn: 'CN=a' } } as const
      const having = client('having', { credentials: toCredentials([certificate]) })
      const requiring = client('requiring', { require: 'certificate_bound' })
      const either = client('either', { require: 'sender_constrained' })
      const wanting = client('wanting', { bindsToCertificate: true })
      await put(other, [], [having, requiring, either, wanting, client('proving', { require: 'dpop' })])
      expect(await certificateUse.usesCertificates()).toBe(true)
      const many = Array.from({ length: 1_200 }, (_, index) => ClientId(`nobody ${index}`))
      for (const { id, expected } of [
        { id: plain.id, expected: false },
        { id: having.id, expected: true },
        { id: requiring.id, expected: true },
        { id: either.id, expected: true },
        { id: wanting.id, expected: true },
        { id: ClientId('proving'), expected: false },
      ]) {
        expect(await certificateUse.usesCertificates([...many, id])).toBe(expected)
      }
      expect(await certificateUse.usesCertificates([])).toBe(false)
      await put(other, [api('https://bound', { require: 'certificate_bound' })], [])
      expect(await certificateUse.usesCertificates([])).toBe(true)
    })

    test('replace a client together with all its credentials', async () => {
      await put(one, [], [client('a', { credentials: toCredentials([secret('1', 'x'), secret('2', 'y')]) })])
      const after = client('a', { name: 'A', credentials: toCredentials([secret('3', 'y')]) })
      await put(other, [], [after])
      expect(await one.directory.loadClient(after.id)).toEqual(after)
    })

    test('load a client with any number of credentials, oldest first, then by label', async () => {
      for (const count of [0, 1, 4, 5, 40]) {
        const newestFirst = Array.from({ length: count }, (_, index) => ({
          ...secret(`${count}-${index}`, `label ${index % 2}`),
          createdAt: 100 - Math.floor(index / 2),
        }))
        const id = ClientId(`client-${count}`)
        await put(one, [], [client(id, { credentials: toCredentials(newestFirst) })])
        const loaded = await other.directory.loadClient(id)
        expect(loaded?.credentials.all).toEqual(
          newestFirst.toSorted((a, b) => a.createdAt - b.createdAt || a.label.localeCompare(b.label)),
        )
      }
    })

    test('find a thousand clients at once', async () => {
      const ids = Array.from({ length: 1_200 }, (_, index) => `c${index}`)
      await put(
        one,
        [],
        ids.map((id) => client(id)),
      )
      const { clients } = await other.model.snapshot([...ids, 'nobody'].map(ClientId))
      expect(clients.size).toBe(ids.length)
    })

    test('list APIs in the order in which they were made', async () => {
      await put(one, [api('https://c')], [])
      now += 1
      await put(one, [api('https://b'), api('https://a'), api('https://c', { name: 'changed' })], [])
      const { apis } = await other.model.snapshot([])
      expect([...apis.keys()]).toEqual(['https://c', 'https://a', 'https://b'])
    })

    test('refuse a write that was planned on an outdated model', async () => {
      const { version } = await one.model.snapshot([])
      expect(await put(other, [api('https://a')], [])).toBe(true)
      const writes = { apis: [api('https://b')], clients: [client('b')], event: event('late') }
      expect(await one.model.commit(version, writes)).toBe(false)
      expect((await one.directory.loadApis()).found).toHaveLength(1)
      expect(await one.directory.loadClient(ClientId('b'))).toBeUndefined()
      expect(await one.audit.listEvents({ limit: 10, requestId: 'late' })).toEqual([])
    })

    test('write a model entirely or not at all', async () => {
      const { version } = await one.model.snapshot([])
      const broken = client('b', {
        credentials: toCredentials([{ ...secret('1', 'x'), hint: null as unknown as string }]),
      })
      const writes = { apis: [api('https://a')], clients: [client('a'), broken], event: event('failing') }
      await expect(one.model.commit(version, writes)).rejects.toThrow()
      expect((await other.directory.loadApis()).found).toEqual([])
      expect(await other.directory.loadClient(ClientId('a'))).toBeUndefined()
      expect(await other.changes.latestChange()).toBe(version)
    })

    test('let one of several concurrent writers win each round', async () => {
      const { version } = await one.model.snapshot([])
      const attempts = Array.from({ length: 10 }, (_, index) =>
        (index % 2 === 0 ? one : other).model.commit(version, {
          apis: [],
          clients: [client(`c${index}`)],
          event: event('round'),
        }),
      )
      expect((await Promise.all(attempts)).filter(Boolean)).toHaveLength(1)
    })

    test('change one client together with its event, and lose no concurrent change', async () => {
      await put(one, [], [client('a')])
      const rename = (store: Store, index: number) =>
        store.model.updateClient(ClientId('a'), (before) => ({
          client: client('a', { name: `${before !== undefined && 'name' in before ? (before.name ?? '') : ''}x` }),
          event: event(`rename ${index}`),
        }))
      await Promise.all(Array.from({ length: 6 }, (_, index) => rename(index % 2 === 0 ? one : other, index)))
      expect(await other.directory.loadClient(ClientId('a'))).toMatchObject({ name: 'xxxxxx' })
      const events = await one.audit.listEvents({ limit: 20 })
      expect(events.filter(({ requestId }) => requestId.startsWith('rename'))).toHaveLength(6)

      const since = await one.changes.latestChange()
      const unchanged = { client: client('a', { name: 'never written' }), event: undefined }
      expect(await one.model.updateClient(ClientId('a'), () => unchanged)).toBe(unchanged)
      const refused = one.model.updateClient(ClientId('b'), (before) => {
        expect(before).toBeUndefined()
        throw new Error('there is none')
      })
      await expect(refused).rejects.toThrow('there is none')
      expect(await one.changes.latestChange()).toBe(since)
    })

    test('list changes in order, to every process', async () => {
      const since = await other.changes.latestChange()
      await put(one, [api('https://a')], [client('a')])
      await put(other, [], [client('b')])
      const { latest, mark, changes, missed } = await other.changes.changesSince(since)
      expect(changes).toEqual([
        { kind: 'api', id: 'https://a' },
        { kind: 'client', id: 'a' },
        { kind: 'client', id: 'b' },
      ])
      expect(missed).toBe(false)
      const none = { latest, mark, changes: [], missed: false }
      expect(await other.changes.changesSince(latest)).toEqual(none)
      expect(await one.changes.changesSince(latest, mark)).toEqual(none)
    })

    test('say that changes were missed if one has the number of another, or none has it', async () => {
      await put(one, [], [client('a'), client('b')])
      const { latest, mark } = await other.changes.changesSince(0)
      expect(await other.changes.changesSince(latest, `another ${mark}`)).toEqual({ latest, changes: [], missed: true })
      expect(await other.changes.changesSince(latest + 3, mark)).toEqual({ latest, changes: [], missed: true })
    })

    test('tell the second of two processes that plan the same change of keys that it is done', async () => {
      const addFirst =
        (kid: string) =>
        ({ found }: KeyRows) => ({
          add: found.length === 0 ? [key(kid)] : [],
          put: [],
        })
      await Promise.all([one.keys.updateKeys(addFirst('k1')), other.keys.updateKeys(addFirst('k2'))])
      const { found: keys } = await one.keys.listKeys()
      expect(keys).toHaveLength(1)
      expect([key('k1'), key('k2')]).toContainEqual(keys[0])
      expect((await other.keys.listKeys()).found).toEqual(keys)
    })

    test('change keys, announce the change, and drop removed keys', async () => {
      await one.keys.updateKeys(() => ({ add: [key('k1'), { ...key('k2'), publicKey: undefined }], put: [] }))
      const since = await other.changes.latestChange()
      const retiring = { ...key('k1'), state: 'retiring' as const, goneAt: 9 }
      await one.keys.updateKeys(() => ({ add: [], put: [retiring, { ...key('k2'), state: 'gone' }] }))
      expect((await other.keys.listKeys()).found).toEqual([retiring])
      const { changes } = await other.changes.changesSince(since)
      expect(changes).toEqual([
        { kind: 'key', id: 'k1' },
        { kind: 'key', id: 'k2' },
      ])
      await one.keys.updateKeys(() => ({ add: [], put: [] }))
      expect(await other.changes.changesSince(since)).toMatchObject({ changes: { length: 2 } })
    })

    test('count the fetches of keys, over both processes', async () => {
      const seen = (address: string, at: number, fetches: number) => ({
        address,
        userAgent: 'x',
        firstSeen: at,
        lastSeen: at,
        fetches,
      })
      await one.keys.addFetches([seen('a', now, 2)])
      await other.keys.addFetches([seen('a', now + 5, 3), seen('c', now + 1, 1)])
      expect(await one.keys.listConsumers(0)).toEqual([
        { address: 'a', userAgent: 'x', firstSeen: now, lastSeen: now + 5, fetches: 5 },
        seen('c', now + 1, 1),
      ])
      expect(await one.keys.listConsumers(now + 3)).toHaveLength(1)
    })

    test('forget old fetches of keys, single visitors first, in bounded batches', async () => {
      const seen = (address: string, firstSeen: number, lastSeen: number) => ({
        address,
        userAgent: 'x',
        firstSeen,
        lastSeen,
        fetches: 1,
      })
      const regulars = Array.from({ length: 4 }, (_, at) => seen(`regular ${at}`, now - 2 * DAY, now + at))
      const passers = Array.from({ length: 30 }, (_, at) => seen(`passer ${at}`, now + 10 + at, now + 10 + at))
      await one.keys.addFetches([...regulars, ...passers, seen('gone', now - 50 * DAY, now - 40 * DAY)])
      const limits = { before: now - 30 * DAY, keep: 10 }
      const removed: number[] = []
      do removed.push(await other.keys.pruneConsumers(limits, 9))
      while (removed.at(-1) !== 0)
      expect(removed).toEqual([1, 9, 9, 6, 0])
      const left = (await one.keys.listConsumers(0)).map(({ address }) => address)
      expect(left).toEqual(
        [...passers.slice(24).map(({ address }) => address), ...regulars.map(({ address }) => address)].toSorted(
          (a, b) => order(b) - order(a),
        ),
      )
      function order(address: string): number {
        return [...regulars, ...passers].find((consumer) => consumer.address === address)?.lastSeen ?? 0
      }
    })

    test('keep revocations, and give them to every process in pages', async () => {
      const token = (id: string): Revocation => ({ kind: 'token', id: Jti(id), expiresAt: now + 5 })
      const ofClient: Revocation = { kind: 'client', id: ClientId('a'), issuedBefore: 7, expiresAt: now + 9 }
      await one.revocations.addRevocations([token('1'), ofClient])
      await other.revocations.addRevocations([token('2'), token('1')])
      const first = await other.revocations.revocationsAfter(0, 3)
      expect(first.found).toEqual([token('1'), ofClient, token('2')])
      const rest = await one.revocations.revocationsAfter(first.latest, 3)
      expect(rest.found).toEqual([token('1')])
      const none = { latest: rest.latest, mark: rest.mark, found: [], unreadable: [] }
      expect(await one.revocations.revocationsAfter(rest.latest, 3)).toEqual(none)
      expect(await one.revocations.revocationsAfter(rest.latest, 3, rest.mark)).toEqual(none)
    })

    test('list revocations anew if one has the number of another, or none had it yet', async () => {
      const token = (id: string, expiresAt: number): Revocation => ({ kind: 'token', id: Jti(id), expiresAt })
      await one.revocations.addRevocations([token('1', now + 5), token('2', 5)])
      const { latest, mark } = await other.revocations.revocationsAfter(0, 3)
      const first = await other.revocations.revocationsAfter(0, 1)
      expect(await other.revocations.revocationsAfter(latest, 1, `another ${mark}`)).toEqual(first)
      expect(await other.revocations.revocationsAfter(latest + 3, 1, mark)).toEqual(first)
      // A removed one had its number.
      expect(await one.revocations.pruneRevocations(50, 9)).toBe(1)
      expect(await other.revocations.revocationsAfter(latest, 1, mark)).toEqual({
        latest,
        mark,
        found: [],
        unreadable: [],
      })
    })

    test('tell whether one token is revoked', async () => {
      await one.revocations.addRevocations([
        { kind: 'token', id: Jti('1'), expiresAt: now + 5 },
        { kind: 'client', id: ClientId('a'), issuedBefore: 7, expiresAt: now + 9 },
      ])
      expect(await other.revocations.isTokenRevoked(Jti('1'))).toBe(true)
      expect(await other.revocations.isTokenRevoked(Jti('2'))).toBe(false)
      expect(await other.revocations.isTokenRevoked(Jti('a'))).toBe(false)
    })

    test('remove revocations that no token needs, in bounded batches', async () => {
      const token = (id: string, expiresAt: number): Revocation => ({ kind: 'token', id: Jti(id), expiresAt })
      await one.revocations.addRevocations([token('1', 5), token('2', 6), token('3', 100)])
      expect(await other.revocations.pruneRevocations(50, 1)).toBe(1)
      expect(await other.revocations.pruneRevocations(50, 10)).toBe(1)
      expect((await one.revocations.revocationsAfter(0, 9)).found).toEqual([token('3', 100)])
    })

    test('remember the longest lifetime ever configured', async () => {
      expect(await one.revocations.longestLifetime()).toBe(0)
      await one.revocations.noteLifetime(5_000)
      await other.revocations.noteLifetime(3_000)
      expect(await other.revocations.longestLifetime()).toBe(5_000)
      await put(one, [api('https://a', { token: { lifetime: 60 } })], [client('a', { token: { lifetime: 90 } })])
      await put(one, [api('https://a')], [client('a')])
      expect(await other.revocations.longestLifetime()).toBe(90_000)
    })

    test('list the credentials of a client, oldest first, with their last use', async () => {
      const credentials = [
        { ...secret('2', 'young'), createdAt: 20 },
        { ...secret('1', 'old'), createdAt: 10, expiresAt: 5 },
      ]
      await put(one, [], [client('a', { credentials: toCredentials(credentials) }), client('b')])
      expect((await other.credentials.listCredentials(ClientId('a')))?.found).toEqual([
        { credential: credentials[1], lastUsedAt: undefined },
        { credential: credentials[0], lastUsedAt: undefined },
      ])
      expect((await other.credentials.listCredentials(ClientId('b')))?.found).toEqual([])
      expect(await other.credentials.listCredentials(ClientId('nobody'))).toBeUndefined()
    })

    test('keep the latest use, whichever process reports it', async () => {
      const credentials = toCredentials([secret('1', 'x'), secret('2', 'y'), secret('3', 'z')])
      await put(one, [], [client('a', { credentials })])
      const use = (id: string, at: number) => ({ id: CredentialId(id), at })
      await Promise.all([
        one.credentials.noteUses([use('1', 500), use('2', 100)]),
        other.credentials.noteUses([use('1', 400), use('2', 200), use('removed', 9)]),
      ])
      await one.credentials.noteUses([use('1', 450)])
      await one.credentials.noteUses([])
      const used = async (store: Store) =>
        (await store.credentials.listCredentials(ClientId('a')))?.found.map(({ lastUsedAt }) => lastUsedAt)
      expect(await used(one)).toEqual([500, 200, undefined])
      expect(await used(other)).toEqual([500, 200, undefined])
      // A change of a client keeps the recorded uses of its credentials.
      await put(one, [], [client('a', { name: 'A', credentials })])
      expect(await used(one)).toEqual([500, 200, undefined])
    })

    test('find a generated secret by the start of its digest', async () => {
      const digest = Buffer.alloc(32, 255).toString('base64url')
      const all = [secret('1', 'x'), { ...secret('2', 'y'), hash: { kind: 'sha256' as const, digest } }]
      await put(one, [], [client('a'), client('b', { credentials: toCredentials(all) })])
      expect(await other.credentials.findSecret(digest.slice(0, 16))).toMatchObject({
        clientId: 'b',
        credential: { id: '2', label: 'y' },
      })
      // `_` is a letter of base64url, and any character in a pattern of SQL.
      for (const start of [`_x${digest.slice(2, 16)}`, 'x'.repeat(16), '_'.repeat(15).concat('A'), '%']) {
        expect(await other.credentials.findSecret(start)).toBeUndefined()
      }
    })

    test('change the credentials of a client, announce the change, and record it', async () => {
      await put(
        one,
        [],
        [client('a', { credentials: toCredentials([secret('1', 'x'), secret('2', 'y')]) }), client('b')],
      )
      const since = await other.changes.latestChange()
      const writes = { put: [{ ...secret('1', 'x'), revokedAt: 7 }, secret('3', 'z')], remove: [CredentialId('2')] }
      let seen: readonly unknown[] = []
      const written = await one.model.updateCredentials(ClientId('a'), ({ credentials }) => {
        seen = credentials.all
        return { writes, event: event('change') }
      })
      expect(written).toMatchObject({ writes })
      expect(seen).toEqual([secret('1', 'x'), secret('2', 'y')])
      expect((await other.directory.loadClient(ClientId('a')))?.credentials.all).toEqual(writes.put)
      expect(await other.audit.listEvents({ limit: 9, requestId: 'change' })).toHaveLength(1)
      expect((await other.changes.changesSince(since)).changes).toEqual([{ kind: 'client', id: 'a' }])
    })

    test('keep what operators ended: one credential per label, without its secret', async () => {
      const kept = { ciphertext: Buffer.from('sealed'), masterKeyId: 'm' }
      const scrypt = {
        kind: 'scrypt' as const,
        parameters: { logN: 14, r: 8, p: 5, salt: Buffer.from('salt') },
        digest: Buffer.alloc(32, 9),
      }
      const removed = { ...secret('1', 'x'), hash: scrypt, retrievable: kept }
      await put(
        one,
        [],
        [client('a', { enabled: false, ended: { disabledAt: 5 }, credentials: toCredentials([removed]) })],
      )
      const remove = (credential: SecretCredential) =>
        one.model.updateCredentials(ClientId('a'), () => ({
          writes: { put: [], remove: [credential.id], keepAway: credential },
          event: event('remove'),
        }))
      await remove(removed)
      const ended = {
        disabledAt: 5,
        credentials: [{ removedAt: now, credential: { ...removed, retrievable: undefined } }],
      }
      expect(await other.directory.loadClient(ClientId('a'))).toEqual(client('a', { enabled: false, ended }))
      await remove({ ...secret('2', 'y') })
      await remove({ ...secret('3', 'x') })
      const { clients } = await other.model.snapshot([ClientId('a')])
      expect(
        clients.get(ClientId('a'))?.ended?.credentials?.map(({ credential: { id, label } }) => [id, label]),
      ).toEqual([
        ['2', 'y'],
        ['3', 'x'],
      ])
      await put(one, [], [client('a')])
      expect(await other.directory.loadClient(ClientId('a'))).toEqual(client('a'))
    })

    test('give a manifest the clients, and the last uses of credentials', async () => {
      const ids = Array.from({ length: 600 }, (_, at) => CredentialId(`${at}`))
      const credentials = toCredentials(ids.map((id) => secret(id, `of ${id}`)))
      await put(one, [], [client('a', { credentials }), client('b'), client('c')])
      await one.credentials.noteUses(ids.slice(0, 599).map((id, at) => ({ id, at })))
      const uses = await other.model.lastUses(ids)
      expect([uses.size, uses.get(CredentialId('598')), uses.get(CredentialId('599'))]).toEqual([599, 598, undefined])
      expect(await other.model.lastUses([])).toEqual(new Map())
      const listed = await other.model.listClients('a', 1)
      expect(listed).toEqual([client('b')])
    })

    test('lose no change when processes change the credentials of a client at once', async () => {
      await put(one, [], [client('a')])
      await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          (index % 2 === 0 ? one : other).model.updateCredentials(
            ClientId('a'),
            ({ credentials: { all: credentials } }) => {
              // Each process writes the credentials that it read, and one more.
              const labelled = { ...secret(`${index}`, `after ${credentials.length}`), createdAt: index }
              return { writes: { put: [...credentials, labelled], remove: [] }, event: event(`change ${index}`) }
            },
          ),
        ),
      )
      const all = (await one.credentials.listCredentials(ClientId('a')))?.found ?? []
      const labels = all.map(({ credential }) => credential.label)
      expect(labels.toSorted()).toEqual(Array.from({ length: 20 }, (_, count) => `after ${count}`).toSorted())
      expect(await other.audit.listEvents({ limit: 99 })).toHaveLength(21)
    })

    test('write nothing if the plan for credentials throws, or if the client is unknown', async () => {
      const before = client('a', { credentials: toCredentials([secret('1', 'x')]) })
      await put(one, [], [before])
      const since = await one.changes.latestChange()
      const refusal = new Error('no')
      await expect(
        one.model.updateCredentials(before.id, () => {
          throw refusal
        }),
      ).rejects.toBe(refusal)
      const broken = { ...secret('2', 'y'), hint: null as unknown as string }
      await expect(
        one.model.updateCredentials(before.id, () => ({
          writes: { put: [secret('3', 'z'), broken], remove: [CredentialId('1')] },
          event: event('broken'),
        })),
      ).rejects.toThrow()
      let planned = false
      const none = await one.model.updateCredentials(ClientId('nobody'), () => {
        planned = true
        return { writes: { put: [secret('4', 'w')], remove: [] }, event: event('nobody') }
      })
      expect({ none, planned }).toEqual({ none: undefined, planned: false })
      expect(await other.directory.loadClient(before.id)).toEqual(before)
      expect(await one.changes.latestChange()).toBe(since)
      expect((await one.audit.listEvents({ limit: 9 })).map(({ requestId }) => requestId)).toEqual(['apply'])
      // A transaction that was rolled back holds no locks.
      await other.model.updateCredentials(before.id, () => ({
        writes: { put: [], remove: [CredentialId('1')] },
        event: event('after'),
      }))
      expect((await one.credentials.listCredentials(before.id))?.found).toEqual([])
    })

    test('list active credentials that will expire, soonest first', async () => {
      const credentials = toCredentials([
        { ...secret('late', 'late'), expiresAt: now + 9 },
        { ...secret('soon', 'soon'), expiresAt: now + 1 },
        { ...secret('now', 'now'), expiresAt: now },
        { ...secret('revoked', 'revoked'), expiresAt: now + 5, revokedAt: 1 },
        { ...secret('never', 'never') },
        { ...secret('far', 'far'), expiresAt: now + 11 },
      ])
      await put(one, [], [client('a', { credentials })])
      const labels = async (most: number) =>
        (await other.credentials.listExpiring(now, now + 10, most)).found.map(({ clientId, credential }) => [
          clientId,
          credential.label,
        ])
      expect(await labels(10)).toEqual([
        ['a', 'soon'],
        ['a', 'late'],
      ])
      expect(await labels(1)).toEqual([['a', 'soon']])
    })

    test('let one process warn of an expiry, for each number of days, nearer ones last', async () => {
      const expiring = { ...secret('1', 'x'), expiresAt: now + 9 }
      const put1 = (more = {}) =>
        put(one, [], [client('a', { credentials: toCredentials([{ ...expiring, ...more }]) })])
      await put1()
      const claim = (store: Store, days: number) => store.credentials.claimWarning(CredentialId('1'), days)
      const atOnce = (days: number) =>
        Promise.all(Array.from({ length: 10 }, (_, index) => claim(index % 2 === 0 ? one : other, days)))
      expect((await atOnce(30)).filter(Boolean)).toHaveLength(1)
      expect((await atOnce(7)).filter(Boolean)).toHaveLength(1)
      expect(await claim(one, 30)).toBe(false)
      expect(await claim(other, 7)).toBe(false)
      // The warning stays recorded as long as the expiry is the same.
      await put1({ label: 'renamed' })
      expect(await claim(other, 7)).toBe(false)
      await put1({ expiresAt: now + 20 })
      expect(await claim(other, 30)).toBe(true)
      expect(await one.credentials.claimWarning(CredentialId('removed'), 7)).toBe(false)
    })

    test('replace a secret by its new encryption only if the old one is still there', async () => {
      const sealed = (text: string, masterKeyId = 'old') => ({ ciphertext: Buffer.from(text), masterKeyId })
      const readable = { ...secret('1', 'x'), retrievable: sealed('before') }
      await put(one, [], [client('a', { credentials: toCredentials([readable, secret('2', 'y')]) })])
      expect((await other.credentials.listRetrievable()).found).toEqual([{ clientId: 'a', credential: readable }])
      let since = await other.changes.latestChange()
      await one.credentials.replaceRetrievable(
        readable.id,
        sealed('something else'),
        sealed('after'),
        event('rewrapped'),
      )
      expect((await other.credentials.listRetrievable()).found).toEqual([{ clientId: 'a', credential: readable }])
      expect(await other.changes.latestChange()).toBe(since)
      const renewed = sealed('after', 'new')
      const replace = () =>
        one.credentials.replaceRetrievable(readable.id, sealed('before'), renewed, event('rewrapped'))
      await expect(replace()).rejects.toThrow(/is encrypted under the master key old; the one given is new/)
      expect((await other.credentials.listRetrievable()).found).toEqual([{ clientId: 'a', credential: readable }])
      expect(await one.keys.replaceMasterKey('old', 'new', event('replace'))).toBe(true)
      since = await other.changes.latestChange()
      await replace()
      expect((await other.credentials.listRetrievable()).found).toEqual([
        { clientId: 'a', credential: { ...readable, retrievable: renewed } },
      ])
      expect((await other.changes.changesSince(since)).changes).toEqual([{ kind: 'client', id: 'a' }])
      expect(await other.audit.listEvents({ limit: 9, requestId: 'rewrapped' })).toHaveLength(1)
    })

    test('replace a hash only if it is still there, and nothing else of the credential', async () => {
      const before = { ...secret('1', 'x'), expiresAt: 5 }
      const hash = { kind: 'sha256', digest: Buffer.alloc(32, 'after').toString('base64url') } as const
      const after = { ...before, hash, imported: 'digest of the imported hash' }
      await put(one, [], [client('a', { credentials: toCredentials([before]) })])
      const since = await other.changes.latestChange()
      expect(await one.credentials.replaceHash(after, before, event('replaced'))).toBe(false)
      expect(await other.changes.latestChange()).toBe(since)
      expect(await one.credentials.replaceHash(before, after, event('replaced'))).toBe(true)
      expect((await other.directory.loadClient(ClientId('a')))?.credentials.all).toEqual([after])
      expect((await other.changes.changesSince(since)).changes).toEqual([{ kind: 'client', id: 'a' }])
      expect(await other.audit.listEvents({ limit: 9, requestId: 'replaced' })).toHaveLength(1)
    })

    test('forget a retrievable secret, and nothing else of the credential', async () => {
      const retrievable = { ciphertext: Buffer.from('sealed'), masterKeyId: 'm' }
      const kept = { ...secret('1', 'x'), expiresAt: 5, retrievable }
      await put(one, [], [client('a', { credentials: toCredentials([kept]) })])
      const since = await other.changes.latestChange()
      const forget = (ciphertext: string) => {
        const before = { ciphertext: Buffer.from(ciphertext), masterKeyId: 'm' }
        return one.credentials.forgetRetrievable(kept.id, before, event('forgotten'))
      }
      expect(await forget('something else')).toBe(false)
      expect(await other.changes.latestChange()).toBe(since)
      expect(await forget('sealed')).toBe(true)
      expect((await other.directory.loadClient(ClientId('a')))?.credentials.all).toEqual([
        { ...kept, retrievable: undefined },
      ])
      expect((await other.changes.changesSince(since)).changes).toEqual([{ kind: 'client', id: 'a' }])
      expect(await other.audit.listEvents({ limit: 9, requestId: 'forgotten' })).toHaveLength(1)
    })

    test('keep one master key in use, from the first encryption until it is replaced', async () => {
      expect(await one.keys.masterKeyInUse()).toBeUndefined()
      const add = (store: Store, kid: string, masterKeyId: string) =>
        store.keys.updateKeys(() => ({ add: [{ ...key(kid), masterKeyId }], put: [], events: [event(kid)] }))
      const outcomes = await Promise.allSettled([add(one, 'k1', 'm1'), add(other, 'k2', 'm2')])
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      const { found, masterKeyId: inUse = '' } = await other.keys.listKeys()
      expect(found.map(({ masterKeyId }) => masterKeyId)).toEqual([inUse])
      expect(await one.audit.listEvents({ limit: 9 })).toHaveLength(1)

      const retrievable = { ciphertext: Buffer.from('sealed'), masterKeyId: 'm3' }
      const stray = client('a', { credentials: toCredentials([{ ...secret('1', 'x'), retrievable }]) })
      await expect(put(one, [api('https://a')], [stray])).rejects.toThrow(/the one given is m3/)
      expect((await other.directory.loadApis()).found).toEqual([])

      const since = await other.changes.latestChange()
      expect(await one.keys.replaceMasterKey('another', 'm3', event('late'))).toBe(false)
      expect(await other.changes.latestChange()).toBe(since)
      expect(await one.keys.replaceMasterKey(inUse, 'm3', event('replaced'))).toBe(true)
      expect(await other.keys.masterKeyInUse()).toBe('m3')
      expect((await other.changes.changesSince(since)).changes).toEqual([{ kind: 'key', id: 'm3' }])
      expect(await one.audit.listEvents({ limit: 9, requestId: 'replaced' })).toHaveLength(1)
      expect(await put(one, [], [stray])).toBe(true)
      // Other writes to the row leave the old ciphertext as it is.
      expect(await one.keys.replaceMasterKey('m3', 'm4', event('again'))).toBe(true)
      const revoked = { ...secret('1', 'x'), retrievable, revokedAt: 7 }
      expect(await put(other, [], [client('a', { credentials: toCredentials([revoked]) })])).toBe(true)
      const before = { ciphertext: Buffer.from(`private ${found[0]?.kid}`), masterKeyId: inUse }
      const kid = found[0]?.kid ?? KeyId('')
      const replace = (...[old, young]: [typeof retrievable, typeof retrievable]) =>
        one.keys.replaceEncrypted(kid, old, young, event('rewrapped'))
      expect(await replace(retrievable, { ...retrievable, masterKeyId: 'm4' })).toBe(false)
      await expect(replace(before, retrievable)).rejects.toThrow(/the one given is m3/)
      expect(await replace(before, { ...retrievable, masterKeyId: 'm4' })).toBe(true)
      expect(await one.audit.listEvents({ limit: 9, requestId: 'rewrapped' })).toHaveLength(1)
    })

    test('tell only one of several processes that it is the first to mark a use', async () => {
      const mark = (index: number) => ({ id: Buffer.alloc(16, index), expiresAt: now })
      const marks = Array.from({ length: 50 }, (_, index) => mark(index))
      const added = await Promise.all(
        Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? one : other).replay.addMarks(marks)),
      )
      expect(
        added
          .flat()
          .map((id) => id[0])
          .toSorted((a = 0, b = 0) => a - b),
      ).toEqual(marks.map((_, index) => index))
      expect(await other.replay.addMarks([mark(7), mark(50)])).toEqual([mark(50).id])
    })

    test('forget marks that have expired, in bounded batches', async () => {
      const marks = Array.from({ length: 1_200 }, (_, index) => {
        const id = Buffer.alloc(16)
        id.writeUInt32BE(index)
        return { id, expiresAt: index < 1_150 ? 99 : 100 }
      })
      for (let from = 0; from < marks.length; from += 250) await one.replay.addMarks(marks.slice(from, from + 250))
      expect(await other.replay.pruneMarks(100, 1_000)).toBe(1_000)
      expect(await other.replay.pruneMarks(100, 1_000)).toBe(150)
      expect(await other.replay.pruneMarks(100, 1_000)).toBe(0)
      // A forgotten mark is new again; the others are not.
      expect(await one.replay.addMarks([marks[0], marks[1_199]].flatMap((mark) => mark ?? []))).toEqual([marks[0]?.id])
    })

    test('keep audit events in order when both processes write at once', async () => {
      const batch = (prefix: string, size: number) =>
        Array.from({ length: size }, (_, index) => event(`${prefix}${index}`))
      await Promise.all([one.audit.append(batch('x', 1_000)), other.audit.append(batch('y', 147))])
      const events = await one.audit.listEvents({ limit: 10_000 })
      expect(events).toHaveLength(1_147)
      expect(events.map(({ seq }) => seq)).toEqual(events.map(({ seq }) => seq).toSorted((a, b) => a - b))
      expect(events.filter(({ requestId }) => requestId.startsWith('x')).map(({ requestId }) => requestId)).toEqual(
        batch('x', 1_000).map(({ requestId }) => requestId),
      )
      const { seq: _, ...first } = events.find(({ requestId }) => requestId === 'y0') ?? { seq: 0 }
      expect(first).toEqual(event('y0'))
      const change = { thing: 'key', id: 'k1', before: { state: 'pending' }, after: { state: 'active' } } as const
      const changed: AuditEvent = { ...event('z'), actor: SYSTEM, changes: { things: [change], others: 2 } }
      await one.audit.append([changed])
      expect(await other.audit.listEvents({ limit: 1 })).toMatchObject([changed])
    })

    test('keep each audit event as it is, whichever values it shares with others of its batch', async () => {
      const plain = event('shared')
      const others: readonly Partial<AuditEvent>[] = [
        {},
        { changes: { things: [], others: 1 } },
        { actor: SYSTEM },
        { type: 'token.revoke' },
        { result: 'refused' },
        { reason: 'scope_invalid' },
        { traceId: '0af7651916cd43dd8448eb211c80319c' },
        { clientId: 'zoë' },
        { remoteAddress: undefined },
        { detail: { scope: '语言' } },
      ]
      // In batches that need one statement, and several.
      const batches = others.flatMap((other) =>
        [1, 4, 21].map((size) =>
          Array.from({ length: size }, (_, index) => (index === size - 1 ? { ...plain, ...other } : plain)),
        ),
      )
      for (const batch of batches) await one.audit.append(batch)
      const stored = await other.audit.listEvents({ limit: 1_000 })
      expect(stored.map(({ seq, ...rest }) => rest)).toEqual(
        batches.flat().map((sent) => expect.objectContaining(sent)),
      )
      expect(stored).toHaveLength(260)
    })

    test('chain audit events while processes write, change, sign and remove at once', async () => {
      const master = new MasterKey(Buffer.alloc(32, 7), systemRandom)
      const clock = { now: () => now, monotonic: () => now }
      const sign = async (store: Store) => {
        const seal = openSeal(await store.proof.listKeys(), master)
        if ('problem' in seal) throw new Error(seal.problem)
        store.proof.signWith(seal)
        const checkpoints = new Checkpoints({
          ...{ store: store.proof, masterKey: master, clock, random: systemRandom, retention: DAY },
          ...{ written: () => 0, onCheckpoint: () => {}, onError: () => {} },
        })
        await checkpoints.sign()
      }
      const odd = { clientId: 'a\0\ud800\u{1f600}', detail: { text: '\0\ud800é' } }
      const write = async (store: Store, at: number) => {
        const mixed = Array.from({ length: 30 }, (_, index): AuditEvent => ({ ...event(`${index}`, at + 0.5), ...odd }))
        for (const half of [mixed.slice(0, 13), mixed.slice(13)])
          await store.audit.append(half.map((one, index) => (index % 3 === 0 ? { ...one, result: 'refused' } : one)))
      }
      const change = (store: Store, id: string) =>
        store.revocations.addRevocations([{ kind: 'token', id: Jti(id), expiresAt: 1 }], event(id, now))
      await rotateAuditKey({ ...contextOf(one, clock, master) })
      for (const round of ['r', 's', 't']) {
        const both = [one, other].flatMap((store, index) => [
          write(store, round === 'r' ? now - 9 * DAY : now),
          change(store, `${round}${index}`),
          sign(store),
        ])
        await Promise.all(both)
      }
      await Promise.all([one.audit.pruneBefore(now - DAY, 500), other.audit.pruneBefore(now - DAY, 500)])
      const place = await one.audit.oldestRefusalOf(5)
      await Promise.all([one, other].map((store) => store.audit.removeRefusalsBefore(place ?? 0, 500)))
      await sign(one)
      expect(await verifyAudit(contextOf(other, clock, master))).toMatchObject({ faults: [], chains: 5, uncovered: 0 })
    })

    test('find audit events by client, request and position', async () => {
      await one.audit.append([
        event('1'),
        { ...event('2'), clientId: 'b', result: 'refused', reason: 'wrong_secret' },
        event('3'),
      ])
      const [, second] = await other.audit.listEvents({ limit: 3 })
      expect(second).toMatchObject({ requestId: '2', reason: 'wrong_secret' })
      const ids = async (query: Parameters<Store['audit']['listEvents']>[0]) =>
        (await other.audit.listEvents(query)).map(({ requestId }) => requestId)
      expect(await ids({ limit: 2 })).toEqual(['2', '3'])
      expect(await ids({ limit: 9, clientId: 'a' })).toEqual(['1', '3'])
      expect(await ids({ limit: 9, requestId: '2' })).toEqual(['2'])
      expect(await ids({ limit: 9, after: second?.seq })).toEqual(['3'])
    })

    test('find an audit event by a request id that contains its time, at any position', async () => {
      const at = Date.UTC(2030, 0, 1)
      const idAt = (time: number) => uuidv7({ now: () => time, monotonic: () => 0 }, systemRandom)
      const spread = Array.from({ length: 400 }, (_, minute) => ({ minute, requestId: idAt(at + minute * 60_000) }))
      await one.audit.append(spread.map(({ minute, requestId }) => ({ ...event(requestId), at: at + minute * 60_000 })))
      // Written an hour and a half after the event.
      const late = idAt(at + 300 * 60_000)
      await one.audit.append([{ ...event(late), at: at + 300 * 60_000 }])
      const find = async (requestId: string) =>
        (await other.audit.listEvents({ limit: 9, requestId })).map((found) => found.requestId)
      for (const index of [0, 1, 200, 398, 399]) {
        const requestId = spread[index]?.requestId ?? ''
        expect(await find(requestId)).toEqual([requestId])
      }
      expect(await find(late)).toEqual([late])
      expect(await find(idAt(at))).toEqual([])
    })

    test('find a refusal by its request id within a summary event', async () => {
      const at = Date.UTC(2030, 0, 1)
      const idAt = (time: number) => uuidv7({ now: () => time, monotonic: () => 0 }, systemRandom)
      const ids = [idAt(at), idAt(at + 20_000), idAt(at + 59_000)]
      const [first = '', second = '', last = ''] = ids
      const refused = { ...event(last), at: at + 59_000, result: 'refused', reason: 'wrong_secret' } as const
      await one.audit.append([
        { ...event(idAt(at)), at },
        { ...refused, detail: { repeated: 3, request_ids: ids } },
        { ...event(idAt(at + 100_000)), at: at + 100_000, detail: { request_ids: ids } },
      ])
      for (const requestId of [first, second, last]) {
        expect(await other.audit.listEvents({ limit: 9, requestId })).toMatchObject([{ requestId: last }])
      }
      expect(await other.audit.listEvents({ limit: 9, requestId: idAt(at) })).toEqual([])
    })

    test('keep the latest refusals, and remove earlier ones in bounded batches', async () => {
      const refused = (id: string) => ({ ...event(id), result: 'refused', reason: 'wrong_secret' }) as const
      const mixed = Array.from({ length: 30 }, (_, at) => [event(`done${at}`), refused(`refused${at}`)]).flat()
      await one.audit.append(mixed)
      expect(await other.audit.oldestRefusalOf(30)).toBe((await one.audit.listEvents({ limit: 59 }))[0]?.seq)
      expect(await other.audit.oldestRefusalOf(31)).toBeUndefined()
      const place = (await other.audit.oldestRefusalOf(10)) ?? 0
      const removed = []
      do removed.push(await other.audit.removeRefusalsBefore(place, 9))
      while (removed.at(-1) !== 0)
      expect(removed).toEqual([9, 9, 2, 0])
      const left = (await one.audit.listEvents({ limit: 99 })).map(({ requestId }) => requestId)
      expect(left.filter((id) => id.startsWith('done'))).toHaveLength(30)
      expect(left.filter((id) => id.startsWith('refused'))).toEqual(
        Array.from({ length: 10 }, (_, at) => `refused${at + 20}`),
      )
    })

    test('prune old audit events in bounded batches', async () => {
      await one.audit.append([
        ...Array.from({ length: 25 }, (_, index) => event(`old${index}`, 100)),
        event('new', 200),
      ])
      expect(await other.audit.pruneBefore(150, 10)).toBe(10)
      expect(await other.audit.pruneBefore(150, 100)).toBe(15)
      expect(await other.audit.pruneBefore(150, 100)).toBe(0)
      expect((await one.audit.listEvents({ limit: 9 })).map(({ requestId }) => requestId)).toEqual(['new'])
    })

    describe('usage', () => {
      const HOUR = 3_600_000
      const since = (resolution: UsageQuery['resolution'], filter: UsageQuery['filter'] = {}): UsageQuery => ({
        resolution,
        since: 0,
        until: 10 * DAY,
        filter,
      })
      const [a, b] = [ClientId('a'), ClientId('b')]
      const other1 = { audience: Audience('https://other'), credentialId: CredentialId('t') }
      /** Every sum, without order. */
      const sums = async (query: UsageQuery, by: Parameters<Store['usage']['sums']>[1]) =>
        (await other.usage.sums(query, by)).map((sum) => JSON.stringify(sum)).sort()
      const is = (...expected: object[]) => expected.map((sum) => JSON.stringify(sum)).sort()

      test('adds up counts of several processes by minute, hour and day', async () => {
        const [first, second] = [DAY - 60_000, DAY]
        await one.usage.add(usageBatch(1, [usageCount({ at: first, count: 2 }), usageCount({ at: second })]))
        await other.usage.add(usageBatch(2, [usageCount({ at: first, count: 3, tokenSeconds: 1 })]))
        const issued = { outcome: ISSUED }
        expect(await sums(since('minute'), ['at'])).toEqual(
          is(
            { at: first, ...issued, count: 5, tokenSeconds: 61 },
            { at: second, ...issued, count: 1, tokenSeconds: 60 },
          ),
        )
        expect(await sums(since('hour'), ['at'])).toEqual(
          is(
            { at: DAY - HOUR, ...issued, count: 5, tokenSeconds: 61 },
            { at: DAY, ...issued, count: 1, tokenSeconds: 60 },
          ),
        )
        expect(await sums(since('day'), ['at'])).toEqual(
          is({ at: 0, ...issued, count: 5, tokenSeconds: 61 }, { at: DAY, ...issued, count: 1, tokenSeconds: 60 }),
        )
      })

      test('adds a batch once, even if two processes write it at the same time', async () => {
        const batch = usageBatch(1, [usageCount()])
        await Promise.all([one.usage.add(batch), other.usage.add(batch)])
        await one.usage.add(batch)
        expect(await sums(since('day'), [])).toEqual(is({ outcome: ISSUED, count: 1, tokenSeconds: 60 }))
      })

      test('adds all of a batch or nothing', async () => {
        const broken = usageBatch(1, [usageCount(), usageCount({ clientId: b, count: Number.NaN })])
        await expect(one.usage.add(broken)).rejects.toThrow(RangeError)
        expect(await sums(since('day'), [])).toEqual([])
        await one.usage.add(usageBatch(1, [usageCount()]))
        expect(await sums(since('day'), [])).toHaveLength(1)
      })

      test('adds the batches of processes that write the same rows at once, in whatever order', async () => {
        const counts = Array.from({ length: 250 }, (_, n) =>
          usageCount({ clientId: ClientId(`c${n % 125}`), at: n * 60_000 }),
        )
        await Promise.all(
          [1, 2, 3, 4].map((id) => {
            const store = id % 2 === 0 ? one : other
            return store.usage.add(usageBatch(id, id > 2 ? counts : counts.toReversed()))
          }),
        )
        expect(await sums(since('day'), [])).toEqual(is({ outcome: ISSUED, count: 1_000, tokenSeconds: 60_000 }))
      })

      test('are grouped and filtered by client, API, credential, time and owner', async () => {
        await put(one, [], [client('a', { owner: 'team' }), client('b', { owner: 'others' })], 0)
        const none = { credentialId: NONE, audience: NONE, clientId: NONE } as const
        await one.usage.add(
          usageBatch(1, [
            usageCount(),
            usageCount({ ...other1, outcome: ALSO_ISSUED }),
            usageCount({ clientId: b, outcome: 'wrong_secret', credentialId: NONE, tokenSeconds: 0 }),
            usageCount({ ...none, count: 7 }),
            usageCount({ at: 2 * DAY, count: 9 }),
          ]),
        )
        const first = { resolution: 'day', since: 0, until: DAY } as const
        const [count, tokenSeconds] = [1, 60]
        expect(await sums({ ...first, filter: {} }, ['client'])).toEqual(
          is(
            { client: '', outcome: ISSUED, count: 7, tokenSeconds },
            { client: 'a', outcome: ISSUED, count, tokenSeconds },
            { client: 'a', outcome: ALSO_ISSUED, count, tokenSeconds },
            { client: 'b', outcome: 'wrong_secret', count, tokenSeconds: 0 },
          ),
        )
        expect(await sums({ ...first, filter: { clients: [a] } }, ['client', 'api', 'credential', 'at'])).toEqual(
          is(
            { at: 0, client: 'a', api: 'https://api', credential: 's', outcome: ISSUED, count, tokenSeconds },
            { at: 0, client: 'a', api: 'https://other', credential: 't', outcome: ALSO_ISSUED, count, tokenSeconds },
          ),
        )
        const filters: [UsageQuery['filter'], object[]][] = [
          [{ owners: ['others', 'nobody'] }, [{ outcome: 'wrong_secret', count, tokenSeconds: 0 }]],
          [{ owners: [] }, []],
          [{ clients: [] }, []],
          [{ owners: ['others'], clients: [a] }, []],
          [{ api: other1.audience }, [{ outcome: ALSO_ISSUED, count, tokenSeconds }]],
          [{ credential: other1.credentialId, clients: [a] }, [{ outcome: ALSO_ISSUED, count, tokenSeconds }]],
        ]
        for (const [filter, expected] of filters) expect(await sums({ ...first, filter }, [])).toEqual(is(...expected))
        const clients = (filter: UsageQuery['filter'], after?: string, most = 9) =>
          other.usage.clientsWith({ ...first, filter }, after, most)
        expect(await clients({})).toEqual(['', 'a', 'b'])
        expect(await clients({}, '', 1)).toEqual(['a'])
        expect(await clients({}, 'a')).toEqual(['b'])
        expect(await clients({ owners: ['others'] })).toEqual(['b'])
        expect(await clients({ owners: [] })).toEqual([])
      })

      test('are those of an owner since its client was created, and those of its present credentials', async () => {
        const at = DAY + HOUR / 2
        await put(one, [], [client('a', { owner: 'team', credentials: toCredentials([secret('own', 'own')]) })], at)
        const refused = { credentialId: NONE, outcome: 'wrong_secret' } as const
        const own = CredentialId('own')
        await one.usage.add(
          usageBatch(1, [
            usageCount({ count: 1 }),
            usageCount({ at: DAY, count: 2 }),
            usageCount({ at, count: 4, credentialId: own }),
            usageCount({ at, count: 8, ...refused }),
            usageCount({ at: DAY + HOUR, count: 16, ...refused }),
            usageCount({ at: 2 * DAY, count: 32 }),
            usageCount({ at, count: 64, clientId: b, credentialId: own }),
          ]),
        )
        const seen = async (resolution: UsageQuery['resolution'], filter: UsageQuery['filter']) =>
          (await other.usage.sums(since(resolution, filter), [])).reduce((sum, { count }) => sum + count, 0)
        expect(await seen('minute', { owners: ['team'] })).toBe(4 + 8 + 16 + 32)
        expect(await seen('hour', { owners: ['team'] })).toBe(4 + 16 + 32)
        expect(await seen('day', { owners: ['team'] })).toBe(4 + 32)
        expect(await seen('day', {})).toBe(127)
      })

      test('keeps sums beyond the largest safe integer, nearly exact', async () => {
        const most = { count: 2 ** 52, tokenSeconds: 2 ** 52 }
        for (const id of [1, 2, 3, 4]) await one.usage.add(usageBatch(id, [usageCount(most)]))
        expect(await sums(since('day'), [])).toEqual(is({ outcome: ISSUED, count: 2 ** 54, tokenSeconds: 2 ** 54 }))
      })

      test('lists intervals with their rows, and removes those dated ahead first, then the oldest', async () => {
        const days = [0, 1, 2, 3_000, 4_000].map((day) => usageCount({ at: day * DAY }))
        await one.usage.add(usageBatch(1, [...days, usageCount({ clientId: b })]))
        const listed = async () => (await other.usage.intervals('day', 0, 9)).map(({ at, rows }) => [at / DAY, rows])
        expect(await listed()).toEqual([
          [0, 2],
          [1, 1],
          [2, 1],
          [3_000, 1],
          [4_000, 1],
        ])
        expect(await other.usage.intervals('day', 1, 2)).toEqual([
          { at: DAY, rows: 1 },
          { at: 2 * DAY, rows: 1 },
        ])
        expect(await other.usage.removeFirst('day', 10 * DAY, 1)).toBe(1)
        expect(await listed()).toEqual([
          [0, 2],
          [1, 1],
          [2, 1],
          [3_000, 1],
        ])
        expect(await other.usage.removeFirst('day', 10 * DAY, 9)).toBe(1)
        expect(await other.usage.removeFirst('day', 10 * DAY, 3)).toBe(3)
        expect(await listed()).toEqual([[2, 1]])
        expect(await other.usage.pruneUsage('day', 2 * DAY, 9)).toBe(0)
        expect(await other.usage.pruneUsage('day', 2 * DAY + 1, 9)).toBe(1)
        expect(await other.usage.removeFirst('day', 10 * DAY, 9)).toBe(0)
        expect(await other.usage.intervals('hour', 0, 9)).toHaveLength(5)
      })
    })

    test('answer a ping', async () => {
      await expect(one.ping()).resolves.toBeUndefined()
    })
  })
}
