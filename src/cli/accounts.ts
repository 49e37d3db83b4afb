import type { AccountContext, SealedAccountContext } from '../administrators/accounts/context.ts'
import { Passwords } from '../administrators/accounts/passwords.ts'
import type { SealedContext } from '../management/context.ts'
import { DEFAULT_TENANT } from '../oauth/ids.ts'
import { systemClock } from '../platform/clock.ts'
import { systemRandom } from '../platform/random.ts'
import type { Opened } from './database.ts'

/** The context of a command's changes of accounts. */
export const accountContext = ({ store }: Opened): AccountContext => ({
  tenant: DEFAULT_TENANT,
  clock: systemClock,
  random: systemRandom,
  accounts: store.accounts,
  passwords: new Passwords(systemRandom),
})

/** The same, for commands that decrypt. */
export const sealedAccounts = (opened: Opened, { masterKey }: SealedContext): SealedAccountContext => ({
  ...accountContext(opened),
  masterKey,
  masterKeyInUse: () => opened.store.keys.masterKeyInUse(),
})
