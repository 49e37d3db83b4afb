import type { MasterKey } from '../keys/master-key.ts'
import type { CredentialId } from '../oauth/ids.ts'
import type { SecretCredential } from './credential.ts'

/** What a secret is encrypted as: its row can't be passed off as that of another credential. */
export const retrievableContext = (id: CredentialId): string => `secret of credential ${id}`

/**
 * The secret of a credential that the client signs with, its UTF-8; undefined where only its hash is kept.
 * @throws UserError where it was encrypted under another master key
 */
export const retrieveSecret = ({ id, retrievable }: SecretCredential, masterKey: MasterKey): Buffer | undefined =>
  retrievable && masterKey.decrypt(retrievable, retrievableContext(id))
