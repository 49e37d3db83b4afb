import { type Kysely, sql } from 'kysely'
import type { Encrypted } from '../../crypto/master-key.ts'
import { type Credential, type Credentials, toCredentials } from '../../model/credentials/credential.ts'
import type { ClientId, CredentialId, TenantId } from '../../oauth/ids.ts'
import { toListed } from '../../platform/unreadable.ts'
import type { Schema } from '../sql/schema.ts'
import { fromCredential, toCredential } from './credential-rows.ts'
import { requireInUse } from './master-key.ts'

/** Replaces all credentials of a client by these. The unreadable ones among them stay as they are. */
export async function replaceCredentials(
  trx: Kysely<Schema>,
  tenant: TenantId,
  client: ClientId,
  { all, unreadable }: Credentials,
): Promise<void> {
  const stored = await trx
    .selectFrom('credential')
    .select('id')
    .where('tenant', '=', tenant)
    .where('client_id', '=', client)
    .execute()
  const wanted = new Set<string>([...all, ...unreadable].map(({ id }) => id))
  for (const { id } of stored) if (!wanted.has(id)) await deleteCredentials(trx, tenant, [id])
  for (const credential of all) await putCredential(trx, tenant, client, credential)
}

export async function deleteCredentials(trx: Kysely<Schema>, tenant: TenantId, ids: readonly string[]): Promise<void> {
  await trx.deleteFrom('credential').where('tenant', '=', tenant).where('id', 'in', ids).execute()
}

export async function putCredential(
  trx: Kysely<Schema>,
  tenant: TenantId,
  client: ClientId,
  credential: Credential,
): Promise<void> {
  const row = fromCredential(client, credential)
  if (credential.kind === 'secret' && credential.retrievable !== undefined)
    await requireNewInUse(trx, tenant, credential.id, credential.retrievable)
  const { id: _, ...update } = row
  await trx
    .insertInto('credential')
    .values({ tenant, ...row })
    .onConflict((conflict) =>
      conflict.columns(['tenant', 'id']).doUpdateSet({
        ...update,
        // No warning was given about another expiry yet.
        warned_days: sql`case when credential.expires_at = excluded.expires_at then credential.warned_days end`,
      }),
    )
    .execute()
}

/** Requires the master key in use for a new ciphertext; one that is stored already may stay. @throws MasterKeyMismatch */
async function requireNewInUse(
  trx: Kysely<Schema>,
  tenant: TenantId,
  id: CredentialId,
  { ciphertext, masterKeyId }: Encrypted,
) {
  const stored = await trx
    .selectFrom('credential')
    .select('encrypted_secret')
    .where('tenant', '=', tenant)
    .where('id', '=', id)
    .executeTakeFirst()
  const before = stored?.encrypted_secret
  if (before === undefined || before === null || !ciphertext.equals(before))
    await requireInUse(trx, tenant, masterKeyId)
}

/** Oldest first; undefined if there is no such client. */
export async function readCredentials(
  db: Kysely<Schema>,
  tenant: TenantId,
  client: ClientId,
): Promise<Credentials | undefined> {
  const owner = await db
    .selectFrom('client')
    .select('client_id')
    .where('tenant', '=', tenant)
    .where('client_id', '=', client)
    .executeTakeFirst()
  if (owner === undefined) return undefined
  const rows = await db
    .selectFrom('credential')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('client_id', '=', client)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  const { found, unreadable } = toListed(rows.map(toCredential))
  return toCredentials(found, unreadable)
}
