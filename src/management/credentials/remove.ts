import type { Credential, UnreadableCredential } from '../../model/credentials/credential.ts'
import { remove } from '../../model/credentials/life.ts'
import type { ManagementContext } from '../context.ts'
import { type CredentialChange, type CredentialName, changeCredentials, type Expecting } from './change.ts'
import { findCredential, withName } from './find.ts'

/**
 * Removes a credential for good, even an unreadable one. No manifest brings it back. But an unreadable credential can't be
 * compared, so a manifest that names its label makes a new one.
 * @throws UserError
 */
export async function removeCredential(
  context: ManagementContext,
  { client, name, expected }: CredentialName & Expecting<Credential | UnreadableCredential>,
): Promise<Credential | UnreadableCredential> {
  const { credential } = await changeCredentials(
    context,
    client,
    'credential.remove',
    (standing): CredentialChange<Credential | UnreadableCredential> => {
      const [unreadable] = withName(standing.unreadable, name)
      if (unreadable !== undefined) {
        expected?.(unreadable)
        return { writes: { put: [], remove: [unreadable.id] }, credential: unreadable }
      }
      const credential = findCredential(standing, name, context.clock.now())
      expected?.(credential)
      return { writes: remove(standing.all, credential), credential }
    },
  )
  return credential
}
