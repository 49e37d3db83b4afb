import { sql } from 'kysely'
import type { AuditEvent } from '../../audit/event.ts'
import type { Encrypted } from '../../crypto/master-key.ts'
import type { ConsumerLimits, ConsumerStore, KeySetConsumer } from '../../keys/consumers.ts'
import type { KeyRows, KeyStore, KeyWrites } from '../../keys/store.ts'
import type { KeyId, TenantId } from '../../oauth/ids.ts'
import type { Clock } from '../../platform/clock.ts'
import { toListed } from '../../platform/unreadable.ts'
import { lockNumbers } from '../sql/counters.ts'
import type { Database } from '../sql/dialect.ts'
import { transact } from '../sql/transaction.ts'
import type { SqlAuditStore } from './audit.ts'
import { announce } from './changes.ts'
import { fromConsumer, fromKey, toConsumer, toKey } from './key-rows.ts'
import { masterKeyInUse, replaceInUse, requireInUse } from './master-key.ts'
import type { Row } from './rows.ts'

export class SqlKeyStore implements KeyStore, ConsumerStore {
  readonly #db: Database
  readonly #tenant: TenantId
  readonly #clock: Clock
  readonly #audit: SqlAuditStore

  constructor(db: Database, tenant: TenantId, clock: Clock, audit: SqlAuditStore) {
    this.#db = db
    this.#tenant = tenant
    this.#clock = clock
    this.#audit = audit
  }

  listKeys(): Promise<KeyRows> {
    return readKeys(this.#db.reads, this.#tenant)
  }

  masterKeyInUse(): Promise<string | undefined> {
    return masterKeyInUse(this.#db.reads, this.#tenant)
  }

  replaceMasterKey(before: string | undefined, after: string, event: AuditEvent): Promise<boolean> {
    return transact(this.#db.writes, async (trx) => {
      await lockNumbers(trx, this.#tenant, 'change')
      if (!(await replaceInUse(trx, this.#tenant, before, after))) return false
      await announce(trx, this.#tenant, this.#clock, [{ kind: 'key', id: after }])
      await this.#audit.appendWithin(trx, [event])
      return true
    })
  }

  updateKeys<Writes extends KeyWrites>(plan: (rows: KeyRows) => Writes): Promise<Writes> {
    return transact(this.#db.writes, async (trx) => {
      // Every writer of the model takes this lock first, so the keys stay as they are read here.
      await lockNumbers(trx, this.#tenant, 'change')
      const writes = plan(await readKeys(trx, this.#tenant))
      for (const key of writes.add) {
        await requireInUse(trx, this.#tenant, key.masterKeyId)
        await trx.insertInto('key').values(fromKey(this.#tenant, key)).execute()
      }
      for (const key of writes.put) {
        const { tenant, kid, state, active_at, gone_at } = fromKey(this.#tenant, key)
        const row = trx.updateTable('key').where('tenant', '=', tenant).where('kid', '=', kid)
        await row.set({ state, active_at, gone_at }).execute()
      }
      const keys = trx.deleteFrom('key').where('tenant', '=', this.#tenant)
      for (const kid of writes.discard ?? []) await keys.where('kid', '=', kid).execute()
      // Nothing needs the private part of a removed key.
      await keys.where('state', '=', 'gone').execute()
      const changed = [...[...writes.add, ...writes.put].map(({ kid }) => kid), ...(writes.discard ?? [])]
      if (changed.length > 0)
        await announce(
          trx,
          this.#tenant,
          this.#clock,
          changed.map((kid) => ({ kind: 'key', id: kid })),
        )
      await this.#audit.appendWithin(trx, writes.events ?? [])
      return writes
    })
  }

  replaceEncrypted(kid: KeyId, before: Encrypted, after: Encrypted, event: AuditEvent): Promise<boolean> {
    return transact(this.#db.writes, async (trx) => {
      await lockNumbers(trx, this.#tenant, 'change')
      await requireInUse(trx, this.#tenant, after.masterKeyId)
      const replaced = await trx
        .updateTable('key')
        .set({ encrypted_private_key: after.ciphertext, master_key_id: after.masterKeyId })
        .where('tenant', '=', this.#tenant)
        .where('kid', '=', kid)
        .where('encrypted_private_key', '=', before.ciphertext)
        .returning('kid')
        .executeTakeFirst()
      if (replaced === undefined) return false
      await announce(trx, this.#tenant, this.#clock, [{ kind: 'key', id: kid }])
      await this.#audit.appendWithin(trx, [event])
      return true
    })
  }

  addFetches(consumers: readonly KeySetConsumer[]): Promise<void> {
    // All processes write in one order, so that no two of them can deadlock.
    const sorted = consumers.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1))
    return transact(this.#db.writes, async (trx) => {
      for (const consumer of sorted) {
        await trx
          .insertInto('key_consumer')
          .values(fromConsumer(this.#tenant, consumer))
          .onConflict((conflict) =>
            conflict.columns(['tenant', 'address', 'user_agent']).doUpdateSet({
              last_seen: sql`case when key_consumer.last_seen > excluded.last_seen
                then key_consumer.last_seen else excluded.last_seen end`,
              fetches: sql`key_consumer.fetches + excluded.fetches`,
            }),
          )
          .execute()
      }
    })
  }

  async pruneConsumers({ before, keep }: ConsumerLimits, most: number): Promise<number> {
    const ordered = () => this.#db.logs.selectFrom('key_consumer').selectAll().orderBy('last_seen')
    const forgotten = await ordered().where('last_seen', '<', before).limit(most).execute()
    const doomed =
      forgotten.length > 0
        ? forgotten
        : surplus(
            await ordered()
              .where('tenant', '=', this.#tenant)
              .limit(keep + most)
              .execute(),
            keep,
            most,
          )
    if (doomed.length === 0) return 0
    await transact(this.#db.logs, async (trx) => {
      for (const { tenant, address, user_agent } of doomed) {
        await trx
          .deleteFrom('key_consumer')
          .where('tenant', '=', tenant)
          .where('address', '=', address)
          .where('user_agent', '=', user_agent)
          .execute()
      }
    })
    return doomed.length
  }

  async listConsumers(since: number): Promise<readonly KeySetConsumer[]> {
    const rows = await this.#db.scans
      .selectFrom('key_consumer')
      .selectAll()
      .where('tenant', '=', this.#tenant)
      .where('last_seen', '>=', since)
      .orderBy('last_seen', 'desc')
      .execute()
    return rows.map(toConsumer).filter((consumer) => consumer !== undefined)
  }
}

/** A consumer that came once, or for less than an hour, is removed before one that keeps coming. */
const BRIEF_MS = 3_600_000

/** The rows to remove to make room, oldest first. */
function surplus(rows: readonly Row<'key_consumer'>[], keep: number, most: number): readonly Row<'key_consumer'>[] {
  const excess = Math.min(most, rows.length - keep)
  if (excess <= 0) return []
  const isBrief = (row: Row<'key_consumer'>): boolean => row.last_seen - row.first_seen < BRIEF_MS
  return [...rows.filter(isBrief), ...rows.filter((row) => !isBrief(row))].slice(0, excess)
}

const keyOf = ({ address, userAgent }: KeySetConsumer): string => `${address} ${userAgent}`

async function readKeys(db: Database['reads'], tenant: TenantId): Promise<KeyRows> {
  const rows = await db
    .selectFrom('key')
    .selectAll()
    .where('tenant', '=', tenant)
    .orderBy('created_at')
    .orderBy('kid')
    .execute()
  return { ...toListed(rows.map(toKey)), masterKeyId: await masterKeyInUse(db, tenant) }
}
