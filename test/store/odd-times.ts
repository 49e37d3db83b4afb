import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { BEGINNING } from '../../src/audit/export/store.ts'
import { toCredentials } from '../../src/model/credentials/credential.ts'
import { Audience, ClientId, CredentialId, Jti, KeyId } from '../../src/oauth/ids.ts'
import type { Clock } from '../../src/platform/clock.ts'
import { ReplayMarks } from '../../src/replay/marks.ts'
import type { Store } from '../../src/store/tables/sql-store.ts'
import { ANNA, account, BOUNDS, request, session } from './administrators.ts'
import { api, client, DAY, event, key, secret } from './contract.ts'
import { NODE } from './nodes.ts'

type Part = Exclude<keyof Store, 'of' | 'ping' | 'requireGrants' | 'connections' | 'warnings' | 'startUpkeep' | 'close'>

/** One entry for every method of every store. A missing one is a compile error. */
type Calls = {
  readonly [Name in Part]: { readonly [Method in keyof Store[Name]]: (store: Store, time: number) => Promise<unknown> }
}

let made = 0
const ALL = { resolution: 'hour', filter: {} } as const

/** Calls with `time` in every argument and field that holds a time. */
const calls: Calls = {
  model: {
    snapshot: ({ model }) => model.snapshot([ClientId('a')]),
    listClients: ({ model }) => model.listClients('', 10),
    clientsWithSubject: ({ model }) => model.clientsWithSubject(['a']),
    lastUses: ({ model }) => model.lastUses([CredentialId('1')]),
    commit: async ({ model }, time) => {
      const { version } = await model.snapshot([])
      const credential = { ...secret('1', 'x'), createdAt: time, expiresAt: time, revokedAt: time }
      const replaces = { id: CredentialId('1'), expiresAt: time }
      const kept = { ...secret('2', 'y'), createdAt: time, expiresAt: time + DAY, replaces }
      const credentials = toCredentials([credential, kept])
      const apis = [api('https://a', { token: { lifetime: 60.7 } })]
      return model.commit(version, { apis, clients: [client('a', { credentials })], event: event('r', time) })
    },
    updateClient: ({ model }, time) =>
      model.updateClient(ClientId('a'), () => ({
        client: client('a', { ended: { disabledAt: time } }),
        event: event('u', time),
      })),
    listReferences: ({ model }) => model.listReferences('', 10),
    ownedBy: ({ model }) => model.ownedBy('payments', undefined, 10),
    deleteClient: async ({ model }, time) => {
      const { version } = await model.snapshot([])
      await model.commit(version, { apis: [], clients: [client('gone')], event: event('r', time) })
      return model.deleteClient(ClientId('gone'), () => ({ event: event('d', time) }))
    },
    deleteApi: async ({ model }, time) => {
      const { version } = await model.snapshot([])
      return model.deleteApi(Audience('https://gone'), { version, clients: [] }, () => ({
        clients: [],
        event: event('d', time),
      }))
    },
    updateCredentials: ({ model }, time) =>
      model.updateCredentials(ClientId('a'), ({ credentials: { all } }) => ({
        writes: { put: all.map((one) => ({ ...one, revokedAt: time })), remove: [] },
        event: event('r', time),
      })),
  },
  idempotency: {
    begin: ({ idempotency }, time) => idempotency.begin('i', 'request', time, time + DAY),
    complete: ({ idempotency }, time) =>
      idempotency.complete('i', { status: 201, location: undefined, etag: undefined, body: '{}' }, time),
    release: ({ idempotency }) => idempotency.release('i'),
    prune: ({ idempotency }, time) => idempotency.prune(time, 10),
  },
  directory: {
    loadClient: ({ directory }) => directory.loadClient(ClientId('a')),
    loadApis: ({ directory }) => directory.loadApis(),
    clientsTrusting: ({ directory }) => directory.clientsTrusting('https://a', 10),
  },
  certificateUse: {
    usesCertificates: ({ certificateUse }) => certificateUse.usesCertificates([ClientId('a')]),
  },
  keySources: {
    list: ({ keySources }) => keySources.list('', 10),
    ofClients: ({ keySources }) => keySources.ofClients([ClientId('a')]),
  },
  changes: {
    latestChange: ({ changes }) => changes.latestChange(),
    changesSince: ({ changes }) => changes.changesSince(0),
  },
  keys: {
    listKeys: ({ keys }) => keys.listKeys(),
    updateKeys: ({ keys }, time) => {
      const odd = { createdAt: time, activeAt: time, goneAt: time }
      return keys.updateKeys(({ found }) => ({
        add: found.length === 0 ? [{ ...key('k1'), ...odd }] : [],
        put: found.map((one) => ({ ...one, ...odd })),
        events: [event('k', time)],
      }))
    },
    masterKeyInUse: ({ keys }) => keys.masterKeyInUse(),
    replaceMasterKey: ({ keys }, time) => keys.replaceMasterKey('master', 'master', event('m', time)),
    replaceEncrypted: ({ keys }, time) => {
      const sealed = { ciphertext: Buffer.from('x'), masterKeyId: 'master' }
      return keys.replaceEncrypted(KeyId('k1'), sealed, sealed, event('e', time))
    },
    addFetches: ({ keys }, time) =>
      keys.addFetches([{ address: '::1', userAgent: 'x', firstSeen: time, lastSeen: time, fetches: 1 }]),
    listConsumers: ({ keys }, time) => keys.listConsumers(time),
    pruneConsumers: ({ keys }, time) => keys.pruneConsumers({ before: time, keep: 1 }, 1),
  },
  revocations: {
    addRevocations: ({ revocations }, time) =>
      revocations.addRevocations([
        { kind: 'token', id: Jti('t'), expiresAt: time },
        { kind: 'api', id: Audience('https://a'), issuedBefore: time, expiresAt: time + DAY },
      ]),
    revocationsAfter: ({ revocations }) => revocations.revocationsAfter(0, 10),
    isTokenRevoked: ({ revocations }) => revocations.isTokenRevoked(Jti('t')),
    pruneRevocations: ({ revocations }, time) => revocations.pruneRevocations(time, 1),
    longestLifetime: ({ revocations }) => revocations.longestLifetime(),
    noteLifetime: ({ revocations }, time) => revocations.noteLifetime(time),
  },
  credentials: {
    listCredentials: ({ credentials }) => credentials.listCredentials(ClientId('a')),
    noteUses: ({ credentials }, time) => credentials.noteUses([{ id: CredentialId('1'), at: time }]),
    listExpiring: ({ credentials }, time) => credentials.listExpiring(time, time + DAY, 10),
    listSamples: ({ credentials }) => credentials.listSamples(),
    findSecret: ({ credentials }) => credentials.findSecret('x'),
    listRetrievable: ({ credentials }) => credentials.listRetrievable(),
    replaceHash: ({ credentials }, time) =>
      credentials.replaceHash(secret('1', 'x'), secret('1', 'x'), event('h', time)),
    replaceRetrievable: ({ credentials }, time) => {
      const sealed = { ciphertext: Buffer.from('x'), masterKeyId: 'master' }
      return credentials.replaceRetrievable(CredentialId('1'), sealed, sealed, event('w', time))
    },
    forgetRetrievable: ({ credentials }, time) => {
      const sealed = { ciphertext: Buffer.from('x'), masterKeyId: 'master' }
      return credentials.forgetRetrievable(CredentialId('1'), sealed, event('f', time))
    },
    claimWarning: ({ credentials }) => credentials.claimWarning(CredentialId('1'), 7.5),
  },
  accounts: {
    findAccount: ({ accounts }) => accounts.findAccount('anna'),
    listAccounts: ({ accounts }) => accounts.listAccounts('', 10),
    hasAccounts: ({ accounts }) => accounts.hasAccounts(),
    updateAccount: ({ accounts }, time) =>
      accounts.updateAccount('anna', () => ({
        account: account('anna', { createdAt: time }),
        event: event('a', time),
      })),
    putLink: ({ accounts }, time) =>
      accounts.putLink({ hash: 'h', purpose: 'reset', account: 'anna', expiresAt: time }, event('l', time)),
    findLink: ({ accounts }, time) => accounts.findLink('h', time),
    hasLink: ({ accounts }, time) => accounts.hasLink('reset', time),
  },
  sessions: {
    addSession: ({ sessions }, time) => {
      const times = { createdAt: time, lastSeenAt: time, expiresAt: time }
      return sessions.addSession({ ...session(`s${++made}`), ...times }, 2, event('s', time))
    },
    findSession: ({ sessions }) => sessions.findSession('hash of s1'),
    noteSeen: ({ sessions }, time) => sessions.noteSeen('s1', time),
    listSessions: ({ sessions }) => sessions.listSessions('account:id of anna'),
    endSession: ({ sessions }, time) => sessions.endSession('account:id of anna', 's1', event('e', time)),
    endSessions: ({ sessions }, time) => sessions.endSessions('account:id of anna', event('e', time)),
    pruneSessions: ({ sessions }, time) => sessions.pruneSessions({ now: time, idleSince: time }, 1),
    addRequest: ({ sessions }, time) =>
      sessions.addRequest(request(`r${++made}`, { expiresAt: time }), { ...BOUNDS, now: time }),
    findRequest: ({ sessions }, time) => sessions.findRequest('user r1', time),
    confirmRequest: ({ sessions }, time) => sessions.confirmRequest('user r1', time, ANNA, event('c', time)),
    findPolledRequest: ({ sessions }, time) => sessions.findPolledRequest('device r1', time),
    pruneRequests: ({ sessions }, time) => sessions.pruneRequests(time, 1),
  },
  fleet: {
    listClients: ({ fleet }, time) =>
      fleet.listClients({ filter: { unusedSince: time, expiresBefore: time }, sort: 'last_used', most: 10 }),
    readClients: ({ fleet }, time) =>
      fleet.readClients({ filter: {}, sort: 'created', after: { value: time, id: '' }, most: 10 }),
    countClients: ({ fleet }, time) => fleet.countClients({ unusedSince: time }),
    listCredentials: ({ fleet }, time) =>
      fleet.listCredentials({
        filter: { expiresBefore: time },
        sort: 'expiry',
        after: { value: time, id: '' },
        most: 10,
      }),
    countCredentials: ({ fleet }, time) => fleet.countCredentials({ unusedSince: time, state: 'valid' }),
    passExpiries: ({ fleet }) => fleet.passExpiries(10),
  },
  groups: {
    listGroups: ({ groups }) => groups.listGroups('', 10),
    loadGroup: ({ groups }) => groups.loadGroup('g'),
    groupsOf: ({ groups }) => groups.groupsOf([{ kind: 'account', id: 'a' }]),
    updateGroup: ({ groups }, time) =>
      groups.updateGroup('g', () => ({
        group: { name: 'g', description: undefined, members: [{ kind: 'account', id: 'a', permissions: ['view'] }] },
        event: event('g', time),
      })),
  },
  replay: {
    addMarks: ({ replay }, time) => replay.addMarks([{ id: Buffer.alloc(16, 1), expiresAt: time }]),
    pruneMarks: ({ replay }, time) => replay.pruneMarks(time, 1),
  },
  usage: {
    add: ({ usage }, time) => {
      const named = { clientId: ClientId('a'), audience: Audience('https://a'), credentialId: CredentialId('1') }
      const count = { ...named, at: time, outcome: 'issued', count: 1, tokenSeconds: 60.7 }
      return usage.add({ id: Buffer.alloc(16, 7), expiresAt: time, counts: [count] })
    },
    sums: ({ usage }, time) =>
      usage.sums({ ...ALL, since: time, until: time + DAY }, ['at', 'client', 'api', 'credential']),
    clientsWith: ({ usage }, time) => usage.clientsWith({ ...ALL, since: time, until: time + DAY }, undefined, 1),
    intervals: ({ usage }, time) => usage.intervals('day', time, 1),
    pruneUsage: ({ usage }, time) => usage.pruneUsage('day', time, 1),
    removeFirst: ({ usage }, time) => usage.removeFirst('day', time, 1),
  },
  nodes: {
    putNode: ({ nodes }, time) => nodes.putNode({ ...NODE, startedAt: time, lastSeenAt: time }),
    removeNode: ({ nodes }) => nodes.removeNode(NODE.id),
    listNodes: ({ nodes }) => nodes.listNodes(1),
    removeOldNodes: ({ nodes }, time) => nodes.removeOldNodes(time, 1),
  },
  exports: {
    nextEvents: ({ exports }) => exports.nextEvents(BEGINNING, { events: 10, bytes: 1_000 }),
    holderOf: ({ exports }) => exports.holderOf('sink'),
    take: ({ exports }) => exports.take('sink', 'one', undefined),
    beat: ({ exports }) => exports.beat('sink', 'one', { seq: 1, chains: {} }),
    release: ({ exports }) => exports.release('sink', 'one'),
  },
  audit: {
    append: ({ audit }, time) => audit.append([event('r', time)]),
    appendChange: ({ audit }, time) => audit.appendChange(event('c', time)),
    listEvents: ({ audit }) => audit.listEvents({ limit: 10 }),
    queryEvents: ({ audit }, time) => audit.queryEvents({ limit: 10, since: time }),
    oldestRefusalOf: ({ audit }) => audit.oldestRefusalOf(1),
    removeRefusalsBefore: ({ audit }) => audit.removeRefusalsBefore(1, 1),
    pruneBefore: ({ audit }, time) => audit.pruneBefore(time, 1),
  },
  proof: {
    signWith: async ({ proof }) => proof.signWith(undefined),
    addCheckpoint: ({ proof }, at) =>
      proof.addCheckpoint(({ number }) => ({ number, at, statement: '{}', signature: Buffer.from('s') })),
    removeCheckpointsBefore: ({ proof }, time) => proof.removeCheckpointsBefore(time, 1),
    listKeys: ({ proof }) => proof.listKeys(),
    addKey: ({ proof }, time) =>
      proof.addKey((keys) => ({
        key: {
          ...{ number: keys.length + 1, kid: `k${keys.length}`, publicKey: Buffer.from('p'), encrypted: undefined },
          ...{ createdAt: time, statement: '{}', signature: Buffer.from('s'), previousSignature: undefined },
        },
        event: event('k', time),
      })),
    replaceEncryptedKey: ({ proof }, time) => {
      const sealed = { ciphertext: Buffer.from('x'), masterKeyId: 'master' }
      return proof.replaceEncryptedKey('k0', sealed, sealed, event('e', time))
    },
    listChains: ({ proof }) => proof.listChains(),
    listRemovals: ({ proof }) => proof.listRemovals(),
    listCheckpoints: ({ proof }) => proof.listCheckpoints(0, 1),
    listRows: ({ proof }) => proof.listRows(0, 1),
  },
}

