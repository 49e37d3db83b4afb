import { type CompiledQuery, type Kysely, type SelectQueryBuilder, sql } from 'kysely'
import { ClientId, type TenantId } from '../../oauth/ids.ts'
import {
  type Dimension,
  intervalOf,
  type Resolution,
  type Rows,
  type UsageBatch,
  type UsageCount,
  type UsageFilter,
  type UsageQuery,
  type UsageStore,
  type UsageSum,
} from '../../usage/store.ts'
import type { Database } from '../sql/dialect.ts'
import { ROWS_IN_STATEMENT } from '../sql/parts.ts'
import type { Schema } from '../sql/schema.ts'
import { transact } from '../sql/transaction.ts'

type UsageRow = Schema['usage']

const COLUMNS = {
  at: 'at',
  client: 'client_id',
  api: 'audience',
  credential: 'credential_id',
} as const satisfies Record<Dimension, keyof UsageRow>

export class SqlUsageStore implements UsageStore {
  readonly #db: Database
  readonly #tenant: TenantId
  readonly #inserts = new Map<number, CompiledQuery>()

  constructor(db: Database, tenant: TenantId) {
    this.#db = db
    this.#tenant = tenant
  }

  add({ id, expiresAt, counts }: UsageBatch): Promise<void> {
    const rows = rowsOf(this.#tenant, counts)
    return transact(this.#db.logs, async (trx) => {
      // If the answer to an earlier attempt was lost, the id is there, together with the counts.
      const first = await trx
        .insertInto('replay_mark')
        .values({ tenant: this.#tenant, id, expires_at: expiresAt })
        .onConflict((conflict) => conflict.doNothing())
        .returning('id')
        .executeTakeFirst()
      if (first === undefined) return
      let from = 0
      for (const size of ROWS_IN_STATEMENT)
        for (; rows.length - from >= size; from += size) await this.#insertInto(trx, rows.slice(from, from + size))
    })
  }

  async sums(query: UsageQuery, by: readonly Dimension[]): Promise<readonly UsageSum[]> {
    if (isEmpty(query.filter)) return []
    const columns = by.map((dimension) => COLUMNS[dimension])
    const rows = await this.#matching(query)
      .select([...columns, 'outcome'])
      .select([
        // The sum of integers is no JavaScript number on PostgreSQL, and may be too large for one on SQLite.
        sql<number>`sum(cast(count as double precision))`.as('requests'),
        sql<number>`sum(cast(token_seconds as double precision))`.as('seconds'),
      ])
      .groupBy([...columns, 'outcome'])
      .$if(by.includes('at'), (select) => select.orderBy('at'))
      .execute()
    return rows.map(({ at, client_id, audience, credential_id, outcome, requests, seconds }) => ({
      ...(at !== undefined && { at }),
      ...(client_id !== undefined && { client: client_id }),
      ...(audience !== undefined && { api: audience }),
      ...(credential_id !== undefined && { credential: credential_id }),
      outcome,
      count: requests,
      tokenSeconds: seconds,
    }))
  }

  async clientsWith(query: UsageQuery, after: string | undefined, most: number): Promise<readonly ClientId[]> {
    if (isEmpty(query.filter)) return []
    const rows = await this.#matching(query)
      .select('client_id')
      .distinct()
      .$if(after !== undefined, (select) => select.where('client_id', '>', after ?? ''))
      .orderBy('client_id')
      .limit(most)
      .execute()
    return rows.map((row) => ClientId(row.client_id))
  }

  async intervals(resolution: Resolution, from: number, most: number): Promise<readonly Rows[]> {
    const rows = await this.#all(this.#db.scans, resolution)
      .select(['at', ({ fn }) => fn.countAll<number>().as('rows')])
      .where('at', '>=', from)
      .groupBy('at')
      .orderBy('at')
      .limit(most)
      .execute()
    return rows.map((row) => ({ at: row.at, rows: Number(row.rows) }))
  }

  pruneUsage(resolution: Resolution, time: number, most: number): Promise<number> {
    return this.#remove(resolution, most, (rows) => rows.where('at', '<', time).orderBy('at'))
  }

  async removeFirst(resolution: Resolution, ahead: number, most: number): Promise<number> {
    const removed = await this.#remove(resolution, most, (rows) => rows.where('at', '>', ahead).orderBy('at', 'desc'))
    return removed > 0 ? removed : this.#remove(resolution, most, (rows) => rows.orderBy('at'))
  }

  /** Removes the first of the selected rows. @returns how many */
  async #remove(resolution: Resolution, most: number, select: (rows: Selection) => Selection): Promise<number> {
    const { numDeletedRows } = await transact(this.#db.logs, (trx) =>
      trx
        .deleteFrom('usage')
        .where('tenant', '=', this.#tenant)
        .where('resolution', '=', resolution)
        .where(({ eb, refTuple }) =>
          eb(
            refTuple('client_id', 'at', 'audience', 'credential_id', 'outcome'),
            'in',
            select(this.#all(trx, resolution))
              .select(['client_id', 'at', 'audience', 'credential_id', 'outcome'])
              .limit(most)
              .$asTuple('client_id', 'at', 'audience', 'credential_id', 'outcome'),
          ),
        )
        .executeTakeFirstOrThrow(),
    )
    return Number(numDeletedRows)
  }

  #all(db: Kysely<Schema>, resolution: Resolution): Selection {
    return db.selectFrom('usage').where('tenant', '=', this.#tenant).where('resolution', '=', resolution)
  }

  #matching({ resolution, since, until, filter: { clients, owners, api, credential } }: UsageQuery): Selection {
    let rows = this.#all(this.#db.scans, resolution).where('at', '>=', since).where('at', '<', until)
    if (clients !== undefined) rows = rows.where('client_id', 'in', clients)
    if (api !== undefined) rows = rows.where('audience', '=', api)
    if (credential !== undefined) rows = rows.where('credential_id', '=', credential)
    if (owners === undefined) return rows
    const owned = this.#db.scans
      .selectFrom('client')
      .select('client.client_id')
      .where('client.tenant', '=', this.#tenant)
      .where('owner', 'in', owners)
    return rows
      .where('usage.client_id', 'in', owned)
      .where(({ or, exists, selectFrom }) =>
        or([
          exists(
            selectFrom('client')
              .select('client.client_id')
              .where('client.tenant', '=', this.#tenant)
              .whereRef('client.client_id', '=', 'usage.client_id')
              .whereRef('client.created_at', '<=', 'usage.at'),
          ),
          exists(
            selectFrom('credential')
              .select('credential.id')
              .where('credential.tenant', '=', this.#tenant)
              .whereRef('credential.id', '=', 'usage.credential_id')
              .whereRef('credential.client_id', '=', 'usage.client_id'),
          ),
        ]),
      )
  }

  /** @param rows as many as one of the statements takes */
  async #insertInto(trx: Kysely<Schema>, rows: readonly UsageRow[]): Promise<void> {
    const parameters: unknown[] = []
    for (const row of rows) parameters.push(...Object.values(row))
    await trx.executeQuery({ ...this.#insert(rows), parameters })
  }

  #insert(rows: readonly UsageRow[]): CompiledQuery {
    const known = this.#inserts.get(rows.length)
    if (known !== undefined) return known
    const compiled = this.#db.logs
      .insertInto('usage')
      .values(rows)
      .onConflict((conflict) =>
        conflict
          .columns(['tenant', 'resolution', 'client_id', 'at', 'audience', 'credential_id', 'outcome'])
          .doUpdateSet({
            count: sql`usage.count + excluded.count`,
            token_seconds: sql`usage.token_seconds + excluded.token_seconds`,
          }),
      )
      .compile()
    this.#inserts.set(rows.length, compiled)
    return compiled
  }
}

type Selection = SelectQueryBuilder<Schema, 'usage', unknown>

/** A list without a member matches nothing. PostgreSQL does not take it. */
const isEmpty = ({ clients, owners }: UsageFilter): boolean => clients?.length === 0 || owners?.length === 0

/** The rows of the counts in each resolution. All processes write them in one order, so that no two of them can deadlock. */
function rowsOf(tenant: TenantId, counts: readonly UsageCount[]): readonly UsageRow[] {
  const rows = new Map<string, UsageRow>()
  const names: readonly Resolution[] = ['minute', 'hour', 'day']
  for (const resolution of names) {
    for (const { at: minute, clientId, audience, credentialId, outcome, count, tokenSeconds } of counts) {
      const at = intervalOf(resolution, minute)
      const key = [resolution, clientId, at, audience, credentialId, outcome].join('\n')
      const row = rows.get(key)
      if (row === undefined) {
        const ids = { client_id: clientId, at, audience, credential_id: credentialId, outcome }
        rows.set(key, { tenant, resolution, ...ids, count, token_seconds: tokenSeconds })
      } else {
        row.count += count
        row.token_seconds += tokenSeconds
      }
    }
  }
  return [...rows].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, row]) => row)
}
