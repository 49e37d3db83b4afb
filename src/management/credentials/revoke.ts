import type { Credential } from '../../model/credentials/credential.ts'
import { revoke } from '../../model/credentials/life.ts'
import type { ManagementContext } from '../context.ts'
import { type CredentialName, changeCredentials } from './change.ts'
import { findCredential } from './find.ts'

/** Revokes a credential now. @throws UserError */
export async function revokeCredential(
  context: ManagementContext,
  { client, name }: CredentialName,
): Promise<Credential> {
  const { credential } = await changeCredentials(context, client, 'credential.revoke', (standing) => {
    const now = context.clock.now()
    const writes = revoke(findCredential(standing, name, now), now)
    return { writes, credential: writes.put[0] }
  })
  return credential
}
