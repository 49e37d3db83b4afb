import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Account } from '../../src/administrators/accounts/account.ts'
import type { Person, Session } from '../../src/administrators/sessions/session.ts'
import type { DeviceBounds, DeviceRequest } from '../../src/administrators/sessions/store.ts'
import type { Clock } from '../../src/platform/clock.ts'
import type { Store } from '../../src/store/tables/sql-store.ts'
import { DAY, event } from './contract.ts'

const NOW = 1_000 * DAY

const password = (text: string): NonNullable<Account['password']> => ({
  kind: 'scrypt',
  parameters: { logN: 14, r: 8, p: 5, salt: Buffer.from('salt') },
  digest: Buffer.alloc(32, text),
})

export const account = (name: string, more: Partial<Account> = {}): Account => ({
  id: `id of ${name}`,
  name,
  displayName: undefined,
  roles: ['admin'],
  isEnabled: true,
  password: password('first'),
  secondFactor: undefined,
  createdAt: NOW,
  ...more,
})

export const ANNA: Person = { kind: 'account', accountId: 'id of anna', name: 'anna' }
const OWNER = 'account:id of anna'

export const session = (id: string, more: Partial<Session> = {}): Session => ({
  id,
  tokenHash: `hash of ${id}`,
  kind: 'browser',
  person: ANNA,
  createdAt: NOW,
  lastSeenAt: NOW,
  expiresAt: NOW + DAY,
  remoteAddress: '::1',
  userAgent: 'a browser',
  ...more,
})

export const request = (id: string, more: Partial<DeviceRequest> = {}): DeviceRequest => ({
  deviceHash: `device ${id}`,
  userHash: `user ${id}`,
  expiresAt: NOW + DAY,
  person: undefined,
  remoteAddress: '::1',
  userAgent: undefined,
  ...more,
})

export const BOUNDS: DeviceBounds = { now: NOW, network: '::/48', mostFromNetwork: 3, most: 10 }

