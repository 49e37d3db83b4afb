import { z } from 'zod'
import type { Node, NodeState, NodeStore } from '../../nodes/store.ts'
import type { Database } from '../sql/dialect.ts'
import { json, time } from '../sql/read-row.ts'

/** Rows that one call removes. Each node calls it every few seconds. */
const REMOVED_AT_ONCE = 100

const stateSchema = z.object({
  workers: z.int(),
  configDigest: z.string(),
  changeLag: z.int(),
  keysSeen: z.array(z.string()),
  problems: z.array(z.string()),
  requests: z.object({
    perMinute: z.int(),
    latency: z
      .object({ p50: z.number(), p95: z.number(), p99: z.number() })
      .optional()
      .transform((given) => given),
  }),
})

const rowSchema = z
  .object({
    id: z.string(),
    host: z.string(),
    version: z.string(),
    started_at: time,
    last_seen_at: time,
    state: json(stateSchema),
  })
  .transform(
    ({ started_at: startedAt, last_seen_at: lastSeenAt, state: { requests, ...state }, ...row }): Node => ({
      ...row,
      startedAt,
      lastSeenAt,
      ...state,
      requests: { perMinute: requests.perMinute, latency: requests.latency },
    }),
  )

/** The nodes of all tenants. */
export class SqlNodeStore implements NodeStore {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  async putNode({ id, host, version, startedAt, lastSeenAt, ...state }: Node): Promise<void> {
    const { workers, configDigest, changeLag, keysSeen, problems, requests }: NodeState = state
    const changing = {
      last_seen_at: lastSeenAt,
      state: JSON.stringify({ workers, configDigest, changeLag, keysSeen, problems, requests }),
    }
    await this.#db.logs
      .insertInto('node')
      .values({ id, host, version, started_at: startedAt, ...changing })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(changing))
      .execute()
  }

  async removeNode(id: string): Promise<void> {
    await this.#db.logs.deleteFrom('node').where('id', '=', id).execute()
  }

  async listNodes(most: number): Promise<readonly Node[]> {
    const rows = await this.#db.reads
      .selectFrom('node')
      .selectAll()
      .orderBy('last_seen_at', 'desc')
      .orderBy('id')
      .limit(most)
      .execute()
    return rows.flatMap((row) => rowSchema.safeParse(row).data ?? [])
  }

  async removeOldNodes(before: number, kept: number): Promise<void> {
    const last = await this.#db.scans
      .selectFrom('node')
      .select('last_seen_at')
      .orderBy('last_seen_at', 'desc')
      .offset(kept)
      .limit(1)
      .executeTakeFirst()
    const due = await this.#db.scans
      .selectFrom('node')
      .select(['id', 'last_seen_at'])
      .where(({ eb, or }) =>
        or([eb('last_seen_at', '<', before), ...(last ? [eb('last_seen_at', '<=', last.last_seen_at)] : [])]),
      )
      .orderBy('last_seen_at')
      .limit(REMOVED_AT_ONCE)
      .execute()
    // One by one, so that two nodes that remove the same rows never wait for each other. A node that is alive after all stays.
    for (const { id, last_seen_at: seen } of due)
      await this.#db.logs.deleteFrom('node').where('id', '=', id).where('last_seen_at', '=', seen).execute()
  }
}
