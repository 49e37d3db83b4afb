import type { MasterKey } from '../../crypto/master-key.ts'
import type { EventContext } from '../event.ts'
import type { Passwords } from './passwords.ts'
import type { AccountStore } from './store.ts'

/** The context of every verb for accounts. */
export interface AccountContext extends EventContext {
  readonly accounts: AccountStore
  readonly passwords: Passwords
}

/** The context of a verb that encrypts or decrypts a second factor. */
export interface SealedAccountContext extends AccountContext {
  readonly masterKey: MasterKey
  /** The id of the master key in use; undefined if there is none yet. */
  readonly masterKeyInUse: () => Promise<string | undefined>
}