/** The contract of the stores of administrators. @param create as for `storeContract` */
export function administratorsContract(
  name: string,
  create: () => Promise<{ open(clock: Clock): Promise<Store>; destroy(): Promise<void> }>,
) {
  describe(`the stores of administrators on ${name}`, () => {
    let database: Awaited<ReturnType<typeof create>>
    let one: Store
    let other: Store
    beforeEach(async () => {
      database = await create()
      const clock = { now: () => NOW, monotonic: () => NOW }
      one = await database.open(clock)
      other = await database.open(clock)
    })
    afterEach(async () => {
      await one.close()
      await other.close()
      await database.destroy()
    })

    const put = (one: Account, store = other) =>
      store.accounts.updateAccount(one.name, () => ({ account: one, event: event(`put ${one.name}`) }))
    const types = async () => (await one.audit.listEvents({ limit: 99 })).map(({ requestId }) => requestId)
    const ids = async (owner = OWNER) => (await one.sessions.listSessions(owner)).map(({ id }) => id)

    test('keep every field of an account, together with its event', async () => {
      const secret = { ciphertext: Buffer.from('sealed'), masterKeyId: 'master' }
      const secondFactor = { secret, isConfirmed: true, lastStep: 7, recoveryHashes: ['x', 'y'] }
      const full = account('anna', {
        displayName: 'Anna',
        roles: ['auditor', 'operator'],
        isEnabled: false,
        secondFactor,
      })
      await put(full)
      const bare = account('bert', { password: undefined })
      await put(bare)
      expect(await one.accounts.findAccount('anna')).toEqual(full)
      expect(await one.accounts.findAccount('bert')).toEqual(bare)
      expect(await one.accounts.findAccount('carl')).toBeUndefined()
      expect(await types()).toEqual(['put anna', 'put bert'])
    })

    test('list accounts by name, page by page', async () => {
      expect(await one.accounts.hasAccounts()).toBe(false)
      for (const name of ['carl', 'anna', 'bert']) await put(account(name))
      const names = async (after: string) =>
        (await one.accounts.listAccounts(after, 2)).found.map((found) => found.name)
      expect(await names('')).toEqual(['anna', 'bert'])
      expect(await names('bert')).toEqual(['carl'])
      expect(await one.accounts.hasAccounts()).toBe(true)
    })

    test('tell a plan how many other admins can sign in', async () => {
      await put(account('anna'))
      await put(account('disabled', { isEnabled: false }))
      await put(account('without', { password: undefined }))
      await put(account('less', { roles: ['auditor', 'operator'] }))
      await put(account('bert', { roles: ['auditor', 'admin'] }))
      const seen = await one.accounts.updateAccount('anna', (before, { otherAdmins }) => ({
        account: before && 'problem' in before ? undefined : before,
        otherAdmins,
      }))
      expect(seen?.otherAdmins).toBe(1)
    })

    test('run one plan at a time, and write nothing if it throws', async () => {
      await put(account('anna', { displayName: '0' }))
      const count = async (store: Store) => {
        await store.accounts.updateAccount('anna', (before) => {
          if (before === undefined || 'problem' in before) throw new Error('there is no such account')
          return { account: { ...before, displayName: String(Number(before.displayName) + 1) } }
        })
      }
      await Promise.all(Array.from({ length: 10 }, (_, index) => count(index % 2 === 0 ? one : other)))
      expect(await one.accounts.findAccount('anna')).toMatchObject({ displayName: '10' })
      const failing = one.accounts.updateAccount('anna', () => {
        throw new Error('no')
      })
      await expect(failing).rejects.toThrow('no')
      expect(await other.accounts.findAccount('anna')).toMatchObject({ displayName: '10' })
    })

    test('refuse a second factor under a master key that is not in use', async () => {
      const under = (masterKeyId: string) =>
        account('anna', {
          secondFactor: {
            secret: { ciphertext: Buffer.from('x'), masterKeyId },
            isConfirmed: false,
            lastStep: 0,
            recoveryHashes: [],
          },
        })
      await put(under('master'))
      expect(await one.keys.masterKeyInUse()).toBe('master')
      await expect(put(under('another'))).rejects.toThrow('master')
      expect(await one.accounts.findAccount('anna')).toEqual(under('master'))
    })

    test('let one of several processes use a link, before it expires', async () => {
      const link = { hash: 'h', purpose: 'reset', account: 'anna', expiresAt: NOW + 10 } as const
      await put(account('anna'))
      await one.accounts.putLink({ ...link, hash: 'earlier' }, event('earlier'))
      await one.accounts.putLink(link, event('link'))
      expect(await other.accounts.findLink('earlier', NOW)).toBeUndefined()
      expect(await other.accounts.findLink('h', NOW)).toEqual(link)
      expect(await other.accounts.findLink('h', NOW + 10)).toBeUndefined()
      expect(await other.accounts.hasLink('reset', NOW)).toBe(true)
      expect(await other.accounts.hasLink('reset', NOW + 10)).toBe(false)
      expect(await other.accounts.hasLink('set_up', NOW)).toBe(false)
      const use = (store: Store, now = NOW) =>
        store.accounts.updateAccount('anna', () => ({ account: account('anna') }), { hash: 'h', now })
      expect(await use(one, NOW + 10)).toBeUndefined()
      const used = await Promise.all([use(one), use(other), use(one), use(other)])
      expect(used.filter((step) => step !== undefined)).toHaveLength(1)
    })

    test('keep a link whose use fails', async () => {
      await one.accounts.putLink({ hash: 'h', purpose: 'set_up', account: undefined, expiresAt: NOW + 10 }, event('l'))
      const failing = one.accounts.updateAccount(
        'anna',
        () => {
          throw new Error('no')
        },
        { hash: 'h', now: NOW },
      )
      await expect(failing).rejects.toThrow('no')
      expect(await one.accounts.findLink('h', NOW)).toBeDefined()
    })

    test('remove set-up links with the first account, and the links of a removed account', async () => {
      await one.accounts.putLink({ hash: 's', purpose: 'set_up', account: undefined, expiresAt: NOW + 10 }, event('s'))
      await put(account('anna'))
      expect(await one.accounts.findLink('s', NOW)).toBeUndefined()
      await one.accounts.putLink({ hash: 'r', purpose: 'reset', account: 'anna', expiresAt: NOW + 10 }, event('r'))
      await one.accounts.updateAccount('anna', () => ({ account: undefined, ends: 'all' as const }))
      expect(await one.accounts.findLink('r', NOW)).toBeUndefined()
      expect(await one.accounts.findAccount('anna')).toBeUndefined()
    })

    test('end the links of an account with its sessions, and make a link in the transaction of the account', async () => {
      await put(account('anna'))
      const link = { hash: 'r', purpose: 'reset', account: 'anna', expiresAt: NOW + 10 } as const
      const make = (store: Store) =>
        store.accounts.updateAccount('anna', (before) => {
          if (before === undefined || 'problem' in before) throw new Error('there is no such account')
          return { account: before, link, event: event('link') }
        })
      await make(one)
      expect(await other.accounts.findLink('r', NOW)).toEqual(link)
      await one.accounts.updateAccount('anna', () => ({
        account: account('anna', { roles: ['admin'] }),
        ends: 'all' as const,
      }))
      expect(await other.accounts.findLink('r', NOW)).toBeUndefined()
      await make(one)
      await one.accounts.updateAccount('anna', () => ({ account: account('anna'), ends: { except: 's' } }))
      expect(await other.accounts.findLink('r', NOW)).toBeUndefined()
    })

    test('know the groups of an account, which leaves them when it is removed', async () => {
      await put(account('anna'))
      const members = [
        { kind: 'account', id: 'anna', permissions: ['view'] },
        { kind: 'client', id: 'anna', permissions: ['view'] },
      ] as const
      await one.groups.updateGroup('team', () => ({
        group: { name: 'team', description: undefined, members },
        event: event('group'),
      }))
      const removed = await one.accounts.updateAccount('anna', (_, { groups }) => ({ account: undefined, groups }))
      expect(removed?.groups).toEqual(['team'])
      expect(await other.groups.groupsOf([{ kind: 'account', id: 'anna' }])).toEqual([])
      expect(await other.groups.groupsOf([{ kind: 'client', id: 'anna' }])).toHaveLength(1)
      await put(account('anna'))
      const again = await one.accounts.updateAccount('anna', (before, { groups }) => ({
        account: before === undefined || 'problem' in before ? undefined : before,
        groups,
      }))
      expect(again?.groups).toEqual([])
    })

    test('keep every field of a session, and find it by its token', async () => {
      const claims = { groups: ['a', 'b'] }
      const full = session('s', {
        kind: 'cli',
        person: { kind: 'sign_on', name: 'Anna', roles: ['operator'], claims },
        userAgent: undefined,
      })
      expect(await one.sessions.addSession(full, 20, event('s'))).toBe(true)
      expect(await other.sessions.findSession('hash of s')).toEqual(full)
      expect(await other.sessions.findSession('hash of none')).toBeUndefined()
      await one.sessions.noteSeen('s', NOW + 5)
      await one.sessions.noteSeen('s', NOW + 3)
      expect(await other.sessions.findSession('hash of s')).toMatchObject({ lastSeenAt: NOW + 5 })
      expect(await ids('sign-on:Anna')).toEqual(['s'])
    })

    test('end the oldest sessions of an owner beyond the most', async () => {
      for (let index = 0; index < 25; index += 1)
        await one.sessions.addSession(session(`s${index}`, { createdAt: NOW + index }), 20, event(`s${index}`))
      expect(await ids()).toEqual(Array.from({ length: 20 }, (_, index) => `s${index + 5}`))
    })

    test('begin a session only while the account has the password that was verified, and is enabled', async () => {
      const before = account('anna')
      const begin = (id: string) => one.sessions.addSession(session(id), 20, event(id), before)
      expect(await begin('unknown')).toBe(false)
      await put(before)
      expect(await begin('known')).toBe(true)
      await put({ ...before, password: password('second') })
      expect(await begin('changed')).toBe(false)
      await put({ ...before, isEnabled: false })
      expect(await begin('disabled')).toBe(false)
      expect(await ids()).toEqual(['known'])
      expect(await types()).not.toContain('changed')
    })

    test('end sessions of their owner only, and with them the command lines that it has confirmed', async () => {
      await put(account('anna'))
      for (const id of ['a', 'b', 'c']) await one.sessions.addSession(session(id), 20, event(id))
      await one.sessions.addSession(
        session('d', { person: { kind: 'account', accountId: 'another', name: 'anna' } }),
        20,
        event('d'),
      )
      expect(await one.sessions.endSession('account:another', 'a', event('no'))).toBe(false)
      expect(await one.sessions.endSession(OWNER, 'a', event('end'))).toBe(true)
      await one.sessions.addRequest(request('r'), BOUNDS)
      await one.sessions.confirmRequest('user r', NOW, ANNA, event('confirm'))
      const change = (except: string | undefined) =>
        one.accounts.updateAccount('anna', () => ({ account: account('anna'), ends: { except } }))
      await change('b')
      expect(await ids()).toEqual(['b'])
      expect(await one.sessions.findPolledRequest('device r', NOW)).toBeUndefined()
      await change(undefined)
      expect(await ids()).toEqual([])
      expect(await one.sessions.endSessions('account:another', event('all'))).toBe(1)
      expect(await types()).not.toContain('no')
    })

    test('prune sessions that have expired or were idle, in bounded batches', async () => {
      for (const [id, more] of Object.entries({
        expired: { expiresAt: NOW - 1 },
        idle: { lastSeenAt: NOW - 2 * DAY },
        alive: {},
      }))
        await one.sessions.addSession(session(id, more), 20, event(id))
      expect(await other.sessions.pruneSessions({ now: NOW, idleSince: NOW - DAY }, 1)).toBe(1)
      expect(await other.sessions.pruneSessions({ now: NOW, idleSince: NOW - DAY }, 9)).toBe(1)
      expect(await ids()).toEqual(['alive'])
    })

    test('hand a confirmed request over to one of several polls', async () => {
      await one.sessions.addRequest(request('r', { userAgent: 'curl' }), BOUNDS)
      expect(await other.sessions.findPolledRequest('device r', NOW)).toEqual(request('r', { userAgent: 'curl' }))
      expect(await other.sessions.findRequest('user r', NOW)).toMatchObject({ remoteAddress: '::1' })
      expect(await one.sessions.confirmRequest('user r', NOW + 2 * DAY, ANNA, event('late'))).toBe(false)
      expect(await one.sessions.confirmRequest('user r', NOW, ANNA, event('confirm'))).toBe(true)
      expect(await other.sessions.confirmRequest('user r', NOW, ANNA, event('again'))).toBe(false)
      expect(await other.sessions.findRequest('user r', NOW)).toBeUndefined()
      expect(await other.sessions.findPolledRequest('device r', NOW + 2 * DAY)).toBeUndefined()
      const begin = (id: string, store: Store, person = ANNA) =>
        store.sessions.addSession(session(id, { person }), 20, event('begin'), request('r'))
      const another: Person = { kind: 'account', accountId: 'another', name: 'anna' }
      expect(await begin('of another', one, another)).toBe(false)
      const begun = await Promise.all([one, other, one, other].map((store, index) => begin(`s${index}`, store)))
      expect(begun.filter(Boolean)).toHaveLength(1)
      expect(await ids()).toHaveLength(1)
      expect(await one.sessions.findPolledRequest('device r', NOW)).toBeUndefined()
      expect(await types()).toEqual(['confirm', 'begin'])
    })

    test('bound the requests that wait, for each network and overall', async () => {
      const add = (id: string, network: string, more: Partial<DeviceRequest> = {}) =>
        one.sessions.addRequest(request(id, more), { ...BOUNDS, network, most: 5 })
      for (let index = 0; index < 5; index += 1)
        expect(await add(`a${index}`, 'a', { expiresAt: NOW + DAY + index })).toBe(true)
      expect(await one.sessions.findPolledRequest('device a1', NOW)).toBeUndefined()
      expect(await one.sessions.findPolledRequest('device a2', NOW)).toBeDefined()
      expect(await add('b', 'b')).toBe(true)
      expect(await add('c', 'c')).toBe(true)
      expect(await add('d', 'd')).toBe(false)
      expect(await add('a5', 'a', { expiresAt: NOW + 2 * DAY })).toBe(true)
      expect(await one.sessions.pruneRequests(NOW + DAY + 4, 2)).toBe(2)
      expect(await one.sessions.pruneRequests(NOW + DAY + 4, 9)).toBe(1)
      expect(await add('d', 'd')).toBe(true)
    })
  })
}
