import type { Kysely } from 'kysely'
import { MasterKeyMismatch } from '../keys/master-key.ts'
import type { Schema } from './schema.ts'

const THE_ROW = 1

/** The id of the master key that everything new is encrypted under; undefined where nothing was encrypted yet. */
export async function masterKeyInUse(db: Kysely<Schema>): Promise<string | undefined> {
  const row = await db.selectFrom('master_key').select('master_key_id').executeTakeFirst()
  return row?.master_key_id
}

/**
 * To be called with whatever encrypted is written, in its transaction, which has the lock of the model: the first master key is in
 * use from then on, and no other gets in beside it.
 * @throws MasterKeyMismatch
 */
export async function requireInUse(trx: Kysely<Schema>, id: string): Promise<void> {
  const inUse = await masterKeyInUse(trx)
  if (inUse === undefined) await trx.insertInto('master_key').values({ id: THE_ROW, master_key_id: id }).execute()
  else if (inUse !== id) throw new MasterKeyMismatch(inUse, id)
}

/** Puts another in use, in a transaction that has the lock of the model. @returns false where `before` is in use no more */
export async function replaceInUse(trx: Kysely<Schema>, before: string | undefined, after: string): Promise<boolean> {
  if ((await masterKeyInUse(trx)) !== before) return false
  await trx.deleteFrom('master_key').execute()
  await trx.insertInto('master_key').values({ id: THE_ROW, master_key_id: after }).execute()
  return true
}
