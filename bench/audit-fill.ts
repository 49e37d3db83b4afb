import { sql } from 'kysely'
import { systemClock } from '../src/platform/clock.ts'
import type { Database } from '../src/store/sql/dialect.ts'
import { EventIndex } from '../src/store/tables/event-index.ts'
import { lastEvent } from '../src/store/tables/last-event.ts'

/** Milliseconds between two events: ten million of them fill four months. */
const APART_MS = 1_000
/** The clients of the events. Each has the same number of them. */
const CLIENTS = 10_000
const AT_ONCE = 1_000_000

/** The rare events among many. */
export const RARE = {
  /** A client with one event. */
  client: 'once',
  /** A reason that occurs three times. */
  reason: 'proof_replayed',
} as const

/** Fills the log with events that the database makes by itself, and indexes them. */
export async function fillEvents(db: Database, count: number): Promise<void> {
  const first = systemClock.now() - count * APART_MS
  for (let from = 0; from < count; from += AT_ONCE) {
    const to = Math.min(count, from + AT_ONCE)
    await sql`
      insert into audit_event (tenant, at, type, result, reason, client_id, remote_address, request_id, detail, actor)
      with recursive numbers (n) as (select cast(${sql.lit(from)} as bigint) union all select n + 1 from numbers where n + 1 < ${sql.lit(to)})
      select 'default', cast(${sql.lit(first)} as bigint) + n * ${sql.lit(APART_MS)},
        case when n % 100003 = 7 then 'client.change' else 'token.issue' end,
        case when n % 50 = 1 or n % 3333333 = 2 then 'refused' else 'success' end,
        case when n % 3333333 = 2 then ${sql.lit(RARE.reason)} when n % 50 = 1 then 'wrong_secret' end,
        case when n = 4321 then ${sql.lit(RARE.client)} else 'client-' || (n * 7919 % ${sql.lit(CLIENTS)}) end,
        '10.1.2.3', 'request-' || n,
        '{"method":"client_secret_basic","credential":"01890000-0000-7000-8000-000000000000","audience":"https://orders.example.com","scope":"orders:read orders:write","jti":"01890000-0000-7000-8000-000000000000"}',
        case when n % 100003 = 7 then '{"kind":"operator","user":"ann","host":"h","way":"command"}' end
      from numbers`.execute(db.unhurried)
  }
  await sql`analyze`.execute(db.unhurried)
  const index = new EventIndex({ scans: db.unhurried, logs: db.unhurried }, () => lastEvent(db.unhurried))
  while (await index.indexNext());
}
