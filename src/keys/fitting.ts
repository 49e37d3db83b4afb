import type { MasterKey } from '../crypto/master-key.ts'
import type { KeyStore } from './store.ts'

/**
 * Checks that a master key belongs to a database. Servers call it at start, before they use the database.
 * @throws MasterKeyMismatch if it does not; the message says what to do
 */
export async function requireFitting(store: Pick<KeyStore, 'masterKeyInUse'>, masterKey: MasterKey): Promise<void> {
  masterKey.requireFitting(await store.masterKeyInUse())
}
