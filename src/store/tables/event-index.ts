import { type Kysely, type RawBuilder, sql } from 'kysely'
import { actorName } from '../../audit/actor-name.ts'
import type { Database } from '../sql/dialect.ts'
import { inParts } from '../sql/parts.ts'
import type { Schema } from '../sql/schema.ts'
import { transact } from '../sql/transaction.ts'
import { toActor } from './event-rows.ts'
import { BLOCK, BLOCKS, SEGMENT, segmentOf, term, USUAL } from './event-segments.ts'
import { eventEnds } from './last-event.ts'

type Connections = Pick<Database, 'scans' | 'logs'>

interface Term {
  readonly tenant: string
  readonly term: string
  readonly blocks: number
}

/** Terms of empty segments that one statement removes. */
const TERMS_AT_ONCE = 5_000

/**
 * Indexes events after they were written, a segment at a time (`docs/decisions/0033-events-indexed-later.md`). Several processes may do
 * so at once: each writes the same rows.
 */
export class EventIndex {
  readonly #db: Connections
  readonly #settled: () => Promise<number>
  /** The segments that are known to be indexed: from the first to before the second. */
  #done: readonly [from: number, to: number] | undefined

  /** @param settled the number up to which no event can be added any more */
  constructor(db: Connections, settled: () => Promise<number>) {
    this.#db = db
    this.#settled = settled
  }

  /** Indexes one segment, the newest first. @returns whether there may be another */
  async indexNext(): Promise<boolean> {
    const ends = await eventEnds(this.#db.scans)
    if (ends === undefined) return false
    const end = segmentOf((await this.#settled()) + 1)
    const start = segmentOf(ends.first)
    const [from, to] = this.#done ?? [end, end]
    if (from <= start && to >= end) return false
    const segment = to < end ? to : from - 1
    if (!(await this.#isIndexed(segment))) await this.#index(segment)
    this.#done = [Math.min(from, segment), Math.max(to, segment + 1)]
    return true
  }

  async #isIndexed(segment: number): Promise<boolean> {
    const row = await this.#db.scans
      .selectFrom('audit_segment')
      .select('segment')
      .where('segment', '=', segment)
      .executeTakeFirst()
    return row !== undefined
  }

  async #index(segment: number): Promise<void> {
    const { scans, logs } = this.#db
    const { earliest, latest } = await scans
      .selectFrom('audit_event')
      .select(({ fn }) => [fn.min<number | null>('at').as('earliest'), fn.max<number | null>('at').as('latest')])
      .where('seq', '>=', segment * SEGMENT)
      .where('seq', '<', (segment + 1) * SEGMENT)
      .executeTakeFirstOrThrow()
    const { rows } = await selectTerms(segment).execute(scans)
    const terms = [...rows, ...(await this.#actorsOf(segment))]
    // Other writers get their turn between the parts. The row of the segment comes last: without it, nobody reads the terms.
    for (const some of inParts(terms)) {
      const values = some.map((row) => ({ ...row, segment }))
      await transact(logs, (trx) =>
        trx
          .insertInto('audit_term')
          .values(values)
          .onConflict((conflict) => conflict.doNothing())
          .execute(),
      )
    }
    await transact(logs, (trx) =>
      trx
        .insertInto('audit_segment')
        .values({ segment, earliest, latest })
        .onConflict((conflict) => conflict.doNothing())
        .execute(),
    )
  }

  /** The names of actors. They are within JSON, which may be broken, so the database can't read them. */
  async #actorsOf(segment: number): Promise<readonly Term[]> {
    const rows = await this.#db.scans
      .selectFrom('audit_event')
      .select(['tenant', 'seq', 'actor'])
      .where('seq', '>=', segment * SEGMENT)
      .where('seq', '<', (segment + 1) * SEGMENT)
      .where('actor', 'is not', null)
      .execute()
    const found = new Map<string, Term>()
    for (const { tenant, seq, actor } of rows) {
      const known = toActor(actor)
      const bit = 2 ** (Math.floor(seq / BLOCK) % BLOCKS)
      for (const name of [...(known === undefined ? [] : [term.actor(actorName(known))]), term.managed]) {
        const key = JSON.stringify([tenant, name])
        found.set(key, { tenant, term: name, blocks: ((found.get(key)?.blocks ?? 0) | bit) >>> 0 })
      }
    }
    return [...found.values()]
  }

  /** Removes the terms of segments whose events were all removed. */
  async removeEmpty(): Promise<void> {
    const { scans, logs } = this.#db
    const empty = await scans
      .selectFrom('audit_segment')
      .select('segment')
      .where('earliest', 'is not', null)
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('audit_event')
              .select('audit_event.seq')
              .where('audit_event.seq', '>=', sql<number>`audit_segment.segment * ${sql.lit(SEGMENT)}`)
              .where('audit_event.seq', '<', sql<number>`(audit_segment.segment + 1) * ${sql.lit(SEGMENT)}`),
          ),
        ),
      )
      .orderBy('segment')
      .limit(TERMS_AT_ONCE)
      .execute()
    const segments = empty.map(({ segment }) => segment)
    for (const some of inParts(segments)) await this.#removeTerms(some)
    // The rows stay, so that nobody looks for events there. Those before all events are no longer needed.
    await transact(logs, async (trx) => {
      for (const some of inParts(segments))
        await trx
          .updateTable('audit_segment')
          .set({ earliest: null, latest: null })
          .where('segment', 'in', some)
          .execute()
      await trx
        .deleteFrom('audit_segment')
        .where('segment', '<', sql<number>`(select coalesce(min(seq), 0) / ${sql.lit(SEGMENT)} from audit_event)`)
        .execute()
    })
  }

  /** Looks into each tenant once, since the terms are in the order of tenants. An index by segment would cost as much as the terms. */
  async #removeTerms(segments: readonly number[]): Promise<void> {
    const { scans, logs } = this.#db
    for (let tenant = ''; ; ) {
      const next = scans.selectFrom('audit_term').select('tenant').where('tenant', '>', tenant).orderBy('tenant')
      const row = await next.limit(1).executeTakeFirst()
      if (row === undefined) return
      tenant = row.tenant
      // Other writers get their turn between the parts.
      for (let removed = TERMS_AT_ONCE; removed === TERMS_AT_ONCE; )
        removed = await transact(logs, (trx) => removeSome(trx, tenant, segments))
    }
  }
}

