import type { MasterKey } from '../../crypto/master-key.ts'
import type { CredentialId } from '../../oauth/ids.ts'
import type { Unreadable } from '../../platform/unreadable.ts'
import type { SecretCredential } from './credential.ts'

/** What a secret is encrypted as: its row can't be passed off as that of another credential. */
export const retrievableContext = (id: CredentialId): string => `secret of credential ${id}`

/** Decrypts the secret of a credential (UTF-8), or says why it can't be decrypted. */
export function retrieveSecret({ id, retrievable }: SecretCredential, masterKey: MasterKey): Buffer | Unreadable {
  const opened =
    retrievable === undefined
      ? { problem: 'only a hash of its secret is kept' }
      : masterKey.decrypt(retrievable, retrievableContext(id))
  return Buffer.isBuffer(opened) ? opened : { kind: 'credential', id, problem: opened.problem }
}
