import { hash } from 'node:crypto'
import { SecretQueueFull } from '../../client-auth/secrets/fair-queue.ts'
import type { Guess } from '../../client-auth/throttle/guesses.ts'
import { ClientId } from '../../oauth/ids.ts'
import { networksOf } from '../../platform/addresses.ts'
import { start } from '../../platform/bytes.ts'
import { DomainError } from '../../platform/domain-error.ts'
import { LONGEST_RECORDED } from '../../platform/text.ts'
import { type Account, isAccountName } from '../accounts/account.ts'
import { spendCode } from '../accounts/second-factor.ts'
import { STEP_MS } from '../accounts/totp.ts'
import { refusedEvent } from '../event.ts'
import { AdministratorRefusal } from '../refusal.ts'
import { seal, unseal } from '../sealed.ts'
import { beginSession, type NewSession, type SignInRequest } from './begin.ts'
import type { SessionContext } from './context.ts'

/** The time between the password and the second factor. Milliseconds. */
const CHALLENGE_MS = 5 * 60_000
const CHALLENGE = 'second factor challenge'
const LONGEST_NAME = 64

/** A password was right, and a code must follow. The challenge is encrypted, so that nobody can make one. */
export interface Challenge {
  readonly challenge: string
}

/**
 * Signs a person in by name and password. An unknown account, a wrong password and a disabled account take the same work and have
 * the same answer.
 * @throws AdministratorRefusal `wrong_credentials`, TooManyGuesses, SecretQueueFull; each is recorded
 */
export function signIn(
  context: SessionContext,
  request: SignInRequest,
  { name: given, password }: { readonly name: string; readonly password: string },
): Promise<NewSession | Challenge> {
  const name = given.trim().toLowerCase()
  return recorded(context, request, name, async () => {
    const account = await verifyPassword(context, request, name, password)
    if (account.secondFactor?.isConfirmed) {
      const content = { name: account.name, state: stateOf(account) }
      return { challenge: await seal(context, CHALLENGE, content, CHALLENGE_MS) }
    }
    return begin(context, request, account, ['password'])
  })
}

/**
 * Completes a sign-in with a code of the app, or a recovery code. Each code counts once.
 * @throws AdministratorRefusal `challenge_ended`, `wrong_code`, `second_factor_lost`; TooManyGuesses; each is recorded
 */
export async function signInWithCode(
  context: SessionContext,
  request: SignInRequest,
  { challenge, code }: { readonly challenge: string; readonly code: string },
): Promise<NewSession> {
  const opened = await unseal(context, CHALLENGE, challenge)
  const name = String(opened?.['name'] ?? '')
  return recorded(context, request, name, async () => {
    if (opened === undefined) throw new AdministratorRefusal('challenge_ended')
    const found = await context.accounts.findAccount(name)
    const isSame = found !== undefined && !('problem' in found) && found.isEnabled && stateOf(found) === opened['state']
    if (!isSame) throw new AdministratorRefusal('challenge_ended')
    const kind = await guardCode(context, name, code, () => spendCode(context, name, code))
    return begin(context, request, found, ['password', kind])
  })
}

/**
 * Verifies the password of somebody, as a guess that counts.
 * @throws AdministratorRefusal `wrong_credentials`, TooManyGuesses, SecretQueueFull
 */
export async function verifyPassword(
  context: SessionContext,
  { remoteAddress }: Pick<SignInRequest, 'remoteAddress'>,
  name: string,
  password: string,
): Promise<Account> {
  const { tenant, accounts, passwords, guesses } = context
  const found = isAccountName(name) ? await accounts.findAccount(name) : undefined
  const account = found === undefined || 'problem' in found || !found.isEnabled ? undefined : found
  const guess = { ...guessOf(context, 'account', name, password), address: remoteAddress }
  const attempt = await guesses.begin(guess)
  const place = {
    class: attempt.standing,
    lanes: [...networksOf(remoteAddress).widestFirst, `${tenant} ${guess.clientId}`],
  }
  try {
    // The decoy stands in for the password of an account that must not sign in.
    if (!(await passwords.verify(account?.password, password, place)) || account === undefined)
      throw new AdministratorRefusal('wrong_credentials')
  } catch (error) {
    if (error instanceof SecretQueueFull) attempt.turnedAway()
    throw error
  }
  attempt.succeeded()
  return account
}

/**
 * Makes a check for a change that the password of a verified account allows. A reset link or another change may have come meanwhile.
 * @returns a function that throws AdministratorRefusal `wrong_credentials`
 */
export const unchangedSince =
  (verified: Account) =>
  (present: Account): void => {
    if (stateOf(present) !== stateOf(verified)) throw new AdministratorRefusal('wrong_credentials')
  }

/**
 * Checks a code that has few digits, as a guess that counts for the account and not for the address: whoever guesses codes knows the
 * password, and may have many addresses.
 * @param check throws AdministratorRefusal if the code is wrong @throws TooManyGuesses
 */
export async function guardCode<Result>(
  context: SessionContext,
  name: string,
  code: string,
  check: () => Promise<Result>,
): Promise<Result> {
  // The same code is another guess in another time step. Equal secrets count once, so the step is part of the secret.
  const step = Math.floor(context.clock.now() / STEP_MS)
  const guess = guessOf(context, 'second factor', name, `${step} ${code}`)
  const attempt = await context.guesses.begin({ ...guess, address: `second factor of ${name}` })
  const result = await check()
  attempt.succeeded()
  return result
}

/** The id begins in a way in which no client id can, so that a client of the same name is another one. */
export function guessOf(
  { tenant, masterKey }: Pick<SessionContext, 'tenant' | 'masterKey'>,
  what: string,
  name: string,
  secret: string,
): Omit<Guess, 'address'> {
  const key = masterKey.derive('marks of people')[0].toString('base64')
  const mark = hash('sha256', `${key}${tenant}\0${what}\0${name}\0${secret}`, 'base64url')
  return { tenant, clientId: ClientId(`${what}\0${name}`), marks: [mark] }
}

/** Records a refusal, and throws it again. @param name as given */
async function recorded<Result>(
  context: SessionContext,
  { requestId, remoteAddress, traceId, userAgent }: SignInRequest,
  name: string,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof AdministratorRefusal || error instanceof DomainError) {
      const { reason, detail } = error
      const happening = {
        type: 'session.start',
        reason,
        detail: {
          name: start(name, LONGEST_NAME),
          user_agent: userAgent && start(userAgent, LONGEST_RECORDED),
          ...detail,
        },
      } as const
      context.audit.record(refusedEvent(context, { requestId, remoteAddress, traceId }, happening))
    }
    throw error
  }
}

async function begin(
  context: SessionContext,
  request: SignInRequest,
  account: Account,
  methods: readonly string[],
): Promise<NewSession> {
  const { id, name } = account
  const person = { kind: 'account', accountId: id, name } as const
  const begun = await beginSession(context, request, { kind: 'browser', person, methods, requires: account })
  if (begun === undefined) throw new AdministratorRefusal('wrong_credentials')
  return begun
}

/** A change of the password, or another account of the same name, ends a challenge. */
const stateOf = ({ id, password }: Account): string =>
  hash('sha256', `${id} ${password?.digest.toString('base64url') ?? ''}`, 'base64url')
