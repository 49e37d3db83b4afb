import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Account } from '../../src/administrators/accounts/account.ts'
import { addAccount } from '../../src/administrators/accounts/add.ts'
import { changeAccount } from '../../src/administrators/accounts/change.ts'
import {
  confirmSecondFactor,
  enrolSecondFactor,
  removeSecondFactor,
  renewRecoveryCodes,
} from '../../src/administrators/accounts/second-factor.ts'
import { setPassword } from '../../src/administrators/accounts/set-password.ts'
import { totpCode } from '../../src/administrators/accounts/totp.ts'
import type { SessionContext } from '../../src/administrators/sessions/context.ts'
import { beginRequest, confirmRequest, pollRequest } from '../../src/administrators/sessions/device.ts'
import { signIn, signInWithCode, unchangedSince, verifyPassword } from '../../src/administrators/sessions/sign-in.ts'
import { endSessions, listSessions, requireSession } from '../../src/administrators/sessions/signed-in.ts'
import { OPERATOR, openPeopleSetting, REQUEST } from '../harness/people.ts'

const PASSWORD = 'a tessera is a small tile'

let setting: Awaited<ReturnType<typeof openPeopleSetting>>
beforeEach(async () => {
  setting = await openPeopleSetting()
  for (const name of ['anna', 'bert'])
    await addAccount(setting.context, OPERATOR, { name, roles: ['admin'], password: PASSWORD })
})
afterEach(() => setting.close())

const reset = (context: SessionContext) =>
  setPassword(context, OPERATOR, { name: 'anna', password: 'another tile of clay' })

/** The same thing, with something else that happens before a method runs, as another process may do it. */
const before = <Thing extends object>(thing: Thing, method: keyof Thing, happen: () => Promise<unknown>): Thing =>
  new Proxy(thing, {
    get: (target, name) => {
      const found: unknown = Reflect.get(target, name)
      if (typeof found !== 'function') return found
      return async (...given: unknown[]) => {
        if (name === method) await happen()
        return Reflect.apply(found, target, given)
      }
    },
  })

/** Gives Anna a second factor. @returns its recovery codes */
async function enrol(context: SessionContext): Promise<readonly string[]> {
  await enrolSecondFactor(context, OPERATOR, { name: 'anna', issuer: 'Tessera' })
  const found = await context.accounts.findAccount('anna')
  if (found === undefined || 'problem' in found || found.secondFactor === undefined)
    throw new Error('nothing is enrolled')
  const secret = context.masterKey.decrypt(found.secondFactor.secret, `second factor of account ${found.id}`)
  if (!Buffer.isBuffer(secret)) throw new Error(secret.problem)
  const code = totpCode(secret, Math.floor(context.clock.now() / 30_000))
  return confirmSecondFactor(context, OPERATOR, { name: 'anna', code })
}

test('a password that is changed between the challenge and the code begins no session', async () => {
  const { context } = setting
  const [code = ''] = await enrol(context)
  const begun = await signIn(context, REQUEST, { name: 'anna', password: PASSWORD })
  if (!('challenge' in begun)) throw new Error('no second factor is asked for')
  const guesses = before(context.guesses, 'begin', () => reset(context))
  const { challenge } = begun
  await expect(signInWithCode({ ...context, guesses }, REQUEST, { challenge, code })).rejects.toMatchObject({
    reason: 'wrong_credentials',
  })
})

type Change = (context: SessionContext, check: (present: Account) => void) => Promise<unknown>

test.each<[string, Change]>([
  [
    'password',
    (context, check) => setPassword(context, OPERATOR, { name: 'anna', password: 'a tile of the thief' }, check),
  ],
  ['authenticator app', (context, check) => enrolSecondFactor(context, OPERATOR, { name: 'anna', issuer: 'x' }, check)],
  ['recovery codes', (context, check) => renewRecoveryCodes(context, OPERATOR, 'anna', check)],
  ['removal of the second factor', (context, check) => removeSecondFactor(context, OPERATOR, 'anna', check)],
])('a password that was reset meanwhile allows no change: %s', async (what, change) => {
  const { context } = setting
  if (what !== 'authenticator app') await enrol(context)
  const verified = await verifyPassword(context, REQUEST, 'anna', PASSWORD)
  await reset(context)
  const found = await context.accounts.findAccount('anna')
  await expect(change(context, unchangedSince(verified))).rejects.toMatchObject({ reason: 'wrong_credentials' })
  expect(await context.accounts.findAccount('anna')).toEqual(found)
})

test.each<[string, (context: SessionContext) => Promise<unknown>]>([
  [
    'signs out everywhere',
    async (context) => endSessions(context, { session: (await signedIn(context)).session }, OPERATOR),
  ],
  ['gets another password', reset],
  ['is disabled', (context) => changeAccount(context, OPERATOR, 'anna', { enabled: false })],
])('a command line that polls while the person %s gets no session', async (_, end) => {
  const { context } = setting
  const anna = await signedIn(context)
  const { deviceCode, userCode } = await beginRequest(context, REQUEST)
  await confirmRequest(context, anna, OPERATOR, userCode)
  const sessions = before(context.sessions, 'addSession', () => end(context))
  await expect(pollRequest({ ...context, sessions }, REQUEST, deviceCode)).rejects.toMatchObject({
    reason: 'request_ended',
  })
  expect((await listSessions(context, anna)).filter(({ kind }) => kind === 'cli')).toEqual([])
})

async function signedIn(context: SessionContext) {
  const begun = await signIn(context, REQUEST, { name: 'anna', password: PASSWORD })
  if (!('token' in begun)) throw new Error('a second factor is asked for')
  return requireSession(context, 'browser', begun.token)
}
