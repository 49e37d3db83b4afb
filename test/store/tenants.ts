import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { EventQuery } from '../../src/audit/query.ts'
import { type Credential, toCredentials } from '../../src/model/credentials/credential.ts'
import { Audience, ClientId, CredentialId, DEFAULT_TENANT, Jti, KeyId, TenantId } from '../../src/oauth/ids.ts'
import type { Clock } from '../../src/platform/clock.ts'
import { systemRandom, uuidv7 } from '../../src/platform/random.ts'
import type { Store, TenantStores } from '../../src/store/tables/sql-store.ts'
import { ANNA, account, BOUNDS, request, session } from './administrators.ts'
import { api, client, DAY, event, key, secret, usageBatch, usageCount } from './contract.ts'

const NOW = 1_000 * DAY
const ONE = DEFAULT_TENANT
const OTHER = TenantId('other')

/** Called with the stores of a tenant, and with a number that differs by the tenant. */
type Step = (stores: TenantStores, of: number) => Promise<unknown>
type Steps = { readonly [Name in keyof TenantStores]: { readonly [Method in keyof TenantStores[Name]]: Step } }

const [A, S, API] = [ClientId('a'), CredentialId('s'), Audience('https://a')]
const isFirst = (of: number): boolean => of === 1
const ciphertext = (of: number, text = '') => ({ ciphertext: Buffer.from(`${text}${of}`), masterKeyId: `master ${of}` })
const keepAway = ([credential]: readonly Credential[]) => credential && { keepAway: credential }
const said = (id: string, of: number) => ({ ...event(id, of), detail: { of } })

const USAGE = { resolution: 'day', since: NOW, until: NOW + DAY, filter: {} } as const

/**
 * Every method of the stores of a tenant; one that is missing does not compile. Both tenants have the same ids, and different rows. So
 * whatever one sees or changes of the other makes a difference to what some step returns.
 */
