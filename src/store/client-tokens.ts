import type { Kysely } from 'kysely'
import type { Client } from '../directory/client.ts'
import { addRevocations, longestLifetime } from './revocations.ts'
import type { Schema } from './schema.ts'

/** Well below the number of parameters that any of the databases takes. */
const IDS_IN_QUERY = 500
/** For so long after a client was disabled, a node whose clock is behind may seem to have issued before that. */
const SKEW_MS = 60_000

/**
 * Ends the tokens of clients that are about to be disabled or enabled, within the transaction that writes them, before it does. Of
 * one that is enabled again, those are ended that a node has issued before it knew that the client was disabled: none of before is
 * good again.
 * @param now milliseconds
 */
export async function endTokens(trx: Kysely<Schema>, clients: readonly Client[], now: number): Promise<void> {
  const enabled = new Map<string, boolean>(clients.map((client) => [client.id, client.enabled]))
  const ids = clients.map(({ id }) => id)
  const ended: { readonly id: Client['id']; readonly issuedBefore: number }[] = []
  for (let from = 0; from < ids.length; from += IDS_IN_QUERY) {
    const rows = await trx
      .selectFrom('client')
      .select(['client_id', 'enabled', 'updated_at'])
      .where('client_id', 'in', ids.slice(from, from + IDS_IN_QUERY))
      .execute()
    const before = new Map(rows.map((row) => [row.client_id, row]))
    for (const id of ids.slice(from, from + IDS_IN_QUERY)) {
      const row = before.get(id)
      const isEnabled = enabled.get(id) === true
      // Another value than those two is one that nobody can read: then its tokens end, too.
      if (row === undefined || row.enabled === Number(isEnabled)) continue
      const disabledAt = Number.isFinite(row.updated_at) ? row.updated_at : now
      ended.push({ id, issuedBefore: isEnabled ? Math.min(now, disabledAt + SKEW_MS) : now })
    }
  }
  if (ended.length === 0) return
  const longest = await longestLifetime(trx)
  await addRevocations(
    trx,
    ended.map(({ id, issuedBefore }) => ({ kind: 'client', id, issuedBefore, expiresAt: issuedBefore + longest })),
  )
}
