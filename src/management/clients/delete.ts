import type { Client, UnreadableClient } from '../../model/client.ts'
import type { ClientDeletion } from '../../model/store.ts'
import type { ClientId } from '../../oauth/ids.ts'
import { noClient } from '../authority/absent.ts'
import { requireOverClient } from '../authority/client-rights.ts'
import { type ManagementContext, recordedBy } from '../context.ts'
import { clientChange, credentialChanges, groupChange } from '../fields.ts'
import { type Claim, requireOwnership } from '../ownership.ts'

interface DeleteInput extends Pick<Claim, 'takeOver'> {
  readonly id: ClientId
  /** Called with the present client, possibly more than once. @throws UserError to refuse the deletion */
  readonly check?: (before: Client | UnreadableClient) => void
}

/**
 * Deletes a client for good, even an unreadable one: its credentials, its memberships and its tokens end with it. A manifest that still
 * names the client makes a new one.
 * @throws UserError if it does not exist; NotAllowed if the author may not delete it; OwnedByManifest
 */
export async function deleteClient(
  context: ManagementContext,
  { id, takeOver, check = () => {} }: DeleteInput,
): Promise<void> {
  await context.store.model.deleteClient(id, (before, groups): ClientDeletion => {
    if (before === undefined) throw noClient(id)
    requireOverClient(context.authority, 'clients:delete', before)
    check(before)
    requireOwnership(context, { kind: 'client', id, manifest: before.manifest }, { takeOver })
    const left = groups.flatMap((group) =>
      'problem' in group
        ? []
        : [groupChange(group.name, group, { ...group, members: group.members.filter((one) => !isClient(one, id)) })],
    )
    const ended = credentialChanges(id, before.credentials, { all: [], unreadable: [] })
    const event = recordedBy(context, {
      type: 'client.delete',
      clientId: id,
      detail: { name: 'problem' in before ? undefined : before.name, credentials: ended.length },
      changes: [clientChange(before, undefined), ...ended, ...left],
    })
    return { event }
  })
}

const isClient = (member: { readonly kind: string; readonly id: string }, id: ClientId): boolean =>
  member.kind === 'client' && member.id === id
