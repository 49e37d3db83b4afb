import type { Kysely } from 'kysely'
import type { Client } from '../../model/client.ts'
import type { TenantId } from '../../oauth/ids.ts'
import { CLOCK_SKEW_MS } from '../../platform/clock.ts'
import { inParts } from '../sql/parts.ts'
import type { Schema } from '../sql/schema.ts'
import { addRevocations, longestLifetime } from './revocations.ts'

/**
 * Revokes the tokens of a tenant's clients that this transaction disables or enables. It must be called before the clients are written. Enabling a
 * client revokes the tokens that a node issued before it learned that the client was disabled, so that no earlier token comes back.
 * @param now milliseconds
 */
export async function endTokens(
  trx: Kysely<Schema>,
  tenant: TenantId,
  clients: readonly Client[],
  now: number,
): Promise<void> {
  const enabled = new Map<string, boolean>(clients.map((client) => [client.id, client.enabled]))
  const ended: { readonly id: Client['id']; readonly issuedBefore: number }[] = []
  for (const ids of inParts(clients.map(({ id }) => id))) {
    const rows = await trx
      .selectFrom('client')
      .select(['client_id', 'enabled', 'updated_at'])
      .where('tenant', '=', tenant)
      .where('client_id', 'in', ids)
      .execute()
    const before = new Map(rows.map((row) => [row.client_id, row]))
    for (const id of ids) {
      const row = before.get(id)
      const isEnabled = enabled.get(id) === true
      // Any other value than 0 and 1 is unreadable, and counts as a change.
      if (row === undefined || row.enabled === Number(isEnabled)) continue
      const disabledAt = Number.isFinite(row.updated_at) ? row.updated_at : now
      // Nodes may issue tokens for a moment after a client was disabled, by clocks that differ.
      ended.push({ id, issuedBefore: isEnabled ? Math.min(now, disabledAt + CLOCK_SKEW_MS) : now })
    }
  }
  if (ended.length === 0) return
  const longest = await longestLifetime(trx, tenant)
  await addRevocations(
    trx,
    tenant,
    ended.map(({ id, issuedBefore }) => ({ kind: 'client', id, issuedBefore, expiresAt: issuedBefore + longest })),
  )
}
