import type { Credential } from '../../model/credentials/credential.ts'
import { cancel, successorOf } from '../../model/credentials/life.ts'
import type { ManagementContext } from '../context.ts'
import { type CredentialName, changeCredentials } from './change.ts'
import { findCredential } from './find.ts'

/**
 * Undoes a rotation. The name is that of the new or of the old credential.
 * @returns the old credential, with its former life
 * @throws UserError
 */
export async function cancelRotation(
  context: ManagementContext,
  { client, name }: CredentialName,
): Promise<Credential> {
  const { credential } = await changeCredentials(context, client, 'credential.cancel', (standing) => {
    const { all } = standing
    const now = context.clock.now()
    const named = findCredential(standing, name, now)
    // It may have had several successors, of which at most one is not revoked. Cancel that one.
    const successor = successorOf(all, named) ?? all.find(({ replaces }) => replaces?.id === named.id) ?? named
    const writes = cancel(all, successor, now)
    return { writes, credential: writes.put[0], extraDetail: { removed: successor.id } }
  })
  return credential
}