export const everyCall = Object.values(calls).flatMap((methods) => Object.entries(methods))

/** The first came from a monotonic clock. The others come from clocks that were never set, or set wrongly. */
const TIMES = [1795620953578.9814, 1_000 * DAY + 0.5, 0.25, -0.5, -1e12 - 0.1, 4e15 + 0.5]
/** Numbers that no column can hold. */
const NO_TIMES = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2 ** 53, 1e300]

/**
 * Requires that every store works at any time, and keeps only whole numbers. @param create as for `storeContract`;
 * `fractions` lists the kept numbers that have a fraction, if the database allows any
 */
export function oddTimesContract(
  name: string,
  create: () => Promise<{
    open(clock: Clock): Promise<Store>
    destroy(): Promise<void>
    fractions?(): readonly unknown[]
  }>,
) {
  describe(`odd times on ${name}`, () => {
    let database: Awaited<ReturnType<typeof create>>
    let store: Store
    let now = 0
    beforeEach(async () => {
      database = await create()
      store = await database.open({ now: () => now, monotonic: () => now })
    })
    afterEach(async () => {
      await store.close()
      await database.destroy()
    })

    test.each(TIMES)('%d: every method of every store works twice, and keeps whole numbers', async (time) => {
      now = time
      for (const [method, call] of [...everyCall, ...everyCall]) {
        await expect(call(store, time), method).resolves.not.toThrow()
        expect(database.fractions?.() ?? [], method).toEqual([])
      }
    })

    test.each(NO_TIMES)('%d is a defect in every argument, and is never kept as another number', async (time) => {
      now = 1_000 * DAY
      for (const prune of [calls.replay.pruneMarks, calls.revocations.pruneRevocations])
        await expect(prune(store, time)).rejects.toThrow(RangeError)
      await expect(calls.audit.append(store, time)).rejects.toThrow(RangeError)
      await expect(calls.replay.addMarks(store, time)).rejects.toThrow(RangeError)
      expect(await store.audit.listEvents({ limit: 10 })).toEqual([])
    })

    test('marks expire after the wall clock was set forward, with a fraction on the monotonic clock', async () => {
      let [wall, monotonic] = [1_000_000_000_000, 1_234]
      const marks = new ReplayMarks(store.replay, { now: () => wall, monotonic: () => monotonic })
      await store.replay.addMarks([{ id: Buffer.alloc(16, 1), expiresAt: 1 }])
      monotonic += 5_000.9814
      wall += 5_004
      await marks.prune()
      expect(await store.replay.addMarks([{ id: Buffer.alloc(16, 1), expiresAt: 1 }])).toHaveLength(1)
    })
  })
}
