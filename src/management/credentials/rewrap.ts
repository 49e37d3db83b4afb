import type { MasterKey } from '../../crypto/master-key.ts'
import { retrievableContext, retrieveSecret } from '../../model/credentials/retrievable.ts'
import type { CredentialStore } from '../../model/credentials/store.ts'
import type { CredentialId } from '../../oauth/ids.ts'

/**
 * Encrypts every secret that is kept readable under the current master key, one at a time: what a kill interrupts, the next
 * call completes.
 * @param onRewrapped told of each
 * @returns one line for each secret that can't be decrypted or read; those stay as they are
 */
export async function rewrapSecrets(
  store: CredentialStore,
  masterKey: MasterKey,
  onRewrapped: (id: CredentialId) => void,
): Promise<readonly string[]> {
  const { found, unreadable } = await store.listRetrievable()
  const problems = unreadable.map(({ id, problem }) => `credential ${id}: ${problem}`)
  for (const { credential } of found) {
    const { id, retrievable } = credential
    if (retrievable === undefined || retrievable.masterKeyId === masterKey.id) continue
    const secret = retrieveSecret(credential, masterKey)
    if (!Buffer.isBuffer(secret)) {
      problems.push(`the secret of credential ${id} ${secret.problem}`)
      continue
    }
    await store.replaceRetrievable(id, retrievable, masterKey.encrypt(secret, retrievableContext(id), masterKey.id))
    onRewrapped(id)
  }
  return problems
}
