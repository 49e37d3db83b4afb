import { systemEvent } from '../../audit/system-event.ts'
import type { Encrypted, MasterKey } from '../../crypto/master-key.ts'
import type { SecretCredential } from '../../model/credentials/credential.ts'
import { retrieveSecret } from '../../model/credentials/retrievable.ts'
import type { CredentialStore, OwnedCredential } from '../../model/credentials/store.ts'
import type { Clock } from '../../platform/clock.ts'
import type { RandomBytes } from '../../platform/random.ts'

/** A retrievable secret that can't be decrypted. */
export interface LostSecret extends OwnedCredential<SecretCredential> {
  readonly retrievable: Encrypted
  readonly problem: string
}

/** Lists the retrievable secrets that can't be decrypted. Their hashes still verify a secret that a client sends. */
export async function listLostSecrets(
  store: Pick<CredentialStore, 'listRetrievable'>,
  masterKey: MasterKey,
): Promise<readonly LostSecret[]> {
  const { found } = await store.listRetrievable()
  return found.flatMap(({ clientId, credential }) => {
    const { retrievable } = credential
    const secret = retrieveSecret(credential, masterKey)
    if (retrievable === undefined || Buffer.isBuffer(secret)) return []
    return [{ clientId, credential, retrievable, problem: secret.problem }]
  })
}

/** Drops the encrypted copy of a secret and keeps its hash. The client can't sign with it any more, but can still send it. */
export async function forgetLostSecret(
  store: Pick<CredentialStore, 'forgetRetrievable'>,
  { clientId, credential: { id, label, kind }, retrievable }: LostSecret,
  means: { readonly clock: Clock; readonly random: RandomBytes },
): Promise<void> {
  const event = systemEvent('credential.change', { credential: id, label, kind, retrievable: false }, means)
  await store.forgetRetrievable(clientId, id, retrievable, { ...event, clientId })
}
