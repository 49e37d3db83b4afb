import { changeOf } from '../../audit/changes.ts'
import { retrievableContext, retrieveSecret } from '../../model/credentials/retrievable.ts'
import type { CredentialId } from '../../oauth/ids.ts'
import { recordedBy, type SealedContext } from '../context.ts'

/**
 * Encrypts every retrievable secret under the current master key, one at a time. If it is interrupted, the next call completes it.
 * @param onRewrapped called for each secret
 * @returns one line for each secret that can't be decrypted or read; those stay as they are
 */
export async function rewrapSecrets(
  context: SealedContext,
  onRewrapped: (id: CredentialId) => void,
): Promise<readonly string[]> {
  const { store, masterKey } = context
  const { found, unreadable } = await store.credentials.listRetrievable()
  const problems = unreadable.map(({ id, problem }) => `credential ${id}: ${problem}`)
  for (const { clientId, credential } of found) {
    const { id, label, kind, retrievable } = credential
    if (retrievable === undefined || retrievable.masterKeyId === masterKey.id) continue
    const secret = retrieveSecret(credential, masterKey)
    if (!Buffer.isBuffer(secret)) {
      problems.push(`the secret of credential ${id} ${secret.problem}`)
      continue
    }
    const after = masterKey.encrypt(secret, retrievableContext(id), masterKey.id)
    const { masterKeyId } = after
    const event = recordedBy(context, {
      type: 'credential.change',
      clientId,
      detail: { credential: id, label, kind, master_key: masterKeyId },
      changes: [
        changeOf(
          { thing: 'credential', id, name: label, client: clientId },
          { masterKeyId: retrievable.masterKeyId },
          { masterKeyId },
        ),
      ],
    })
    if (await store.credentials.replaceRetrievable(id, retrievable, after, event)) onRewrapped(id)
  }
  return problems
}
