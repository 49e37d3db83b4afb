import { afterEach, beforeEach, expect, test } from 'vitest'
import { addAccount } from '../../src/administrators/accounts/add.ts'
import { changeAccount } from '../../src/administrators/accounts/change.ts'
import { removeAccount } from '../../src/administrators/accounts/remove.ts'
import { listLostSecondFactors, rewrapSecondFactors } from '../../src/administrators/accounts/rewrap.ts'
import { confirmSecondFactor, enrolSecondFactor, spendCode } from '../../src/administrators/accounts/second-factor.ts'
import { base32, findTotpStep, totpCode } from '../../src/administrators/accounts/totp.ts'
import { eventOf } from '../../src/administrators/event.ts'
import { signIn } from '../../src/administrators/sessions/sign-in.ts'
import { requireSession } from '../../src/administrators/sessions/signed-in.ts'
import { MasterKey } from '../../src/crypto/master-key.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { FIRST_MASTER, OPERATOR, openPeopleSetting, REQUEST } from '../harness/people.ts'

const PASSWORD = 'a tessera is a small tile'

let setting: Awaited<ReturnType<typeof openPeopleSetting>>
beforeEach(async () => {
  setting = await openPeopleSetting()
})
afterEach(() => setting.close())

const add = (name: string, roles: readonly string[] = ['admin']) =>
  addAccount(setting.context, OPERATOR, { name, roles, password: PASSWORD })

const enter = async (name: string): Promise<string> => {
  const begun = await signIn(setting.context, REQUEST, { name, password: PASSWORD })
  if (!('token' in begun)) throw new Error('a second factor is asked for')
  return begun.token
}

const isIn = (token: string) =>
  requireSession(setting.context, 'browser', token).then(
    ({ roles }) => roles,
    ({ reason }) => reason,
  )

test.each([
  ['disabled', (name: string) => changeAccount(setting.context, OPERATOR, name, { enabled: false })],
  ['demoted', (name: string) => changeAccount(setting.context, OPERATOR, name, { roles: ['operator', 'auditor'] })],
  ['removed', (name: string) => removeAccount(setting.context, OPERATOR, name)],
])('the last admin who can sign in is not %s; another one is, and loses every session at once', async (_, lessen) => {
  await add('anna')
  await add('olga', ['operator'])
  // An admin without a password can't sign in.
  await addAccount(setting.context, OPERATOR, { name: 'carl', roles: ['admin'] })
  await expect(lessen('anna')).rejects.toMatchObject({ reason: 'last_admin' })
  await add('bert')
  const token = await enter('anna')
  expect(await isIn(token)).toEqual(['admin'])
  await lessen('anna')
  expect(await isIn(token)).toBe('not_signed_in')
  await expect(lessen('bert')).rejects.toMatchObject({ reason: 'last_admin' })
})

test('two admins can not remove each other at once', async () => {
  await add('anna')
  await add('bert')
  const results = await Promise.allSettled(
    ['anna', 'bert'].map((name) => removeAccount(setting.context, OPERATOR, name)),
  )
  expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
})

test('an account that gets the name of a removed one has none of its sessions', async () => {
  await add('anna')
  await add('bert')
  const token = await enter('anna')
  await removeAccount(setting.context, OPERATOR, 'anna')
  await add('anna')
  expect(await isIn(token)).toBe('not_signed_in')
})

test('events name the author and the changed fields, and no secret', async () => {
  await add('anna')
  await changeAccount(setting.context, OPERATOR, 'anna', { displayName: 'Anna', roles: ['auditor', 'admin'] })
  await changeAccount(setting.context, OPERATOR, 'anna', { displayName: 'Anna' })
  const events = (await setting.store.audit.listEvents({ limit: 9 })).filter(({ type }) => type.startsWith('account.'))
  expect(events).toMatchObject([
    { type: 'account.add', ...OPERATOR, changes: { things: [{ thing: 'account', id: 'anna', before: null }] } },
    {
      type: 'account.change',
      changes: {
        things: [
          {
            before: { displayName: null, roles: ['admin'] },
            after: { displayName: 'Anna', roles: ['auditor', 'admin'] },
          },
        ],
      },
    },
  ])
  expect(JSON.stringify(events)).not.toContain(PASSWORD)
})

test.each([
  ['unknown', async () => {}],
  ['disabled', () => changeAccount(setting.context, OPERATOR, 'bert', { enabled: false })],
  ['without a password', () => addAccount(setting.context, OPERATOR, { name: 'new', roles: ['auditor'] })],
])('an account that is %s takes the same work as a wrong password', async (kind, prepare) => {
  await add('anna')
  await add('bert')
  await prepare()
  const name = kind === 'disabled' ? 'bert' : kind === 'unknown' ? 'nobody' : 'new'
  setting.hashes.length = 0
  for (const [who, password] of [
    ['anna', 'not the password'],
    [name, PASSWORD],
  ] as const)
    await expect(signIn(setting.context, REQUEST, { name: who, password })).rejects.toMatchObject({
      reason: 'wrong_credentials',
    })
  expect(setting.hashes).toEqual(['not the password', PASSWORD])
  expect(setting.refused).toMatchObject([
    { type: 'session.start', result: 'refused', reason: 'wrong_credentials', detail: { name: 'anna' } },
    { reason: 'wrong_credentials', detail: { name }, remoteAddress: REQUEST.remoteAddress },
  ])
})

