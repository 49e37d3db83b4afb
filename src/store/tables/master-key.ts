import type { Kysely } from 'kysely'
import { MasterKeyMismatch } from '../../crypto/master-key.ts'
import type { Schema } from '../sql/schema.ts'
import { THE_ROW } from '../sql/schema.ts'

/** The id of the master key in use; undefined if nothing was encrypted yet. */
export async function masterKeyInUse(db: Kysely<Schema>): Promise<string | undefined> {
  const row = await db.selectFrom('master_key').select('master_key_id').executeTakeFirst()
  return row?.master_key_id
}

/**
 * Requires that a master key is the one in use. If none is, this one is from now on. Every transaction that stores a ciphertext calls it,
 * while it holds the lock of the model, so that two master keys can't come into use at once.
 * @throws MasterKeyMismatch
 */
export async function requireInUse(trx: Kysely<Schema>, id: string): Promise<void> {
  const inUse = await masterKeyInUse(trx)
  if (inUse === undefined) await trx.insertInto('master_key').values({ id: THE_ROW, master_key_id: id }).execute()
  else if (inUse !== id) throw new MasterKeyMismatch(inUse, id)
}

/** Puts another one in use. The transaction must hold the lock of the model. @returns false if `before` is no longer in use */
export async function replaceInUse(trx: Kysely<Schema>, before: string | undefined, after: string): Promise<boolean> {
  if ((await masterKeyInUse(trx)) !== before) return false
  await trx.deleteFrom('master_key').execute()
  await trx.insertInto('master_key').values({ id: THE_ROW, master_key_id: after }).execute()
  return true
}
