import type { Kysely } from 'kysely'
import { MasterKeyMismatch } from '../../crypto/master-key.ts'
import type { TenantId } from '../../oauth/ids.ts'
import type { Schema } from '../sql/schema.ts'

/**
 * The id of the master key that encrypts a tenant's ciphertexts; undefined if nothing was encrypted yet. All tenants use
 * the one master key of the server. Each changes to the next on its own, since the lock of that change belongs to the
 * tenant.
 */
export async function masterKeyInUse(db: Kysely<Schema>, tenant: TenantId): Promise<string | undefined> {
  const row = await db.selectFrom('master_key').select('master_key_id').where('tenant', '=', tenant).executeTakeFirst()
  return row?.master_key_id
}

/** The same for every tenant. It also reads a database from before there were tenants. */
export async function masterKeysInUse(db: Kysely<Schema>): Promise<readonly string[]> {
  const rows = await db.selectFrom('master_key').select('master_key_id').distinct().execute()
  return rows.map((row) => row.master_key_id)
}

/**
 * Requires that a master key is the one in use, and puts it in use if none is. Every transaction that stores a ciphertext
 * calls it while it holds the lock of the model, so that two master keys can't come into use at once.
 * @throws MasterKeyMismatch
 */
export async function requireInUse(trx: Kysely<Schema>, tenant: TenantId, id: string): Promise<void> {
  const inUse = await masterKeyInUse(trx, tenant)
  if (inUse === undefined) await trx.insertInto('master_key').values({ tenant, master_key_id: id }).execute()
  else if (inUse !== id) throw new MasterKeyMismatch(inUse, id)
}

/** Puts another one in use. The transaction must hold the lock of the model. @returns false if `before` is no longer in use */
export async function replaceInUse(
  trx: Kysely<Schema>,
  tenant: TenantId,
  before: string | undefined,
  after: string,
): Promise<boolean> {
  if ((await masterKeyInUse(trx, tenant)) !== before) return false
  await trx.deleteFrom('master_key').where('tenant', '=', tenant).execute()
  await trx.insertInto('master_key').values({ tenant, master_key_id: after }).execute()
  return true
}
