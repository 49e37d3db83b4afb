import { type Author, eventOf } from '../event.ts'
import { AdministratorRefusal } from '../refusal.ts'
import { type Account, accountChange } from './account.ts'
import { keepAnAdmin } from './change.ts'
import type { AccountContext } from './context.ts'
import type { AccountStep } from './store.ts'

/**
 * Removes an account and ends its sessions.
 * @param check called in the transaction; if it throws, nothing is written. An unreadable account is undefined
 * @throws AdministratorRefusal `no_account` or `last_admin`
 */
export async function removeAccount(
  context: AccountContext,
  author: Author,
  name: string,
  check: (before: Account | undefined) => void = () => {},
): Promise<void> {
  await context.accounts.updateAccount(name, (before, surroundings): AccountStep => {
    if (before === undefined) throw new AdministratorRefusal('no_account')
    const known = 'problem' in before ? undefined : before
    check(known)
    if (known !== undefined) keepAnAdmin(known, undefined, surroundings)
    const changes = [known && accountChange(name, known, undefined)]
    const detail = { account: name }
    return {
      account: undefined,
      ends: 'all',
      event: eventOf(context, author, { type: 'account.remove', detail, changes }),
    }
  })
}
