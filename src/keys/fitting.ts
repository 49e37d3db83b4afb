import type { MasterKey } from './master-key.ts'
import type { KeyStore } from './store.ts'

/**
 * Whether a master key is that of a database: for whoever is about to work with it, such as a server that starts.
 * @throws MasterKeyMismatch where it is not, with what to do
 */
export async function requireFitting(store: Pick<KeyStore, 'masterKeyInUse'>, masterKey: MasterKey): Promise<void> {
  masterKey.requireFitting(await store.masterKeyInUse())
}
