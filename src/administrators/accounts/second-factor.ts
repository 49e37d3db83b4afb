import type { Author } from '../event.ts'
import { AdministratorRefusal } from '../refusal.ts'
import type { Account, SecondFactor } from './account.ts'
import { secondFactorContext } from './account.ts'
import { changeWith, requireAccount } from './change.ts'
import type { AccountContext, SealedAccountContext } from './context.ts'
import { hashRecoveryCode, newRecoveryCodes } from './recovery-codes.ts'
import type { Surroundings } from './store.ts'
import { base32, findTotpStep, TOTP_SECRET_BYTES, totpUri } from './totp.ts'

/** A new secret, for the app of the person. Nothing shows it again. */
export interface Enrolment {
  readonly secret: string
  readonly uri: string
}

/** The longest code that is looked at: a recovery code with some white space. */
const LONGEST_CODE = 64

/**
 * Gives an account a secret for codes. Nobody is asked for a code until `confirmSecondFactor`.
 * @param issuer the name of this server, which the app shows
 * @param check called in the transaction; if it throws, nothing is written
 * @throws AdministratorRefusal `second_factor_exists`
 */
export async function enrolSecondFactor(
  context: SealedAccountContext,
  author: Author,
  { name, issuer }: { readonly name: string; readonly issuer: string },
  check: (before: Account) => void = () => {},
): Promise<Enrolment> {
  const { masterKey, masterKeyInUse, random } = context
  const inUse = await masterKeyInUse()
  const secret = Buffer.from(random(TOTP_SECRET_BYTES))
  await changeWith(context, author, name, (before) => {
    check(before)
    if (before.secondFactor?.isConfirmed) throw new AdministratorRefusal('second_factor_exists')
    const encrypted = masterKey.encrypt(secret, secondFactorContext(before), inUse)
    const secondFactor = { secret: encrypted, isConfirmed: false, lastStep: 0, recoveryHashes: [] }
    return { account: { ...before, secondFactor }, detail: { second_factor: 'enrolled' } }
  })
  return { secret: base32(secret), uri: totpUri(secret, name, issuer) }
}

/** Turns the second factor on, after a first code. @returns the recovery codes, which nothing shows again
 * @throws AdministratorRefusal `no_second_factor`, `second_factor_exists`, `second_factor_lost` or `wrong_code` */
export async function confirmSecondFactor(
  context: SealedAccountContext,
  author: Author,
  { name, code }: { readonly name: string; readonly code: string },
): Promise<readonly string[]> {
  const codes = newRecoveryCodes(context.random)
  await changeWith(context, author, name, (before) => {
    const { secondFactor } = before
    if (secondFactor === undefined) throw new AdministratorRefusal('no_second_factor')
    if (secondFactor.isConfirmed) throw new AdministratorRefusal('second_factor_exists')
    const lastStep = stepOf(context, before, secondFactor, code)
    if (lastStep === undefined) throw new AdministratorRefusal('wrong_code')
    const recoveryHashes = codes.map((one) => hashRecoveryCode(before.id, one))
    return {
      account: { ...before, secondFactor: { ...secondFactor, isConfirmed: true, lastStep, recoveryHashes } },
      ends: undefined,
      detail: { second_factor: 'confirmed' },
    }
  })
  return codes
}

/**
 * Makes new recovery codes in place of the others.
 * @param check called in the transaction; if it throws, nothing is written
 * @returns the codes, which nothing shows again @throws AdministratorRefusal `no_second_factor`
 */
export async function renewRecoveryCodes(
  context: AccountContext,
  author: Author,
  name: string,
  check: (before: Account) => void = () => {},
): Promise<readonly string[]> {
  const codes = newRecoveryCodes(context.random)
  await changeWith(context, author, name, (before) => {
    check(before)
    const { secondFactor } = before
    if (!secondFactor?.isConfirmed) throw new AdministratorRefusal('no_second_factor')
    const recoveryHashes = codes.map((one) => hashRecoveryCode(before.id, one))
    return {
      account: { ...before, secondFactor: { ...secondFactor, recoveryHashes } },
      detail: { recovery_codes: 'renewed' },
    }
  })
  return codes
}

/** Removes the second factor of an account. The caller has verified the password, or may reset accounts. */
export const removeSecondFactor = (
  context: AccountContext,
  author: Author,
  name: string,
  check: (before: Account, surroundings: Surroundings) => void = () => {},
): Promise<Account> =>
  changeWith(context, author, name, (before, surroundings) => {
    check(before, surroundings)
    return before.secondFactor === undefined
      ? { account: before }
      : { account: { ...before, secondFactor: undefined }, detail: { second_factor: 'removed' } }
  })

/** The kind of code that a person gave. */
export type CodeKind = 'totp' | 'recovery_code'

/**
 * Uses up a code of an account: a code of the app counts once, and so does a recovery code.
 * @returns the kind of the code
 * @throws AdministratorRefusal `wrong_code` or `second_factor_lost`
 */
export async function spendCode(context: SealedAccountContext, name: string, code: string): Promise<CodeKind> {
  if (code.length > LONGEST_CODE) throw new AdministratorRefusal('wrong_code')
  const step = await context.accounts.updateAccount(name, (found) => {
    const before = requireAccount(found)
    const { secondFactor } = before
    if (!secondFactor?.isConfirmed) throw new AdministratorRefusal('no_second_factor')
    const hash = hashRecoveryCode(before.id, code)
    if (secondFactor.recoveryHashes.includes(hash)) {
      const recoveryHashes = secondFactor.recoveryHashes.filter((one) => one !== hash)
      return {
        kind: 'recovery_code' as const,
        account: { ...before, secondFactor: { ...secondFactor, recoveryHashes } },
      }
    }
    const lastStep = stepOf(context, before, secondFactor, code)
    if (lastStep === undefined) throw new AdministratorRefusal('wrong_code')
    return { kind: 'totp' as const, account: { ...before, secondFactor: { ...secondFactor, lastStep } } }
  })
  if (step === undefined) throw new Error('a change without a link ran no plan')
  return step.kind
}

/** @throws AdministratorRefusal `second_factor_lost` */
function stepOf(
  { masterKey, clock }: SealedAccountContext,
  account: Account,
  { secret, lastStep }: SecondFactor,
  code: string,
): number | undefined {
  if (code.length > LONGEST_CODE) return undefined
  const opened = masterKey.decrypt(secret, secondFactorContext(account))
  if (!Buffer.isBuffer(opened))
    throw new AdministratorRefusal('second_factor_lost', { detail: { problem: opened.problem } })
  return findTotpStep(opened, code.replace(/\s/g, ''), clock.now(), lastStep)
}
