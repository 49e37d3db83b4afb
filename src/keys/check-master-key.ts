import type { MasterKey } from './master-key.ts'
import type { KeyStore } from './store.ts'

/**
 * Checks whether a master key opens the keys of a database.
 * @returns why not, in words that follow the option's name, or undefined
 */
export async function checkMasterKey(
  store: Pick<KeyStore, 'listKeys'>,
  masterKey: MasterKey,
): Promise<string | undefined> {
  const other = (await store.listKeys()).find((key) => !masterKey.knows(key.masterKeyId))
  if (other === undefined) return undefined
  return `is not the master key of this database: it has keys that are encrypted under the master key ${other.masterKeyId}, and the one given is ${masterKey.id}`
}
