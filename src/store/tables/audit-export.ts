import { sql } from 'kysely'
import {
  type Batch,
  type BatchLimits,
  BEGINNING,
  type ExportedEvent,
  type ExportStore,
  type Holder,
  type Positions,
  positionsSchema,
} from '../../audit/export/store.ts'
import { DEFAULT_TENANT } from '../../oauth/ids.ts'
import type { Database } from '../sql/dialect.ts'
import { json } from '../sql/read-row.ts'
import { transact } from '../sql/transaction.ts'
import { toAuditEvent } from './event-rows.ts'
import type { Row } from './rows.ts'

/** The chains that are remembered. Each running process has some. */
const MOST_CHAINS = 512

const positionsColumn = json(positionsSchema)

/** The exports of all tenants' events, which belong to the default one. */
export class SqlExportStore implements ExportStore {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  async nextEvents(positions: Positions, limits: BatchLimits): Promise<Batch> {
    // Read before the events: every event up to here is visible then.
    const settled = await this.#db.settledEvents()
    const places = Object.entries(positions.chains)
    const known =
      places.length === 0
        ? sql<number>`0`
        : sql<number>`case chain ${sql.join(
            places.map(([chain, [place]]) => sql`when ${sql.lit(Number(chain))} then ${sql.lit(place)}`),
            sql` `,
          )} else 0 end`
    const rows = await this.#db.scans
      .selectFrom('audit_event')
      .selectAll()
      .where('seq', '>', positions.seq)
      .where(({ eb, or, and }) =>
        or([and([eb('chain', 'is', null), eb('seq', '<=', settled)]), eb('place', '>', known)]),
      )
      .orderBy('seq')
      .limit(limits.events)
      .execute()
    const taken = within(rows, limits.bytes)
    const isLast = taken.length === rows.length && rows.length < limits.events
    const upTo = isLast ? settled : Math.min(settled, taken.at(-1)?.seq ?? 0)
    const { chains, missed } = advance(positions.chains, taken, Math.max(positions.seq, upTo))
    const seq = Math.max(positions.seq, upTo)
    const isSame = taken.length === 0 && seq === positions.seq
    return { events: taken.map(toExported), positions: isSame ? positions : { seq, chains }, missed, isLast }
  }

  async holderOf(sink: string): Promise<Holder | undefined> {
    return this.#db.scans
      .selectFrom('audit_export')
      .select(['holder', 'beat'])
      .where('tenant', '=', DEFAULT_TENANT)
      .where('sink', '=', sink)
      .executeTakeFirst()
  }

  take(sink: string, holder: string, seen: Holder | undefined): Promise<Positions | undefined> {
    return transact(this.#db.logs, async (trx) => {
      if (seen === undefined) {
        const row = await trx
          .insertInto('audit_export')
          .values({ tenant: DEFAULT_TENANT, sink, holder, beat: 1, positions: JSON.stringify(BEGINNING) })
          .onConflict((conflict) => conflict.doNothing())
          .returning('positions')
          .executeTakeFirst()
        return row && BEGINNING
      }
      const row = await trx
        .updateTable('audit_export')
        .set({ holder, beat: seen.beat + 1 })
        .where('tenant', '=', DEFAULT_TENANT)
        .where('sink', '=', sink)
        .where('holder', seen.holder === null ? 'is' : '=', seen.holder)
        .where('beat', '=', seen.beat)
        .returning('positions')
        .executeTakeFirst()
      // A text that can't be read stands for the beginning: events rather arrive twice than never.
      return row && (positionsColumn.safeParse(row.positions).data ?? BEGINNING)
    })
  }

  async beat(sink: string, holder: string, positions?: Positions): Promise<boolean> {
    const { numUpdatedRows } = await transact(this.#db.logs, (trx) =>
      trx
        .updateTable('audit_export')
        .set({ beat: sql`beat + 1`, ...(positions && { positions: JSON.stringify(positions) }) })
        .where('tenant', '=', DEFAULT_TENANT)
        .where('sink', '=', sink)
        .where('holder', '=', holder)
        .executeTakeFirstOrThrow(),
    )
    return numUpdatedRows === 1n
  }

  async release(sink: string, holder: string): Promise<void> {
    await transact(this.#db.logs, (trx) =>
      trx
        .updateTable('audit_export')
        .set({ holder: null })
        .where('tenant', '=', DEFAULT_TENANT)
        .where('sink', '=', sink)
        .where('holder', '=', holder)
        .execute(),
    )
  }
}

/** The first rows, up to about a number of bytes, and at least one. */
function within(rows: readonly Row<'audit_event'>[], bytes: number): readonly Row<'audit_event'>[] {
  let left = bytes
  const end = rows.findIndex(({ detail, changes }, index) => {
    left -= 512 + detail.length + (changes?.length ?? 0)
    return index > 0 && left < 0
  })
  return end === -1 ? rows : rows.slice(0, end)
}

/** Moves the places of chains, and counts the places between that have no event any more. @param seq the new number */
function advance(before: Positions['chains'], rows: readonly Row<'audit_event'>[], seq: number) {
  const chains = new Map(Object.entries(before))
  let missed = 0
  for (const row of rows) {
    if (row.chain === null || row.place === null) continue
    const known = chains.get(String(row.chain))
    if (known !== undefined) missed += row.place - known[0] - 1
    chains.set(String(row.chain), [row.place, row.seq])
  }
  // Chains whose events were all exported are remembered only to notice missing ones.
  const ended = [...chains].filter(([, [, last]]) => last <= seq).toSorted(([, [, one]], [, [, other]]) => one - other)
  for (const [chain] of ended.slice(0, Math.max(0, chains.size - MOST_CHAINS))) chains.delete(chain)
  return { chains: Object.fromEntries(chains), missed }
}

const toExported = (row: Row<'audit_event'>): ExportedEvent => ({
  event: toAuditEvent(row),
  link: row.chain === null || row.place === null ? undefined : { chain: row.chain, place: row.place, hash: row.hash },
})
