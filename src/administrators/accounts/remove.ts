import { type Author, eventOf } from '../event.ts'
import { AdministratorRefusal } from '../refusal.ts'
import { type Account, accountChange } from './account.ts'
import { keepAnAdmin } from './change.ts'
import type { AccountContext } from './context.ts'
import type { AccountStep, Surroundings } from './store.ts'

/**
 * Removes an account. Its sessions, links and memberships end with it.
 * @param check called in the transaction; if it throws, nothing is written. An unreadable account is undefined
 * @throws AdministratorRefusal `no_account` or `last_admin`
 */
export async function removeAccount(
  context: AccountContext,
  author: Author,
  name: string,
  check: (before: Account | undefined, surroundings: Surroundings) => void = () => {},
): Promise<void> {
  await context.accounts.updateAccount(name, (before, surroundings): AccountStep => {
    if (before === undefined) throw new AdministratorRefusal('no_account')
    const known = 'problem' in before ? undefined : before
    check(known, surroundings)
    if (known !== undefined) keepAnAdmin(known, undefined, surroundings)
    const changes = [known && accountChange(name, known, undefined)]
    const { groups } = surroundings
    const detail = { account: name, ...(groups.length > 0 && { groups }) }
    return {
      account: undefined,
      ends: 'all',
      event: eventOf(context, author, { type: 'account.remove', detail, changes }),
    }
  })
}