test('a password that is changed while it is verified begins no session', async () => {
  const account = await add('anna')
  const { context, store } = setting
  const stale = { ...context, accounts: { ...proxied(store.accounts), findAccount: async () => account } }
  await store.accounts.updateAccount('anna', () => ({
    account: { ...account, password: { ...mustHave(account), digest: Buffer.alloc(32) } },
  }))
  await expect(signIn(stale, REQUEST, { name: 'anna', password: PASSWORD })).rejects.toMatchObject({
    reason: 'wrong_credentials',
  })
})

const mustHave = ({ password }: Awaited<ReturnType<typeof add>>) => {
  if (password === undefined) throw new Error('the account has no password')
  return password
}

const proxied = (accounts: typeof setting.store.accounts): typeof accounts => ({
  findAccount: (name) => accounts.findAccount(name),
  listAccounts: (after, limit) => accounts.listAccounts(after, limit),
  hasAccounts: () => accounts.hasAccounts(),
  updateAccount: (name, plan, spent) => accounts.updateAccount(name, plan, spent),
  putLink: (link, event) => accounts.putLink(link, event),
  findLink: (hash, now) => accounts.findLink(hash, now),
  hasLink: (purpose, now) => accounts.hasLink(purpose, now),
})

/** RFC 6238 Appendix B, with the last six of the eight digits. */
test.each([
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
  [20_000_000_000, '353130'],
])('RFC 6238: the code at %d s', (seconds, code) => {
  const secret = Buffer.from('12345678901234567890')
  const step = Math.floor(seconds / 30)
  expect(totpCode(secret, step)).toBe(code)
  expect(findTotpStep(secret, code, seconds * 1000, 0)).toBe(step)
  expect(findTotpStep(secret, code, seconds * 1000, step)).toBeUndefined()
})

test('RFC 4648: base32', () => {
  expect(base32(Buffer.from('fooba'))).toBe('MZXW6YTB')
})

test('second factors follow a change of the master key, and their recovery codes survive its loss', async () => {
  const { context, clock, store } = setting
  await add('anna')
  await enrolSecondFactor(context, OPERATOR, { name: 'anna', issuer: 'Tessera' })
  const found = await store.accounts.findAccount('anna')
  if (found === undefined || 'problem' in found || found.secondFactor === undefined)
    throw new Error('nothing is enrolled')
  const secret = context.masterKey.decrypt(found.secondFactor.secret, `second factor of account ${found.id}`)
  if (!Buffer.isBuffer(secret)) throw new Error(secret.problem)
  const code = () => totpCode(secret, Math.floor(clock.now() / 30_000))
  const [recovery = ''] = await confirmSecondFactor(context, OPERATOR, { name: 'anna', code: code() })

  const second = Buffer.alloc(32, 2)
  const both = { ...context, masterKey: new MasterKey(second, systemRandom, FIRST_MASTER) }
  const replace = (before: MasterKey, after: MasterKey) =>
    store.keys.replaceMasterKey(
      before.id,
      after.id,
      eventOf(context, OPERATOR, { type: 'master_key.change', detail: {} }),
    )
  expect(await replace(context.masterKey, both.masterKey)).toBe(true)
  const rewrapped: string[] = []
  expect(await rewrapSecondFactors(both, OPERATOR, (name) => rewrapped.push(name))).toEqual([])
  expect(rewrapped).toEqual(['anna'])
  expect(await rewrapSecondFactors(both, OPERATOR, (name) => rewrapped.push(name))).toEqual([])
  expect(rewrapped).toEqual(['anna'])
  const only = { ...context, masterKey: new MasterKey(second, systemRandom) }
  clock.advance(60_000)
  expect(await spendCode(only, 'anna', code())).toBe('totp')

  const lost = { ...context, masterKey: new MasterKey(Buffer.alloc(32, 3), systemRandom) }
  expect(await listLostSecondFactors(only)).toEqual([])
  expect(await listLostSecondFactors(lost)).toMatchObject([{ name: 'anna' }])
  clock.advance(60_000)
  await expect(spendCode(lost, 'anna', code())).rejects.toMatchObject({ reason: 'second_factor_lost' })
  expect((await rewrapSecondFactors(lost, OPERATOR, () => {}))[0]).toContain('the second factor of account anna')
  expect(await replace(only.masterKey, lost.masterKey)).toBe(true)
  expect(await spendCode(lost, 'anna', recovery)).toBe('recovery_code')
})
