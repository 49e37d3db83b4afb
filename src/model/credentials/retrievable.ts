import type { MasterKey } from '../../crypto/master-key.ts'
import type { CredentialId } from '../../oauth/ids.ts'
import type { Unreadable } from '../../platform/unreadable.ts'
import type { SecretCredential } from './credential.ts'

/** The context that binds an encrypted secret to its credential, so that another row can't use its ciphertext. */
export const retrievableContext = (id: CredentialId): string => `secret of credential ${id}`

/** Decrypts the secret of a credential (UTF-8), or says why it can't be decrypted. */
export function retrieveSecret({ id, retrievable }: SecretCredential, masterKey: MasterKey): Buffer | Unreadable {
  const opened =
    retrievable === undefined
      ? { problem: 'only a hash of its secret is kept' }
      : masterKey.decrypt(retrievable, retrievableContext(id))
  return Buffer.isBuffer(opened) ? opened : { kind: 'credential', id, problem: opened.problem }
}
