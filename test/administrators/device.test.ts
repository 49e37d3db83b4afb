import { afterEach, beforeEach, expect, test } from 'vitest'
import { addAccount } from '../../src/administrators/accounts/add.ts'
import { changeAccount } from '../../src/administrators/accounts/change.ts'
import { beginRequest, confirmRequest, findRequest, pollRequest } from '../../src/administrators/sessions/device.ts'
import { signIn } from '../../src/administrators/sessions/sign-in.ts'
import { endSessions, requireSession, type SignedIn } from '../../src/administrators/sessions/signed-in.ts'
import { OPERATOR, openPeopleSetting, REQUEST } from '../harness/people.ts'

const PASSWORD = 'a tessera is a small tile'
const FROM = { remoteAddress: '198.51.100.7', userAgent: 'tessera/1' }

let setting: Awaited<ReturnType<typeof openPeopleSetting>>
let anna: SignedIn
beforeEach(async () => {
  setting = await openPeopleSetting()
  for (const name of ['anna', 'bert'])
    await addAccount(setting.context, OPERATOR, { name, roles: ['admin'], password: PASSWORD })
  const begun = await signIn(setting.context, REQUEST, { name: 'anna', password: PASSWORD })
  if (!('token' in begun)) throw new Error('a second factor is asked for')
  anna = await requireSession(setting.context, 'browser', begun.token)
})
afterEach(() => setting.close())

const poll = (deviceCode: string) => pollRequest(setting.context, REQUEST, deviceCode)
const ENDED = { reason: 'request_ended' }

test('a person who is signed in confirms a code, and the command line gets a session once', async () => {
  const { context } = setting
  const { deviceCode, userCode, expiresIn } = await beginRequest(context, FROM)
  expect(userCode).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
  expect({ deviceCode, expiresIn }).toEqual({
    deviceCode: expect.stringMatching(/^tsd_[0-9A-Za-z]{43}$/),
    expiresIn: 600,
  })
  expect(await poll(deviceCode)).toBe('pending')
  const typed = ` ${userCode.toLowerCase().replace('-', ' ')} `
  expect(await findRequest(context, anna, typed)).toEqual(FROM)
  await confirmRequest(context, anna, OPERATOR, typed)
  await expect(confirmRequest(context, anna, OPERATOR, userCode)).rejects.toMatchObject(ENDED)
  const begun = await poll(deviceCode)
  if (begun === 'pending') throw new Error('the request is not confirmed')
  expect(begun.token).toMatch(/^tsl_[0-9A-Za-z]{43}$/)
  await expect(poll(deviceCode)).rejects.toMatchObject(ENDED)
  expect(await requireSession(context, 'cli', begun.token)).toMatchObject({ name: 'anna', roles: ['admin'] })
  // A browser can't use it as a cookie, where it would need no header of a program.
  await expect(requireSession(context, 'browser', begun.token)).rejects.toMatchObject({ reason: 'not_signed_in' })
  expect(begun.session.expiresAt - begun.session.createdAt).toBe(43_200_000)
  await endSessions(context, anna, OPERATOR)
  await expect(requireSession(context, 'cli', begun.token)).rejects.toMatchObject({ reason: 'not_signed_in' })
})

test('a command line confirms no other, which would outlive it', async () => {
  const { context } = setting
  const first = await beginRequest(context, FROM)
  await confirmRequest(context, anna, OPERATOR, first.userCode)
  const begun = await poll(first.deviceCode)
  if (begun === 'pending') throw new Error('the request is not confirmed')
  const program = await requireSession(context, 'cli', begun.token)
  const { deviceCode, userCode } = await beginRequest(context, FROM)
  const refused = { reason: 'not_signed_in' }
  await expect(findRequest(context, program, userCode)).rejects.toMatchObject(refused)
  await expect(confirmRequest(context, program, OPERATOR, userCode)).rejects.toMatchObject(refused)
  expect(await poll(deviceCode)).toBe('pending')
})

test('a code expires', async () => {
  const { context, clock } = setting
  const { deviceCode, userCode } = await beginRequest(context, FROM)
  clock.advance(600_000)
  await expect(findRequest(context, anna, userCode)).rejects.toMatchObject(ENDED)
  await expect(poll(deviceCode)).rejects.toMatchObject(ENDED)
  for (const code of ['', 'x'.repeat(100_000), userCode]) await expect(poll(code)).rejects.toMatchObject(ENDED)
})

test('an account that is disabled after it has confirmed gives no session', async () => {
  const { context } = setting
  const { deviceCode, userCode } = await beginRequest(context, FROM)
  await confirmRequest(context, anna, OPERATOR, userCode)
  await changeAccount(context, OPERATOR, 'anna', { enabled: false })
  await expect(poll(deviceCode)).rejects.toMatchObject(ENDED)
})

test('user codes are guessed slowly', async () => {
  const { context } = setting
  const codes = ['B', 'C', 'D', 'F', 'G', 'H'].map((letter) => letter.repeat(8))
  const reasons: unknown[] = []
  for (const code of codes)
    reasons.push(await findRequest(context, anna, code).catch(({ reason }: { reason: unknown }) => reason))
  expect(reasons).toEqual([...Array.from({ length: 5 }, () => 'request_ended'), 'too_many_guesses'])
  await expect(findRequest(context, anna, 'x'.repeat(100_000))).rejects.toMatchObject(ENDED)
})

test('at most 1,000 requests wait, and ten from a network: its oldest goes', async () => {
  const { context } = setting
  const first = await beginRequest(context, FROM)
  setting.clock.advance(1)
  for (let index = 0; index < 10; index += 1) await beginRequest(context, FROM)
  await expect(poll(first.deviceCode)).rejects.toMatchObject(ENDED)
  for (let network = 0; network < 99; network += 1)
    for (let index = 0; index < 10; index += 1)
      await beginRequest(context, { ...FROM, remoteAddress: `10.${network}.0.${index}` })
  await expect(beginRequest(context, { ...FROM, remoteAddress: '2001:db8::1' })).rejects.toMatchObject({
    reason: 'too_many_requests',
  })
  // A network that has requests may go on: it displaces its own.
  await beginRequest(context, FROM)
  setting.clock.advance(600_000)
  await beginRequest(context, { ...FROM, remoteAddress: '2001:db8::1' })
})
