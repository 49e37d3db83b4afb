import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Kysely, sql } from 'kysely'
import type { AuditEvent } from '../../audit/event.ts'
import type { EventQuery } from '../../audit/query.ts'
import { LONGEST_GATHERED_MS } from '../../audit/refusals.ts'
import type { AuditQuery, AuditStore, EventPage, StoredAuditEvent } from '../../audit/store.ts'
import type { TenantId } from '../../oauth/ids.ts'
import { uuidv7Time } from '../../platform/random.ts'
import type { Database } from '../sql/dialect.ts'
import type { Schema } from '../sql/schema.ts'
import { transact } from '../sql/transaction.ts'
import { type ChainWriter, linkChanges } from './chain-writer.ts'
import { isOwned } from './event-criteria.ts'
import { EventInserts } from './event-inserts.ts'
import { EventPruning } from './event-pruning.ts'
import { toAuditEvent } from './event-rows.ts'
import { EventSearch } from './event-search.ts'
import { eventEnds } from './last-event.ts'
import { lockRemovals, type Removals } from './removals.ts'

/** The parts that all stores of a process share. */
export interface Chaining {
  readonly writer: ChainWriter
  readonly removals: Removals
}

/** The usual bound of the differences between requests, clocks and delayed writes. Beyond it, all events are searched. */
const AROUND_MS = 60_000
/** An event that stands for several refusals may be recorded this long after the first of them. */
const GATHERED_MS = LONGEST_GATHERED_MS + AROUND_MS
/** Index entries per step. Requests are handled between steps. */
const REFUSALS_AT_ONCE = 20_000

/**
 * No index begins with the tenant, since maintaining it would cost as much as storing the event
 * (`docs/decisions/0011-events-without-an-index.md`). Events have one order for all tenants, in which they are listed and removed.
 */
export class SqlAuditStore implements AuditStore {
  readonly #db: Database
  readonly #tenant: TenantId
  readonly #inserts: EventInserts
  readonly #writer: ChainWriter
  readonly #removals: Removals
  readonly #pruning: EventPruning
  readonly #search: EventSearch

  /** @param tenant the tenant whose events are listed */
  constructor(db: Database, tenant: TenantId, { writer, removals }: Chaining) {
    this.#db = db
    this.#tenant = tenant
    this.#inserts = new EventInserts(db.dialect)
    this.#writer = writer
    this.#removals = removals
    this.#pruning = new EventPruning(db, undefined, removals)
    this.#search = new EventSearch(db, tenant)
  }

  async append(events: readonly AuditEvent[]): Promise<void> {
    if (events.length > 0) await this.#writer.write(events, (trx, rows) => this.#inserts.insert(trx, rows))
  }

  appendChange(event: AuditEvent): Promise<void> {
    return transact(this.#db.writes, (trx) => this.appendWithin(trx, [event]))
  }

  /** Adds events of this tenant within the transaction of the change that they record. */
  async appendWithin(trx: Kysely<Schema>, events: readonly AuditEvent[]): Promise<void> {
    if (events.length === 0) return
    const own = events.map((event) => ({ ...event, tenant: this.#tenant }))
    await this.#inserts.insert(trx, await linkChanges(trx, own))
  }

  async listEvents(asked: AuditQuery): Promise<readonly StoredAuditEvent[]> {
    const time = asked.requestId === undefined ? undefined : uuidv7Time(asked.requestId)
    if (time === undefined) return this.#select(asked)
    // An index by request id would cost as much as the rest of storing an event. The time in the id is used instead.
    const after = await this.#lastBefore(time - AROUND_MS)
    const upTo = await this.#lastBefore(time + AROUND_MS)
    const found = await this.#select({ ...asked, after: Math.max(after, asked.after ?? 0) }, upTo)
    if (found.length > 0) return found
    const gathered = await this.#selectGathered(asked, after, await this.#lastBefore(time + GATHERED_MS))
    return gathered.length > 0 ? gathered : this.#select(asked)
  }

  queryEvents(query: EventQuery): Promise<EventPage> {
    return this.#search.query(query)
  }

  /** Events that stand for several refusals, including the refusal of the request. */
  async #selectGathered({ limit, requestId, owners }: AuditQuery, after: number, upTo: number) {
    const rows = await refused(this.#db.scans)
      .selectAll()
      .where('tenant', '=', this.#tenant)
      .where('seq', '>', after)
      .where('seq', '<=', upTo)
      .where('detail', 'like', `%"${requestId}"%`)
      .$if(owners !== undefined, (query) => query.where((eb) => isOwned(eb, this.#tenant, owners ?? [])))
      .orderBy('seq')
      .limit(limit)
      .execute()
    return rows.map(toAuditEvent)
  }

  async #select({ limit, after, clientId, requestId, traceId, owners }: AuditQuery, upTo?: number) {
    let query = this.#db.scans
      .selectFrom('audit_event')
      .selectAll()
      .where('tenant', '=', this.#tenant)
      .orderBy('seq', 'desc')
      .limit(limit)
    if (after !== undefined) query = query.where('seq', '>', after)
    if (upTo !== undefined) query = query.where('seq', '<=', upTo)
    if (clientId !== undefined) query = query.where('client_id', '=', clientId)
    if (requestId !== undefined) query = query.where('request_id', '=', requestId)
    if (traceId !== undefined) query = query.where('trace_id', '=', traceId)
    if (owners !== undefined) query = query.where((eb) => isOwned(eb, this.#tenant, owners))
    const rows = await query.execute()
    return rows.reverse().map(toAuditEvent)
  }

  /** The place before that of the first event which is not older than `time`: numbers grow with time, or nearly. */
  async #lastBefore(time: number): Promise<number> {
    const events = this.#db.scans.selectFrom('audit_event')
    const ends = await eventEnds(this.#db.scans)
    let low = ends?.first ?? 1
    let high = (ends?.last ?? 0) + 1
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const next = events.select(['seq', 'at']).where('seq', '>=', middle).orderBy('seq').limit(1)
      const row = await next.executeTakeFirst()
      if (row === undefined || row.at >= time) high = middle
      else low = row.seq + 1
    }
    return low - 1
  }

  async oldestRefusalOf(keep: number): Promise<number | undefined> {
    let place = Number.MAX_SAFE_INTEGER
    for (let left = keep; left > 0; left -= REFUSALS_AT_ONCE) {
      const row = await refused(this.#db.scans)
        .select('seq')
        .where('seq', '<', place)
        .orderBy('seq', 'desc')
        .offset(Math.min(left, REFUSALS_AT_ONCE) - 1)
        .limit(1)
        .executeTakeFirst()
      if (row === undefined) return undefined
      place = row.seq
      await nextTurn()
    }
    return place
  }

  async removeRefusalsBefore(place: number, most: number): Promise<number> {
    return transact(this.#db.logs, async (trx) => {
      await lockRemovals(trx)
      const rows = await refused(trx).selectAll().where('seq', '<', place).orderBy('seq').limit(most).execute()
      const { at = 0 } = rows.at(-1) ?? {}
      return this.#removals.removeEvents(trx, rows, { cause: 'count', at })
    })
  }

  pruneBefore(time: number, most: number): Promise<number> {
    return this.#pruning.pruneBefore(time, most)
  }
}

/** The refusals. This form of the condition lets both databases use their index. */
const refused = (db: Kysely<Schema>) => db.selectFrom('audit_event').where(sql<boolean>`result = 'refused'`)
