import { z } from 'zod'
import type { IdempotencyStore, KeptAnswer, UsedKey } from '../../admin/api/idempotency.ts'
import type { TenantId } from '../../oauth/ids.ts'
import type { Database } from '../sql/dialect.ts'
import { transact } from '../sql/transaction.ts'

const answerSchema = z.object({
  status: z.int(),
  location: z.string().optional(),
  etag: z.string().optional(),
  body: z.string(),
})

/** The answer of a row; undefined if the request is under way, or the row can't be read. */
function toAnswer(text: string | null): KeptAnswer | undefined {
  if (text === null) return undefined
  const { data } = answerSchema.safeParse(JSON.parse(text))
  return data && { ...data, location: data.location, etag: data.etag }
}

export class SqlIdempotencyStore implements IdempotencyStore {
  readonly #db: Database
  readonly #tenant: TenantId

  constructor(db: Database, tenant: TenantId) {
    this.#db = db
    this.#tenant = tenant
  }

  begin(id: string, request: string, now: number, until: number): Promise<UsedKey | undefined> {
    return transact(this.#db.urgent, async (trx) => {
      const key = { tenant: this.#tenant, id, request, answer: null, expires_at: until }
      const taken = await trx
        .insertInto('idempotency_key')
        .values(key)
        .onConflict((conflict) =>
          conflict
            .columns(['tenant', 'id'])
            .doUpdateSet({ request, answer: null, expires_at: until })
            .where('idempotency_key.expires_at', '<=', now),
        )
        .returning('id')
        .executeTakeFirst()
      if (taken !== undefined) return undefined
      const used = await trx
        .selectFrom('idempotency_key')
        .select(['request', 'answer'])
        .where('tenant', '=', this.#tenant)
        .where('id', '=', id)
        .executeTakeFirstOrThrow()
      return { request: used.request, answer: toAnswer(used.answer) }
    })
  }

  async complete(id: string, answer: KeptAnswer, until: number): Promise<void> {
    await this.#db.urgent
      .updateTable('idempotency_key')
      .set({ answer: JSON.stringify(answer), expires_at: until })
      .where('tenant', '=', this.#tenant)
      .where('id', '=', id)
      .execute()
  }

  async release(id: string): Promise<void> {
    await this.#db.urgent
      .deleteFrom('idempotency_key')
      .where('tenant', '=', this.#tenant)
      .where('id', '=', id)
      .execute()
  }

  async prune(now: number, most: number): Promise<number> {
    const due = await this.#db.scans
      .selectFrom('idempotency_key')
      .select(['tenant', 'id'])
      .where('expires_at', '<', now)
      .orderBy('expires_at')
      .limit(most)
      .execute()
    for (const { tenant, id } of due)
      await this.#db.logs.deleteFrom('idempotency_key').where('tenant', '=', tenant).where('id', '=', id).execute()
    return due.length
  }
}
