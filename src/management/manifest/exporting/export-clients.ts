import type { Client, UnreadableClient } from '../../../model/client.ts'
import type { ClientFilter, ClientSort } from '../../../model/fleet/filters.ts'
import type { Page, PageQuery } from '../../../model/fleet/page.ts'
import { iso } from '../../../platform/clock.ts'
import { maySee } from '../../clients/show.ts'
import type { ManagementContext } from '../../context.ts'
import { clientSettingsSchema, fromClient } from '../../schemas/client.ts'
import { withoutDefaults } from '../../schemas/without-defaults.ts'
import { checkPage, seenBy, type VisibleOwners } from '../../visible.ts'
import { exportCredentials } from './credentials.ts'
import { type Exported, leftOut } from './exported.ts'

/** A page of the clients that a reader may see, as a manifest has them. @throws UserError as `searchClients` */
export async function exportClients(
  context: ManagementContext,
  visible: VisibleOwners,
  query: PageQuery<ClientFilter, ClientSort>,
): Promise<Page<Exported>> {
  checkPage(query.most, query.filter)
  const { items, next } = await context.store.fleet.readClients({ ...query, filter: seenBy(visible, query.filter) })
  // A client may have passed to another owner since it was found.
  const seen = items.filter((client) => maySee(context, client))
  return { items: seen.map((client) => exportClient(client, context.clock.now())), next }
}

/** A client and its credentials, as a manifest has them. @param now milliseconds */
export function exportClient(client: Client | UnreadableClient, now: number): Exported {
  if ('problem' in client) return leftOut('client', client)
  const { entries, notes } = exportCredentials(client, now)
  const settings = Object(withoutDefaults(clientSettingsSchema, fromClient(client)))
  const disabledAt = client.ended?.disabledAt
  return {
    entry: { ...settings, ...(entries.length > 0 && { credentials: entries }) },
    manifest: client.manifest,
    notes: [...(disabledAt === undefined ? [] : [{ text: disabled(disabledAt) }]), ...notes],
  }
}

const disabled = (at: number): string =>
  `a command disabled it on ${iso(at)}: where that is known, only \`tessera clients enable\` enables it`
