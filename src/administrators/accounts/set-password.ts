import { type Author, eventOf } from '../event.ts'
import { AdministratorRefusal } from '../refusal.ts'
import { type Account, accountChange } from './account.ts'
import { changeWith, requireAccount } from './change.ts'
import type { AccountContext } from './context.ts'
import { findLink } from './links.ts'
import type { AccountStep } from './store.ts'

/**
 * Changes a password, and ends every other session of the account. The caller has verified the old password.
 * @param exceptSession the id of the session that stays
 * @param check called in the transaction; if it throws, nothing is written
 * @throws AdministratorRefusal `password_refused`, `no_account`; SecretQueueFull
 */
export async function setPassword(
  context: AccountContext,
  author: Author,
  {
    name,
    password,
    exceptSession,
  }: { readonly name: string; readonly password: string; readonly exceptSession?: string },
  check: (before: Account) => void = () => {},
): Promise<void> {
  const hashed = await context.passwords.hash(password, name)
  await changeWith(context, author, name, (before) => {
    check(before)
    return {
      account: { ...before, password: hashed },
      ends: { except: exceptSession },
      detail: { password: 'changed' },
    }
  })
}

/**
 * Sets a password by a link of the purpose `reset`, and ends every session of the account.
 * @throws AdministratorRefusal `link_ended`, `password_refused`; SecretQueueFull
 */
export async function resetPassword(
  context: AccountContext,
  authorOf: (account: string) => Author,
  { token, password }: { readonly token: string; readonly password: string },
): Promise<Account> {
  const { accounts, clock, passwords } = context
  const link = await findLink(context, token)
  if (link?.purpose !== 'reset' || link.account === undefined) throw new AdministratorRefusal('link_ended')
  const { hash, account: name } = link
  const hashed = await passwords.hash(password, name)
  const step = await accounts.updateAccount(
    name,
    (found): AccountStep & { readonly account: Account } => {
      const before = requireAccount(found)
      const account = { ...before, password: hashed }
      const detail = { account: name, password: 'reset' }
      const changes = [accountChange(name, before, account)]
      const event = eventOf(context, authorOf(name), { type: 'account.change', detail, changes })
      return { account, ends: 'all', event }
    },
    { hash, now: clock.now() },
  )
  if (step === undefined) throw new AdministratorRefusal('link_ended')
  return step.account
}