const steps: Steps = {
  model: {
    commit: async ({ model }, of) => {
      const { version } = await model.snapshot([A])
      const kept = { ...secret('s', `label ${of}`), expiresAt: NOW + of * DAY, retrievable: ciphertext(of) }
      const sample = { ...secret('sample', `sample ${of}`), origin: 'sample' as const }
      const trust = { issuer: 'https://issuer', audience: `https://${of}`, subject: String(of) }
      const { hash: _, retrievable: __, ...life } = secret('f', `federated ${of}`)
      const federated = { ...life, kind: 'federated' as const, trust }
      const proof = isFirst(of) ? ('dpop' as const) : undefined
      const clients = [
        client('a', {
          name: `a of ${of}`,
          tags: isFirst(of) ? ['t'] : [],
          owner: isFirst(of) ? 'team' : 'p',
          credentials: toCredentials([kept, sample, federated]),
        }),
        client('b', { enabled: isFirst(of), name: `b of ${of}`, manifest: isFirst(of) ? 'payments' : undefined }),
        client(`only ${of}`, { name: 'alone', subject: `subject ${of}`, bindsToCertificate: !isFirst(of) }),
      ]
      const apis = [
        api('https://gone', { owner: `group ${of}`, manifest: isFirst(of) ? undefined : 'payments' }),
        api(API, { name: `api of ${of}`, token: { lifetime: 60 * of }, require: proof }),
      ]
      return model.commit(version, { apis, clients, event: said('commit', of) })
    },
    snapshot: ({ model }) => model.snapshot([A, ClientId('b'), ClientId('only 1')]),
    updateClient: ({ model }, of) =>
      model.updateClient(ClientId('b'), (before) => {
        if (before === undefined || 'problem' in before) throw new Error('the client cannot be read')
        return { client: { ...before, description: `b again of ${of}` }, event: said('client', of) }
      }),
    listClients: ({ model }) => model.listClients('', 10),
    clientsWithSubject: ({ model }) => model.clientsWithSubject(['subject 1', 'subject 2']),
    lastUses: ({ model }) => model.lastUses([S]),
    listReferences: ({ model }) => model.listReferences('', 10),
    ownedBy: ({ model }) => model.ownedBy('payments', undefined, 10),
    deleteClient: ({ model }, of) =>
      model.deleteClient(ClientId('only 1'), (before, groups) => ({ before, groups, event: said('delete', of) })),
    deleteApi: async ({ model }, of) => {
      const { version } = await model.snapshot([])
      if (!isFirst(of)) return model.listClients('', 10)
      return model.deleteApi(Audience('https://gone'), { version, clients: [A] }, (state) => ({
        ...state,
        clients: state.clients.map((one) => ({
          ...one,
          name: `without ${state.api && 'owner' in state.api ? state.api.owner : ''}`,
        })),
        event: said('delete API', of),
      }))
    },
    updateCredentials: ({ model }, of) =>
      model.updateCredentials(A, ({ credentials: { all } }) => ({
        writes: {
          put: all.filter(({ id }) => id === 's').map((one) => ({ ...one, revokedAt: of })),
          remove: isFirst(of) ? [CredentialId('f')] : [],
          ...keepAway(all.filter(({ id }) => isFirst(of) && id === 'f')),
        },
        event: said('update', of),
      })),
  },
  idempotency: {
    begin: async ({ idempotency }, of) => [
      await idempotency.begin('i', `request ${of}`, NOW, NOW + DAY),
      await idempotency.begin('i', `request ${of}`, NOW, NOW + DAY),
    ],
    complete: async ({ idempotency }, of) => {
      await idempotency.complete('i', { status: 200 + of, location: undefined, etag: undefined, body: '{}' }, NOW + DAY)
      return idempotency.begin('i', 'other', NOW, NOW + DAY)
    },
    release: async ({ idempotency }, of) => {
      await idempotency.release('i')
      return idempotency.begin('i', `again ${of}`, NOW, NOW + DAY)
    },
    prune: ({ idempotency }) => idempotency.prune(1, 10),
  },
  directory: {
    loadClient: ({ directory }) => directory.loadClient(A),
    loadApis: ({ directory }) => directory.loadApis(),
    clientsTrusting: ({ directory }) => directory.clientsTrusting('https://issuer', 10),
  },
  certificateUse: {
    usesCertificates: async ({ certificateUse }) => [
      await certificateUse.usesCertificates(),
      await certificateUse.usesCertificates([A]),
    ],
  },
  keySources: {
    list: ({ keySources }) => keySources.list('', 10),
    ofClients: ({ keySources }) => keySources.ofClients([A]),
  },
  credentials: {
    noteUses: ({ credentials }, of) => credentials.noteUses([{ id: S, at: 10 - of }]),
    listCredentials: ({ credentials }) => credentials.listCredentials(A),
    listExpiring: ({ credentials }) => credentials.listExpiring(NOW, NOW + 10 * DAY, 10),
    listSamples: ({ credentials }) => credentials.listSamples(),
    claimWarning: ({ credentials }, of) => credentials.claimWarning(S, 10 * of),
    findSecret: ({ credentials }) => credentials.findSecret(secret('s', '').hash.digest.toString()),
    listRetrievable: ({ credentials }) => credentials.listRetrievable(),
    replaceHash: ({ credentials }, of) => {
      const before = secret('s', '')
      return credentials.replaceHash(before, { ...before, imported: `imported ${of}` }, said('replace', of))
    },
    replaceRetrievable: ({ credentials }, of) =>
      credentials.replaceRetrievable(S, ciphertext(of), ciphertext(of, 'anew '), said('rewrap', of)),
    forgetRetrievable: async ({ credentials }, of) =>
      isFirst(of) && credentials.forgetRetrievable(S, ciphertext(of, 'anew '), said('forget', of)),
  },
  keys: {
    updateKeys: ({ keys }, of) => {
      const own = { ...key('k'), masterKeyId: `master ${of}`, activeAt: of, encryptedPrivateKey: Buffer.from([of]) }
      return keys.updateKeys(({ found }) => ({
        add: found.length === 0 ? [own, { ...own, kid: KeyId('discarded') }] : [],
        put: found.map((one) => ({ ...one, activeAt: one.activeAt + of })),
        discard: isFirst(of) && found.length > 0 ? [KeyId('discarded')] : [],
        events: [said('keys', of)],
      }))
    },
    listKeys: ({ keys }) => keys.listKeys(),
    masterKeyInUse: ({ keys }) => keys.masterKeyInUse(),
    replaceMasterKey: ({ keys }, of) => keys.replaceMasterKey(`master ${of}`, `master ${of}`, said('master', of)),
    replaceEncrypted: ({ keys }, of) => {
      const before = { ciphertext: Buffer.from([of]), masterKeyId: `master ${of}` }
      return keys.replaceEncrypted(KeyId('k'), before, ciphertext(of, 'key '), said('encrypt', of))
    },
    addFetches: ({ keys }, of) =>
      keys.addFetches([{ address: '::1', userAgent: 'x', firstSeen: NOW, lastSeen: NOW + of, fetches: of }]),
    listConsumers: ({ keys }) => keys.listConsumers(NOW),
    pruneConsumers: ({ keys }) => keys.pruneConsumers({ before: 0, keep: 1 }, 10),
  },
  revocations: {
    addRevocations: ({ revocations }, of) =>
      revocations.addRevocations([
        { kind: 'client', id: A, issuedBefore: of, expiresAt: NOW },
        ...(isFirst(of) ? ([{ kind: 'token', id: Jti('t'), expiresAt: NOW }] as const) : []),
      ]),
    revocationsAfter: ({ revocations }) => revocations.revocationsAfter(0, 10),
    isTokenRevoked: ({ revocations }) => revocations.isTokenRevoked(Jti('t')),
    pruneRevocations: ({ revocations }) => revocations.pruneRevocations(1, 10),
    noteLifetime: ({ revocations }, of) => revocations.noteLifetime(1_000_000 * of),
    longestLifetime: ({ revocations }) => revocations.longestLifetime(),
  },
  accounts: {
    findAccount: ({ accounts }) => accounts.findAccount('anna'),
    listAccounts: ({ accounts }) => accounts.listAccounts('', 10),
    hasAccounts: ({ accounts }) => accounts.hasAccounts(),
    updateAccount: ({ accounts }, of) =>
      accounts.updateAccount(isFirst(of) ? 'anna' : 'bert', (_, { otherAdmins }) => ({
        account: account(isFirst(of) ? 'anna' : 'bert', { displayName: `of ${of}` }),
        ends: isFirst(of) ? ('all' as const) : undefined,
        otherAdmins,
        event: said('account', of),
      })),
    putLink: ({ accounts }, of) =>
      accounts.putLink({ hash: 'h', purpose: 'reset', account: `of ${of}`, expiresAt: NOW + of }, said('link', of)),
    findLink: ({ accounts }) => accounts.findLink('h', NOW),
    hasLink: ({ accounts }, of) => accounts.hasLink(isFirst(of) ? 'reset' : 'set_up', NOW),
  },
  sessions: {
    // The second round finds the ids there already.
    addSession: ({ sessions }, of) =>
      sessions.addSession(session('s'), 2 * of, said('session', of)).catch(() => 'there'),
    findSession: async ({ sessions }) => (await sessions.findSession('hash of s'))?.kind,
    noteSeen: ({ sessions }, of) => sessions.noteSeen('s', of),
    listSessions: async ({ sessions }) => (await sessions.listSessions('account:id of anna')).length,
    endSession: ({ sessions }, of) => sessions.endSession('account:id of anna', 'none', said('end', of)),
    endSessions: async ({ sessions }, of) =>
      isFirst(of) && (await sessions.endSessions('account:id of anna', said('end', of))),
    pruneSessions: ({ sessions }) => sessions.pruneSessions({ now: 0, idleSince: 0 }, 10),
    addRequest: ({ sessions }, of) =>
      sessions.addRequest(request('r'), { ...BOUNDS, most: 5 * of }).catch(() => 'there'),
    findRequest: ({ sessions }) => sessions.findRequest('user r', NOW),
    confirmRequest: ({ sessions }, of) => sessions.confirmRequest('user r', NOW, ANNA, said('confirm', of)),
    findPolledRequest: ({ sessions }) => sessions.findPolledRequest('device r', NOW),
    pruneRequests: ({ sessions }) => sessions.pruneRequests(0, 10),
  },
  fleet: {
    listClients: ({ fleet }) => fleet.listClients({ filter: {}, sort: 'name', most: 10 }),
    readClients: ({ fleet }) => fleet.readClients({ filter: {}, sort: 'name', most: 10 }),
    countClients: async ({ fleet }) => {
      const filters = [
        {},
        { search: 'a' },
        { tag: 't' },
        { owners: ['o'] },
        { expiresBefore: NOW + DAY, kind: 'secret' },
      ] as const
      return Promise.all(filters.map((filter) => fleet.countClients(filter)))
    },
    listCredentials: ({ fleet }) => fleet.listCredentials({ filter: { client: A }, sort: 'expiry', most: 10 }),
    countCredentials: ({ fleet }) => fleet.countCredentials({ state: 'revoked' }),
    passExpiries: ({ fleet }) => fleet.passExpiries(10),
  },
  groups: {
    updateGroup: ({ groups }, of) =>
      groups.updateGroup('g', (_, owned) => {
        const permissions = isFirst(of) ? (['view'] as const) : (['edit'] as const)
        const members = [{ kind: 'client', id: 'a', permissions } as const]
        return { group: { name: 'g', description: `group of ${of}`, members }, event: said('group', of), owned }
      }),
    loadGroup: ({ groups }) => groups.loadGroup('g'),
    listGroups: ({ groups }) => groups.listGroups('', 10),
    groupsOf: ({ groups }) => groups.groupsOf([{ kind: 'client', id: 'a' }]),
  },
  replay: {
    addMarks: ({ replay }) => replay.addMarks([{ id: Buffer.alloc(16, 1), expiresAt: NOW }]),
    pruneMarks: ({ replay }) => replay.pruneMarks(1, 10),
  },
  changes: {
    latestChange: ({ changes }) => changes.latestChange(),
    changesSince: ({ changes }) => changes.changesSince(0),
  },
  usage: {
    add: ({ usage }, of) => usage.add(usageBatch(of, [usageCount({ at: NOW, count: of, tokenSeconds: 60 * of })])),
    sums: async ({ usage }) => [
      await usage.sums(USAGE, ['at', 'client', 'api', 'credential']),
      await usage.sums({ ...USAGE, filter: { owners: ['team'] } }, []),
    ],
    clientsWith: ({ usage }) => usage.clientsWith(USAGE, undefined, 10),
    intervals: ({ usage }) => usage.intervals('minute', 0, 10),
    pruneUsage: ({ usage }, of) => usage.pruneUsage('hour', isFirst(of) ? NOW + DAY : 0, 10),
    removeFirst: async ({ usage }, of) => (isFirst(of) ? usage.removeFirst('minute', NOW, 10) : 0),
  },
  audit: {
    listEvents: async ({ audit }) => {
      const lists = [{ limit: 20 }, { limit: 20, clientId: 'a' }, { limit: 20, requestId: 'update' }]
      const found = await Promise.all(lists.map((query) => audit.listEvents(query)))
      // The place in the log is the one number that all tenants share.
      return found.map((events) => events.map(({ seq: _, tenant: __, ...rest }) => rest))
    },
    queryEvents: async ({ audit }) => {
      const queries: EventQuery[] = [
        { limit: 20 },
        { limit: 20, from: { after: 0 } },
        { limit: 20, clientIds: ['a'], owners: ['team'] },
        { limit: 20, credential: '1' },
        { limit: 20, requestId: 'update' },
      ]
      const found = await Promise.all(queries.map((query) => audit.queryEvents(query)))
      return found.map(({ events }) => events.map(({ seq: _, tenant: __, ...rest }) => rest))
    },
  },
}

