import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Kysely, sql } from 'kysely'
import type { AuditEvent } from '../../audit/event.ts'
import type { EventPlace, EventQuery } from '../../audit/query.ts'
import type { AuditQuery, AuditStore, EventPage, StoredAuditEvent } from '../../audit/store.ts'
import type { TenantId } from '../../oauth/ids.ts'
import type { Database } from '../sql/dialect.ts'
import type { Schema } from '../sql/schema.ts'
import { transact } from '../sql/transaction.ts'
import { type ChainWriter, linkChanges } from './chain-writer.ts'
import { EventInserts } from './event-inserts.ts'
import { EventSearch } from './event-search.ts'
import { events, Pruning } from './pruning.ts'
import { lockRemovals, type Removals } from './removals.ts'

/** The parts that all stores of a process share. */
export interface Chaining {
  readonly writer: ChainWriter
  readonly removals: Removals
}

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
  readonly #pruning: Pruning
  readonly #search: EventSearch

  /** @param tenant the tenant whose events are listed */
  constructor(db: Database, tenant: TenantId, { writer, removals }: Chaining) {
    this.#db = db
    this.#tenant = tenant
    this.#inserts = new EventInserts(db.dialect)
    this.#writer = writer
    this.#removals = removals
    this.#pruning = new Pruning(db, events(removals))
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

  async listEvents({ limit, after = 0, clientId, ...asked }: AuditQuery): Promise<readonly StoredAuditEvent[]> {
    const filter = { ...asked, clientIds: clientId === undefined ? undefined : [clientId] }
    const found: StoredAuditEvent[] = []
    for (let from: EventPlace | undefined; found.length < limit; ) {
      const page = await this.#search.query({ ...filter, limit: limit - found.length, from })
      found.push(...page.events.filter(({ seq }) => seq > after))
      from = page.older
      if (from === undefined || from.before <= after + 1) break
    }
    return found.reverse()
  }

  queryEvents(query: EventQuery): Promise<EventPage> {
    return this.#search.query(query)
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