async function removeSome(trx: Kysely<Schema>, tenant: string, segments: readonly number[]): Promise<number> {
  const some = trx
    .selectFrom('audit_term')
    .select(['tenant', 'segment', 'term'])
    .where('tenant', '=', tenant)
    .where('segment', 'in', segments)
    .limit(TERMS_AT_ONCE)
  const { numDeletedRows } = await trx
    .deleteFrom('audit_term')
    .where(({ eb, refTuple }) =>
      eb(refTuple('tenant', 'segment', 'term'), 'in', some.$asTuple('tenant', 'segment', 'term')),
    )
    .executeTakeFirstOrThrow()
  return Number(numDeletedRows)
}

/** The terms of the events of a segment, but for the names of actors. The events are read once. */
function selectTerms(segment: number): RawBuilder<Term> {
  const [from, to] = [segment * SEGMENT, (segment + 1) * SEGMENT]
  const one = (name: RawBuilder<unknown>, where: RawBuilder<unknown>) => sql`
    select tenant, ${name} as term, cast(sum(distinct bit) as bigint) as blocks from part where ${where}
    group by 1, 2`
  const isRare = sql`client_id is not null and (type <> ${USUAL.type} or result <> ${USUAL.result})`
  return sql<Term>`
    with part as materialized (
      select distinct tenant, client_id, type, reason, result,
        cast(1 as bigint) << cast((seq / ${sql.lit(BLOCK)}) % ${sql.lit(BLOCKS)} as integer) as bit
      from audit_event where seq >= ${from} and seq < ${to}
    )
    ${sql.join(
      [
        one(sql`${term.client('')} || client_id`, sql`client_id is not null`),
        one(sql`${term.type('')} || type`, sql`true`),
        one(sql`${term.result('')} || result`, sql`true`),
        one(sql`${term.reason('')} || reason`, sql`reason is not null`),
        one(sql`'rare-type ' || type || ' ' || client_id`, isRare),
        one(sql`'rare-reason ' || reason || ' ' || client_id`, sql`reason is not null and ${isRare}`),
      ],
      sql` union all `,
    )}`
}
