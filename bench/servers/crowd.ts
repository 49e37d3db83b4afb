import type { Kysely } from 'kysely'
import { formatHash, sha256 } from '../../src/model/credentials/secret-hash.ts'
import { ClientId, CredentialId } from '../../src/oauth/ids.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { systemRandom, uuidv7 } from '../../src/platform/random.ts'
import type { Schema } from '../../src/store/sql/schema.ts'
import type { BenchClient } from '../fleet.ts'
import type { BenchDatabase } from './databases.ts'

/** The batch size. Multiplied by the columns of a client, it stays below both databases' limit of parameters. */
const BATCH = 1_000

/**
 * Adds copies of an existing client that differ in id and generated secret. `tessera apply` would take minutes for a
 * million.
 */
export async function addCrowd(
  database: BenchDatabase,
  model: BenchClient,
  crowd: readonly BenchClient[],
): Promise<void> {
  if (crowd.length === 0) return
  const opened = await database.open()
  try {
    await opened.unhurried.transaction().execute((trx) => insertAll(trx, model, crowd))
  } finally {
    await opened.close()
  }
}

async function insertAll(trx: Kysely<Schema>, { id }: BenchClient, crowd: readonly BenchClient[]): Promise<void> {
  const client = await trx
    .selectFrom('client')
    .selectAll()
    .where('client_id', '=', ClientId(id))
    .executeTakeFirstOrThrow()
  const credential = await trx
    .selectFrom('credential')
    .selectAll()
    .where('client_id', '=', ClientId(id))
    .executeTakeFirstOrThrow()
  for (let from = 0; from < crowd.length; from += BATCH) {
    const batch = crowd.slice(from, from + BATCH)
    const clients = batch.map((one) => ({ ...client, client_id: ClientId(one.id) }))
    await trx.insertInto('client').values(clients).execute()
    const credentials = batch.map((one) => ({
      ...credential,
      id: CredentialId(uuidv7(systemClock, systemRandom)),
      client_id: ClientId(one.id),
      hint: one.secret.slice(-4),
      data: JSON.stringify({ hash: formatHash({ kind: 'sha256', digest: sha256(one.secret) }) }),
    }))
    await trx.insertInto('credential').values(credentials).execute()
  }
}
