import type { MasterKey } from '../keys/master-key.ts'
import type { CredentialId } from '../oauth/ids.ts'
import { UserError } from '../platform/user-error.ts'
import { retrievableContext, retrieveSecret } from './retrievable.ts'
import type { CredentialStore } from './store.ts'

/**
 * Encrypts every secret that is kept readable under the current master key, one at a time: what a kill interrupts, the next
 * call completes.
 * @param onRewrapped told of each
 * @throws UserError where one is under a master key that was not given
 */
export async function rewrapSecrets(
  store: CredentialStore,
  masterKey: MasterKey,
  onRewrapped: (id: CredentialId) => void,
): Promise<void> {
  for (const credential of (await store.listRetrievable()).found) {
    const { id, retrievable } = credential
    if (retrievable === undefined || retrievable.masterKeyId === masterKey.id) continue
    const secret = retrieveSecret(credential, masterKey)
    if (!Buffer.isBuffer(secret)) throw new UserError(`the secret of credential ${id} ${secret.problem}`)
    await store.replaceRetrievable(id, retrievable, masterKey.encrypt(secret, retrievableContext(id)))
    onRewrapped(id)
  }
}
