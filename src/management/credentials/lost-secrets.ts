import type { Encrypted } from '../../crypto/master-key.ts'
import type { SecretCredential } from '../../model/credentials/credential.ts'
import { retrieveSecret } from '../../model/credentials/retrievable.ts'
import type { OwnedCredential } from '../../model/credentials/store.ts'
import type { SealedContext } from '../context.ts'

/** A retrievable secret that can't be decrypted. */
export interface LostSecret extends OwnedCredential<SecretCredential> {
  readonly retrievable: Encrypted
  readonly problem: string
}

/** Lists the retrievable secrets that can't be decrypted. Their hashes still verify a secret that a client sends. */
export async function listLostSecrets({ store, masterKey }: SealedContext): Promise<readonly LostSecret[]> {
  const { found } = await store.credentials.listRetrievable()
  return found.flatMap(({ clientId, credential }) => {
    const { retrievable } = credential
    const secret = retrieveSecret(credential, masterKey)
    if (retrievable === undefined || Buffer.isBuffer(secret)) return []
    return [{ clientId, credential, retrievable, problem: secret.problem }]
  })
}
