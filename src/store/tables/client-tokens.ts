import type { Kysely } from 'kysely'
import type { Client } from '../../model/client.ts'
import { Audience, ClientId, type TenantId } from '../../oauth/ids.ts'
import { CLOCK_SKEW_MS } from '../../platform/clock.ts'
import { inParts } from '../sql/parts.ts'
import type { Schema } from '../sql/schema.ts'
import { addRevocations, longestLifetime } from './revocations.ts'

/**
 * Revokes the tokens of former clients or APIs of the same ids as those that this transaction makes. Nodes may have issued some for a
 * moment after the deletion, by clocks that differ.
 * @param made the ids of new clients or APIs @param now milliseconds
 */
export async function endFormerTokens(
  trx: Kysely<Schema>,
  tenant: TenantId,
  kind: 'client' | 'api',
  made: readonly string[],
  now: number,
): Promise<void> {
  const ended = new Map<string, number>()
  for (const ids of inParts(made)) {
    const rows = await trx
      .selectFrom('revocation')
      .select(['id', 'issued_before'])
      .where('tenant', '=', tenant)
      .where('id', 'in', ids)
      .where('kind', '=', kind)
      .execute()
    for (const { id, issued_before: before } of rows) {
      const until = typeof before === 'number' ? Math.min(now, before + CLOCK_SKEW_MS) : now
      ended.set(id, Math.max(until, ended.get(id) ?? until))
    }
  }
  await endUntil(trx, tenant, kind, [...ended])
}

/** Revokes the tokens of clients or APIs that were issued up to a time. */
export async function endUntil(
  trx: Kysely<Schema>,
  tenant: TenantId,
  kind: 'client' | 'api',
  ended: readonly (readonly [id: string, issuedBefore: number])[],
): Promise<void> {
  if (ended.length === 0) return
  const longest = await longestLifetime(trx, tenant)
  await addRevocations(
    trx,
    tenant,
    ended.map(([id, issuedBefore]) => {
      const times = { issuedBefore, expiresAt: issuedBefore + longest }
      return kind === 'client' ? { kind, id: ClientId(id), ...times } : { kind, id: Audience(id), ...times }
    }),
  )
}

/**
 * Revokes the tokens of a tenant's clients that this transaction disables, enables or makes anew. It must be called before the clients are written. Enabling a
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
  const ended: (readonly [id: string, issuedBefore: number])[] = []
  const made: string[] = []
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
      if (row === undefined) made.push(id)
      // Any other value than 0 and 1 is unreadable, and counts as a change.
      if (row === undefined || row.enabled === Number(isEnabled)) continue
      const disabledAt = Number.isFinite(row.updated_at) ? row.updated_at : now
      // Nodes may issue tokens for a moment after a client was disabled, by clocks that differ.
      ended.push([id, isEnabled ? Math.min(now, disabledAt + CLOCK_SKEW_MS) : now])
    }
  }
  await endUntil(trx, tenant, 'client', ended)
  await endFormerTokens(trx, tenant, 'client', made, now)
}
