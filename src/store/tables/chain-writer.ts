import { hostname } from 'node:os'
import { type Kysely, sql } from 'kysely'
import type { AuditEvent } from '../../audit/event.ts'
import { CHANGES, type Chain, commonText, extend, type Head, headOf } from '../../audit/proof/chain.ts'
import { DEFAULT_TENANT } from '../../oauth/ids.ts'
import type { Clock } from '../../platform/clock.ts'
import { takeNumbers } from '../sql/counters.ts'
import type { Database } from '../sql/dialect.ts'
import type { Schema } from '../sql/schema.ts'
import { transact } from '../sql/transaction.ts'
import { hasSameCommon } from './event-inserts.ts'
import { type EventRow, fromAuditEvent } from './event-rows.ts'
import { toChain } from './proof-rows.ts'

type Kind = 'recorded' | 'refused'

/** The end of a chain in the database is not the one that this process wrote. */
class ChainMoved extends Error {}

/** A batch that may have been written. */
interface Attempt {
  readonly events: readonly AuditEvent[]
  readonly before: readonly Head[]
  readonly after: readonly Head[]
}

/**
 * Links events to the chains of this process, which are opened with their first event. It remembers the ends of its chains. If the
 * database does not have them, somebody has changed it: the process begins new chains, and signs the ends that it knows.
 */
export class ChainWriter {
  readonly #db: Database
  readonly #clock: Clock
  #heads = new Map<Kind, Head>()
  /** Ends of chains that the database has lost. */
  #lost: readonly Head[] = []
  #unsettled: Attempt | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(db: Database, clock: Clock) {
    this.#db = db
    this.#clock = clock
  }

  /** The ends of the chains of this process, as it wrote them. */
  get heads(): readonly Head[] {
    return [...this.#lost, ...this.#heads.values()]
  }

  /** Drops the lost ends that a checkpoint has signed. */
  forget(signed: readonly Head[]): void {
    this.#lost = this.#lost.filter((head) => !signed.includes(head))
  }

  /**
   * Writes events in one transaction. After an error the same array may be given again: it is written once, even if the result of
   * the first attempt is unknown.
   * @param insert inserts linked rows
   */
  write(events: readonly AuditEvent[], insert: (db: Kysely<Schema>, rows: readonly EventRow[]) => Promise<void>) {
    // Two batches at once would both follow the same event.
    const written = this.#last.then(() => this.#write(events, insert))
    this.#last = written.catch(() => {})
    return written
  }

  async #write(
    events: readonly AuditEvent[],
    insert: (db: Kysely<Schema>, rows: readonly EventRow[]) => Promise<void>,
  ) {
    if (this.#unsettled !== undefined && (await this.#settle(this.#unsettled, events))) return
    const { rows, before, after } = link(events, await this.#open(events))
    this.#unsettled = { events, before, after }
    await transact(this.#db.logs, async (trx) => {
      for (const [index, head] of before.entries()) await move(trx, head, after[index] ?? head)
      await insert(trx, rows)
    })
    this.#take(after)
    this.#unsettled = undefined
  }

  /** Finds out whether an attempt was written. @returns whether these are its events and it was */
  async #settle({ events, before, after }: Attempt, again: readonly AuditEvent[]): Promise<boolean> {
    const stored = await readHeads(
      this.#db.logs,
      before.map(({ chain }) => chain),
    )
    const isAt = (heads: readonly Head[]) =>
      heads.every((head) => stored.some((one) => one.chain === head.chain && one.hash === head.hash))
    this.#unsettled = undefined
    if (isAt(after)) {
      this.#take(after)
      return events === again
    }
    if (isAt(before)) return false
    this.#lost = [...this.#lost, ...before]
    for (const [kind, { chain }] of this.#heads)
      if (before.some((head) => head.chain === chain)) this.#heads.delete(kind)
    throw new ChainMoved('the audit log was changed by somebody else: see tessera audit verify')
  }

  #take(heads: readonly Head[]): void {
    for (const head of heads)
      for (const [kind, { chain }] of this.#heads) if (chain === head.chain) this.#heads.set(kind, head)
  }

  /** Opens the chains that events need and that are not open yet. */
  async #open(events: readonly AuditEvent[]): Promise<ReadonlyMap<Kind, Head>> {
    for (const kind of new Set(events.map(kindOf)))
      if (!this.#heads.has(kind)) this.#heads.set(kind, headOf(await this.#openChain(kind)))
    return this.#heads
  }

  #openChain(kind: Kind): Promise<Chain> {
    return transact(this.#db.logs, async (trx) => {
      const taken = await takeNumbers(trx, DEFAULT_TENANT, 'audit_chain', 1)
      const { last } = await trx
        .selectFrom('audit_event')
        .select(({ fn }) => fn.max<number | null>('seq').as('last'))
        .executeTakeFirstOrThrow()
      const row = await trx
        .insertInto('audit_chain')
        .values({
          // The first two were made with the table.
          id: taken + 2,
          kind,
          host: `${hostname()} ${process.pid}`,
          started_at: this.#clock.now(),
          seed: this.#db.dialect.someBytes,
          after_seq: last ?? 0,
          place: 0,
          signed_place: 0,
        })
        .returningAll()
        .executeTakeFirstOrThrow()
      return toChain(row)
    })
  }
}

