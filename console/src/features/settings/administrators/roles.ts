import type { Entry } from '../../../api/types.ts'

export type Account = Entry<'accounts.list'>
export type Role = Account['roles'][number]

/** The roles, each with all of the one before. */
export const roles = ['auditor', 'operator', 'admin'] as const satisfies readonly Role[]

const signsInAsAdmin = ({ roles: all, enabled, has_password: hasPassword }: Account): boolean =>
  all.includes('admin') && enabled && hasPassword

/** Whether an account is the last of those known that can sign in as an admin. The server refuses what would end it. */
export const isLastAdmin = (account: Account, accounts: readonly Account[]): boolean =>
  signsInAsAdmin(account) && accounts.filter(signsInAsAdmin).length === 1
