import { UserError } from '../platform/user-error.ts'
import type { MasterKey } from './master-key.ts'
import type { KeyStore } from './store.ts'

/** Whether a master key is that of a database: of one with keys, it must open some. @throws UserError where it is not */
export async function requireFitting(store: Pick<KeyStore, 'listKeys'>, masterKey: MasterKey): Promise<void> {
  const { found } = await store.listKeys()
  const [other] = found
  if (other === undefined || found.some(({ masterKeyId }) => masterKey.has(masterKeyId))) return
  throw new UserError(
    `the database is encrypted under the master key ${other.masterKeyId}; the one given is ${masterKey.id}`,
  )
}
