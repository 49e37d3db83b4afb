import type { Client } from '../../model/client.ts'
import type { ClientStep } from '../../model/store.ts'
import type { ClientId } from '../../oauth/ids.ts'
import { UserError } from '../../platform/user-error.ts'
import { noClient } from '../authority/absent.ts'
import { requireOverClient } from '../authority/client-rights.ts'
import { type ManagementContext, recordedBy } from '../context.ts'
import { clientChange } from '../fields.ts'

/** A client after a change. */
interface ChangedClient {
  readonly client: Client
  readonly wasEnabled: boolean
}

/**
 * Changes a client and records the change, in one transaction.
 * @param change returns the same object if there is nothing to change
 * @throws UserError if the client does not exist, or its record can't be read
 */
export function changeClient(
  context: ManagementContext,
  id: ClientId,
  change: (client: Client) => Client,
): Promise<ChangedClient> {
  return context.store.model.updateClient(id, (before): ChangedClient & ClientStep => {
    if (before === undefined) throw noClient(id)
    if ('problem' in before) {
      throw new UserError(
        `${id} can't be read (${before.problem}), and gets no tokens: apply a manifest that names it; tessera revoke --client ends its tokens`,
      )
    }
    requireOverClient(context.authority, 'clients:write', before)
    const client = change(before)
    const { enabled } = client
    const occurrence = { type: 'client.change', clientId: id, detail: { enabled } } as const
    const event =
      client === before ? undefined : recordedBy(context, { ...occurrence, changes: [clientChange(before, client)] })
    return { client, wasEnabled: before.enabled, event }
  })
}
