import type { MasterKey } from '../crypto/master-key.ts'
import type { KeyStore } from './store.ts'

/**
 * Requires that a master key fits a database. Servers call it when they start, before they work with the database.
 * @throws MasterKeyMismatch if it does not fit; the message says what to do
 */
export async function requireFitting(store: Pick<KeyStore, 'masterKeyInUse'>, masterKey: MasterKey): Promise<void> {
  masterKey.requireFitting(await store.masterKeyInUse())
}