const everyStep = Object.values(steps).flatMap((methods) => Object.entries<Step>(methods))
/** The second round finds what the first has left. */
const rounds = [...everyStep, ...everyStep]

/** Calls every method of the stores of a tenant. */
export async function callAll(stores: TenantStores): Promise<void> {
  for (const [, step] of rounds) await step(stores, 1)
}

/**
 * Tenants with the same ids in one database see and change their own rows only.
 * @param create as for `storeContract`
 */
export function tenantsContract(
  name: string,
  create: () => Promise<{ open(clock: Clock): Promise<Store>; destroy(): Promise<void> }>,
) {
  describe(`two tenants on ${name}`, () => {
    const clock = { now: () => NOW, monotonic: () => NOW }
    const databases: Awaited<ReturnType<typeof create>>[] = []
    let store: Store
    const open = async () => {
      const database = await create()
      databases.push(database)
      return database.open(clock)
    }
    beforeEach(async () => {
      store = await open()
    })
    afterEach(async () => {
      await store.close()
      for (const database of databases.splice(0)) await database.destroy()
    })

    /** The results of each step for the tenants, one after the other. */
    async function run(db: Store, tenants: readonly TenantId[]) {
      const results = new Map<TenantId, unknown[]>(tenants.map((tenant) => [tenant, []]))
      for (const [method, step] of rounds) {
        for (const tenant of tenants) {
          const result = await step(db.of(tenant), tenant === ONE ? 1 : 2)
          results.get(tenant)?.push([method, result])
        }
      }
      return results
    }

    test.each([
      ['the default one first', [ONE, OTHER]],
      ['the default one last', [OTHER, ONE]],
    ])('each step returns what it does where there is one tenant alone: %s', async (_name, tenants) => {
      const together = await run(store, tenants)
      for (const tenant of tenants) {
        const alone = await open()
        expect(together.get(tenant)).toEqual((await run(alone, [tenant])).get(tenant))
        await alone.close()
      }
    })

    test('nothing is seen by a third', async () => {
      await run(store, [ONE, OTHER])
      const third = store.of(TenantId('third'))
      expect(await third.model.listClients('', 10)).toEqual([])
      expect((await third.keys.listKeys()).found).toEqual([])
      expect(await third.changes.changesSince(0)).toEqual({ latest: 0, changes: [], missed: false })
      expect(await third.audit.listEvents({ limit: 10 })).toEqual([])
    })

    test('the stores of the default one are those that are named without a tenant', async () => {
      await run(store, [ONE, OTHER])
      expect(await store.directory.loadClient(A)).toEqual(await store.of(ONE).directory.loadClient(A))
      expect(await store.directory.loadClient(A)).toMatchObject({ name: 'without group 1' })
    })

    test('events are kept under the tenant that they name, and found by their ids and in those that stand for several', async () => {
      const [first, last] = [uuidv7(clock, systemRandom), uuidv7(clock, systemRandom)]
      const several = { ...event(last, NOW), result: 'refused' as const, detail: { request_ids: [first, last] } }
      await store.audit.append([
        { ...several, tenant: OTHER },
        { ...event('r', NOW), tenant: ONE },
      ])
      const { audit } = store.of(OTHER)
      expect(await store.audit.listEvents({ limit: 9 })).toMatchObject([{ requestId: 'r', tenant: ONE }])
      expect(await audit.listEvents({ limit: 9 })).toMatchObject([{ requestId: last, tenant: OTHER }])
      for (const requestId of [first, last]) {
        expect(await store.audit.listEvents({ limit: 9, requestId })).toEqual([])
        expect(await audit.listEvents({ limit: 9, requestId })).toMatchObject([{ requestId: last }])
      }
    })

    test('what is due is removed, whoever it is of', async () => {
      const due = { id: Buffer.alloc(16, 2), expiresAt: 1 }
      const consumer = { address: '::1', userAgent: 'x', firstSeen: 1, lastSeen: 1, fetches: 1 }
      for (const tenant of [ONE, OTHER]) {
        const { replay, revocations, keys } = store.of(tenant)
        await replay.addMarks([due])
        await revocations.addRevocations([{ kind: 'token', id: Jti('t'), expiresAt: 1 }])
        await keys.addFetches([consumer])
        await store.audit.append([{ ...event('r'), tenant }])
      }
      const third = store.of(TenantId('third'))
      expect(await third.replay.pruneMarks(NOW, 10)).toBe(2)
      expect(await third.revocations.pruneRevocations(NOW, 10)).toBe(2)
      expect(await third.keys.pruneConsumers({ before: NOW, keep: 9 }, 10)).toBe(2)
      expect(await store.audit.pruneBefore(NOW, 10)).toBe(2)
      for (const tenant of [ONE, OTHER]) {
        expect(await store.of(tenant).replay.addMarks([due])).toHaveLength(1)
        expect(await store.of(tenant).revocations.isTokenRevoked(Jti('t'))).toBe(false)
        expect(await store.of(tenant).keys.listConsumers(0)).toEqual([])
      }
    })

    const certificate = (() => {
      const { hash: _, retrievable: __, ...life } = secret('c', 'certificate')
      return { ...life, kind: 'certificate' as const, matcher: { subject_dn: 'CN=a' } }
    })()
    test.each([
      ['an API', { apis: [api('https://c', { require: 'certificate_bound' })], clients: [] }],
      ['a client', { apis: [], clients: [client('c', { require: 'certificate_bound' })] }],
      ['a credential', { apis: [], clients: [client('c', { credentials: toCredentials([certificate]) })] }],
    ])('certificates are used by the one tenant whose model has %s that needs them', async (_name, writes) => {
      const { version } = await store.of(OTHER).model.snapshot([])
      await store.of(OTHER).model.commit(version, { ...writes, event: event('r') })
      for (const ids of [undefined, [ClientId('c')]]) {
        expect(await store.of(OTHER).certificateUse.usesCertificates(ids)).toBe(true)
        expect(await store.of(ONE).certificateUse.usesCertificates(ids)).toBe(false)
      }
    })

    test('a write of one is no conflict for another', async () => {
      const { model } = store.of(OTHER)
      const { version } = await model.snapshot([])
      await steps.model.commit(store.of(ONE), 1)
      expect(await model.commit(version, { apis: [], clients: [], event: event('r') })).toBe(true)
    })
  })
}
