import { scryptSync, timingSafeEqual } from 'node:crypto'
import { sql } from 'kysely'
import type { MigratedDatabase } from '../sql/dialect.ts'
import type { Migration } from './migration.ts'

/** The sample that `tessera dev` has created until now, as if from a manifest. */
const SAMPLE = { client: 'cc_client', secret: '2Federate' }

/**
 * Records the clients and credentials that operators have ended by commands, which no manifest brings back. It also marks the
 * credential of the sample. Until now the database did not say who had disabled a client. Each disabled client counts as disabled
 * by an operator, since the opposite mistake would enable it again.
 */
export const endedAndSample: Migration = {
  does: 'records the clients and credentials that operators have ended',
  olderServers: { miss: 'manifests that they apply enable again what operators disable' },
  work: [{ table: 'client', perRow: { sqlite: 3, postgres: 6 } }],
  up: async (db: MigratedDatabase): Promise<void> => {
    const client = db.schema.alterTable('client')
    await client.addColumn('ended', 'text', (column) => column.notNull().defaultTo('{}')).execute()
    await sql`update client set ended = '{"disabled_at":' || updated_at || '}' where enabled = 0`.execute(db)
    const { rows } = await sql<{ id: string; data: string }>`
      select id, data from credential where client_id = ${SAMPLE.client} and kind = 'secret'`.execute(db)
    for (const { id } of rows.filter(({ data }) => isSample(data)))
      await sql`update credential set origin = 'sample' where id = ${id}`.execute(db)
  },
}

/** Whether the hash of a chosen secret, in the format of this migration, is the hash of the sample's secret. */
function isSample(data: string): boolean {
  const [, cost, r, p, salt = '', digest = ''] =
    /\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([\w-]+)\$([\w-]{43})"/.exec(data) ?? []
  if (cost === undefined) return false
  const N = 2 ** Number(cost)
  const options = { N, r: Number(r), p: Number(p), maxmem: 256 * N * Number(r) }
  const expected = scryptSync(SAMPLE.secret, Buffer.from(salt, 'base64url'), 32, options)
  return timingSafeEqual(expected, Buffer.from(digest, 'base64url'))
}
