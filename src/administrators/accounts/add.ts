import { uuidv7 } from '../../platform/random.ts'
import { type Author, eventOf } from '../event.ts'
import { AdministratorRefusal } from '../refusal.ts'
import { type Account, accountChange, requireDisplayName, requireName, requireRoles } from './account.ts'
import type { AccountContext } from './context.ts'
import type { AccountStep, Surroundings } from './store.ts'

/** A new account. */
export interface NewAccount {
  readonly name: string
  readonly displayName?: string | undefined
  readonly roles: readonly string[]
  /** Without one, the person sets it by a link. */
  readonly password?: string | undefined
}

/**
 * Adds an account.
 * @param spent the stored form of the link that this uses up @param check called in the transaction; if it throws, nothing is written
 * @throws AdministratorRefusal `account_invalid`, `account_exists`, `password_refused` or `link_ended`, SecretQueueFull
 */
export async function addAccount(
  context: AccountContext,
  author: Author,
  { name, displayName, roles, password }: NewAccount,
  spent?: string,
  check: (surroundings: Surroundings) => void = () => {},
): Promise<Account> {
  const { clock, random, passwords, accounts } = context
  const now = clock.now()
  const account: Account = {
    id: uuidv7(clock, random),
    name: requireName(name),
    displayName: requireDisplayName(displayName),
    roles: requireRoles(roles),
    isEnabled: true,
    password: password === undefined ? undefined : await passwords.hash(password, name),
    secondFactor: undefined,
    createdAt: now,
  }
  const step = await accounts.updateAccount(
    name,
    (before, surroundings): AccountStep => {
      check(surroundings)
      if (before !== undefined) throw new AdministratorRefusal('account_exists')
      const changes = [accountChange(name, undefined, account)]
      return { account, event: eventOf(context, author, { type: 'account.add', detail: { account: name }, changes }) }
    },
    spent === undefined ? undefined : { hash: spent, now },
  )
  if (step === undefined) throw new AdministratorRefusal('link_ended')
  return account
}
