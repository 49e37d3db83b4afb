import type { Unreadable } from '../../platform/unreadable.ts'
import { type Author, eventOf } from '../event.ts'
import { AdministratorRefusal } from '../refusal.ts'
import { type Account, accountChange, isUsableAdmin, requireDisplayName, requireRoles } from './account.ts'
import type { AccountContext } from './context.ts'
import type { AccountStep, EndedSessions, Surroundings } from './store.ts'

/** New values of the properties of an account that an administrator sets. A missing one stays as it is. */
interface AccountSettings {
  readonly displayName?: string | undefined
  readonly roles?: readonly string[] | undefined
  readonly enabled?: boolean | undefined
}

/** The account as it must be for a change. @throws AdministratorRefusal `no_account` or `account_unreadable` */
export function requireAccount(found: Account | Unreadable | undefined): Account {
  if (found === undefined) throw new AdministratorRefusal('no_account')
  if ('problem' in found) throw new AdministratorRefusal('account_unreadable', { detail: { problem: found.problem } })
  return found
}

/** @param after undefined if the account is removed @throws AdministratorRefusal `last_admin` */
export function keepAnAdmin(before: Account, after: Account | undefined, { otherAdmins }: Surroundings): void {
  const isLost = isUsableAdmin(before) && !(after !== undefined && isUsableAdmin(after))
  if (isLost && otherAdmins === 0) throw new AdministratorRefusal('last_admin')
}

/**
 * Changes an account. If it is disabled or has other roles afterwards, all of its sessions and links end.
 * @param check called in the transaction; if it throws, nothing is written
 * @throws AdministratorRefusal `no_account`, `account_unreadable`, `account_invalid` or `last_admin`
 */
export async function changeAccount(
  context: AccountContext,
  author: Author,
  name: string,
  settings: AccountSettings,
  check: (before: Account, surroundings: Surroundings) => void = () => {},
): Promise<Account> {
  const given = settings.roles && requireRoles(settings.roles)
  return changeWith(context, author, name, (before, surroundings) => {
    check(before, surroundings)
    const after: Account = {
      ...before,
      ...('displayName' in settings && { displayName: requireDisplayName(settings.displayName) }),
      ...(given && { roles: given }),
      ...(settings.enabled !== undefined && { isEnabled: settings.enabled }),
    }
    keepAnAdmin(before, after, surroundings)
    const isLess = !after.isEnabled || after.roles.join() !== before.roles.join()
    return { account: after, ends: isLess ? 'all' : undefined }
  })
}

/** The rows that a change of an account writes. */
interface Changed {
  readonly account: Account
  readonly ends?: EndedSessions | undefined
  /** Facts for the event, beside the changed fields. */
  readonly detail?: Readonly<Record<string, unknown>>
}

/** Changes one account and records the change. @throws AdministratorRefusal `no_account` or `account_unreadable`, or what `change` throws */
export async function changeWith(
  context: AccountContext,
  author: Author,
  name: string,
  change: (before: Account, surroundings: Surroundings) => Changed,
): Promise<Account> {
  const step = await context.accounts.updateAccount(
    name,
    (found, surroundings): AccountStep & { readonly account: Account } => {
      const before = requireAccount(found)
      const { account, ends, detail = {} } = change(before, surroundings)
      const changed = accountChange(name, before, account)
      if (changed === undefined && Object.keys(detail).length === 0) return { account: before }
      return {
        account,
        ends,
        event: eventOf(context, author, {
          type: 'account.change',
          detail: { account: name, ...detail },
          changes: [changed],
        }),
      }
    },
  )
  if (step === undefined) throw new Error('a change without a link ran no plan')
  return step.account
}
