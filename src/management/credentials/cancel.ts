import type { Credential } from '../../model/credentials/credential.ts'
import { cancel, successorOf } from '../../model/credentials/life.ts'
import type { ManagementContext } from '../context.ts'
import { type CredentialName, changeCredentials } from './change.ts'
import { findCredential } from './find.ts'

/**
 * Undoes a rotation. The name is that of the new credential, or of the one before it.
 * @returns the one before, as it lives on
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
    // Several may have come after it. All but one of them were revoked, and that one counts.
    const successor = successorOf(all, named) ?? all.find(({ replaces }) => replaces?.id === named.id) ?? named
    const writes = cancel(all, successor, now)
    return { writes, credential: writes.put[0], extraDetail: { removed: successor.id } }
  })
  return credential
}
