import type { Credential } from '../../model/credentials/credential.ts'
import { nameOf } from '../../model/credentials/life.ts'
import { Conflict } from '../../platform/user-error.ts'
import type { ManagementContext } from '../context.ts'
import { type CredentialName, changeCredentials, type Expecting } from './change.ts'
import { findCredential } from './find.ts'
import { checkLabel } from './labels.ts'

/** Gives a credential another label, unless a manifest owns it and so finds it by its label. @throws UserError */
export async function labelCredential(
  context: ManagementContext,
  { client, name, label, expected }: CredentialName & Expecting<Credential> & { readonly label: string },
): Promise<Credential> {
  const { credential } = await changeCredentials(context, client, 'credential.change', (standing) => {
    checkLabel(label)
    const before = findCredential(standing, name, context.clock.now())
    expected?.(before)
    if (before.origin === 'manifest') {
      throw new Conflict(`${nameOf(before)} belongs to a manifest: change its label there`)
    }
    if (standing.all.some((other) => other.label === label && other.id !== before.id))
      throw new Conflict(`the client has another credential with the label ${JSON.stringify(label)}`)
    const credential = { ...before, label }
    return { writes: { put: [credential], remove: [] }, credential }
  })
  return credential
}