const kindOf = ({ result }: AuditEvent): Kind => (result === 'refused' ? 'refused' : 'recorded')

/** Links events to the ends of their chains. @returns the rows, and those ends before and after, by chain */
function link(events: readonly AuditEvent[], heads: ReadonlyMap<Kind, Head>) {
  const now = new Map(heads)
  const used = new Set<Kind>()
  const rows: EventRow[] = []
  let last: EventRow | undefined
  let common = ''
  for (const event of events) {
    const kind = kindOf(event)
    const head = now.get(kind)
    if (head === undefined) throw new TypeError(`there is no chain of ${kind} events`)
    const row = fromAuditEvent(event)
    if (last === undefined || !hasSameCommon(row, last)) common = commonText(row)
    last = row
    const next = extend(head, row, common)
    rows.push(put(row, next))
    now.set(kind, next)
    used.add(kind)
  }
  const ends = (of: ReadonlyMap<Kind, Head>) =>
    // In one order in all processes, so that no two of them can deadlock.
    [...used].flatMap((kind) => of.get(kind) ?? []).toSorted((one, other) => one.chain - other.chain)
  return { rows, before: ends(heads), after: ends(now) }
}

/** Puts an event at the end of a chain. */
function put(row: EventRow, { chain, place, hash }: Head): EventRow {
  row.chain = chain
  row.place = place
  row.hash = hash
  return row
}

/** Moves the end of a chain. @throws ChainMoved if it is elsewhere, so that no chain ever forks */
async function move(trx: Kysely<Schema>, before: Head, after: Head): Promise<void> {
  // A chain without events has no hash. The query builder would take longer than the update.
  const stored = before.place === 0 ? null : before.hash
  const { numAffectedRows } = await sql`
    update audit_chain set place = ${after.place}, hash = ${after.hash}
    where id = ${before.chain} and place = ${before.place} and hash is not distinct from ${stored}`.execute(trx)
  if (numAffectedRows !== 1n) throw new ChainMoved('the end of a chain is not where this process left it')
}

async function readHeads(db: Kysely<Schema>, ids: readonly number[]): Promise<readonly Head[]> {
  const rows = await db.selectFrom('audit_chain').selectAll().where('id', 'in', ids).execute()
  return rows.map((row) => headOf(toChain(row)))
}

/** Links events to the chain of changes. Until the transaction ends, other changes wait for it. */
export async function linkChanges(trx: Kysely<Schema>, events: readonly AuditEvent[]): Promise<readonly EventRow[]> {
  const locked = await trx
    .updateTable('audit_chain')
    .set({ place: sql`place` })
    .where('id', '=', CHANGES)
    .returningAll()
    .executeTakeFirst()
  if (locked === undefined) throw new Error('the audit log has lost its chain of changes: see tessera audit verify')
  const before = headOf(toChain(locked))
  let head = before
  const rows = events.map((event) => {
    const row = fromAuditEvent(event)
    head = extend(head, row)
    return put(row, head)
  })
  await move(trx, before, head)
  return rows
}
