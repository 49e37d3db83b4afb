import type { Kysely } from 'kysely'
import { ownerOf, type Person, type Session } from '../../administrators/sessions/session.ts'
import type { DeviceBounds, DeviceRequest, Requirement, SessionStore } from '../../administrators/sessions/store.ts'
import type { AuditEvent } from '../../audit/event.ts'
import type { TenantId } from '../../oauth/ids.ts'
import { lockNumbers } from '../sql/counters.ts'
import type { Database } from '../sql/dialect.ts'
import type { Schema } from '../sql/schema.ts'
import { transact } from '../sql/transaction.ts'
import { fromPassword, fromSession, toRequest, toSession } from './account-rows.ts'
import type { SqlAuditStore } from './audit.ts'

export class SqlSessionStore implements SessionStore {
  readonly #db: Database
  readonly #tenant: TenantId
  readonly #audit: SqlAuditStore

  constructor(db: Database, tenant: TenantId, audit: SqlAuditStore) {
    this.#db = db
    this.#tenant = tenant
    this.#audit = audit
  }

  addSession(session: Session, most: number, event: AuditEvent, requires?: Requirement): Promise<boolean> {
    return transact(this.#db.urgent, async (trx) => {
      // Changes of accounts take this lock, so that none comes between the check and the session.
      await lockNumbers(trx, this.#tenant, 'change')
      const owner = ownerOf(session.person)
      if (requires !== undefined && !(await this.#isMet(trx, requires, owner))) return false
      await trx
        .insertInto('admin_session')
        .values(fromSession(this.#tenant, owner, session))
        .execute()
      const mine = await this.#of(trx, owner).select('id').orderBy('created_at', 'desc').orderBy('id', 'desc').execute()
      for (const { id } of mine.slice(most)) await this.#remove(trx, owner).where('id', '=', id).execute()
      await this.#audit.appendWithin(trx, [event])
      return true
    })
  }

  async #isMet(trx: Kysely<Schema>, requires: Requirement, owner: string): Promise<boolean> {
    if ('deviceHash' in requires) {
      const { numDeletedRows } = await trx
        .deleteFrom('device_request')
        .where('tenant', '=', this.#tenant)
        .where('device_hash', '=', requires.deviceHash)
        .where('owner', '=', owner)
        .executeTakeFirstOrThrow()
      return numDeletedRows > 0n
    }
    const { id, password } = requires
    const row = await trx
      .selectFrom('account')
      .select('password')
      .where('tenant', '=', this.#tenant)
      .where('id', '=', id)
      .where('enabled', '=', 1)
      .executeTakeFirst()
    return row !== undefined && row.password === fromPassword(password)
  }

  async findSession(tokenHash: string): Promise<Session | undefined> {
    const row = await this.#db.reads
      .selectFrom('admin_session')
      .selectAll()
      .where('tenant', '=', this.#tenant)
      .where('token_hash', '=', tokenHash)
      .executeTakeFirst()
    return row && toSession(row)
  }

  async noteSeen(id: string, at: number): Promise<void> {
    await this.#db.marks
      .updateTable('admin_session')
      .set({ last_seen_at: at })
      .where('tenant', '=', this.#tenant)
      .where('id', '=', id)
      .where('last_seen_at', '<', at)
      .execute()
  }

  async listSessions(owner: string): Promise<readonly Session[]> {
    const rows = await this.#of(this.#db.reads, owner).selectAll().orderBy('created_at').orderBy('id').execute()
    return rows.map(toSession).filter((session) => session !== undefined)
  }

  endSession(owner: string, id: string, event: AuditEvent): Promise<boolean> {
    return transact(this.#db.urgent, async (trx) => {
      const { numDeletedRows } = await this.#remove(trx, owner).where('id', '=', id).executeTakeFirstOrThrow()
      if (numDeletedRows === 0n) return false
      await this.#audit.appendWithin(trx, [event])
      return true
    })
  }

  endSessions(owner: string, event: AuditEvent): Promise<number> {
    return transact(this.#db.urgent, async (trx) => {
      const ended = await endSessionsWithin(trx, this.#tenant, owner)
      await this.#audit.appendWithin(trx, [event])
      return ended
    })
  }

  pruneSessions(
    { now, idleSince }: { readonly now: number; readonly idleSince: number },
    most: number,
  ): Promise<number> {
    return transact(this.#db.writes, async (trx) => {
      const due = await trx
        .selectFrom('admin_session')
        .select(['tenant', 'id'])
        .where((row) => row.or([row('expires_at', '<', now), row('last_seen_at', '<', idleSince)]))
        .limit(most)
        .execute()
      for (const [tenant, rows] of Map.groupBy(due, (row) => row.tenant)) {
        const ids = rows.map(({ id }) => id)
        await trx.deleteFrom('admin_session').where('tenant', '=', tenant).where('id', 'in', ids).execute()
      }
      return due.length
    })
  }

  addRequest(request: DeviceRequest, { now, network, mostFromNetwork, most }: DeviceBounds): Promise<boolean> {
    const { deviceHash, userHash, expiresAt, remoteAddress, userAgent } = request
    return transact(this.#db.urgent, async (trx) => {
      await lockNumbers(trx, this.#tenant, 'change')
      const requests = () => trx.deleteFrom('device_request').where('tenant', '=', this.#tenant)
      await requests().where('expires_at', '<=', now).execute()
      const waiting = await trx
        .selectFrom('device_request')
        .select(['device_hash', 'network'])
        .where('tenant', '=', this.#tenant)
        .orderBy('expires_at', 'desc')
        .execute()
      const near = waiting.filter((row) => row.network === network)
      const displaced = near.slice(mostFromNetwork - 1)
      if (waiting.length - displaced.length >= most) return false
      for (const { device_hash } of displaced) await requests().where('device_hash', '=', device_hash).execute()
      const row = {
        tenant: this.#tenant,
        device_hash: deviceHash,
        user_hash: userHash,
        network,
        remote_address: remoteAddress,
        user_agent: userAgent ?? null,
        owner: null,
        person: null,
        expires_at: expiresAt,
      }
      await trx.insertInto('device_request').values(row).execute()
      return true
    })
  }

  async findRequest(userHash: string, now: number): Promise<DeviceRequest | undefined> {
    const row = await this.#db.reads
      .selectFrom('device_request')
      .selectAll()
      .where('tenant', '=', this.#tenant)
      .where('user_hash', '=', userHash)
      .where('expires_at', '>', now)
      .where('person', 'is', null)
      .executeTakeFirst()
    return row && toRequest(row)
  }

  confirmRequest(userHash: string, now: number, person: Person, event: AuditEvent): Promise<boolean> {
    return transact(this.#db.urgent, async (trx) => {
      const { numUpdatedRows } = await trx
        .updateTable('device_request')
        .set({ person: JSON.stringify(person), owner: ownerOf(person) })
        .where('tenant', '=', this.#tenant)
        .where('user_hash', '=', userHash)
        .where('expires_at', '>', now)
        .where('person', 'is', null)
        .executeTakeFirstOrThrow()
      if (numUpdatedRows === 0n) return false
      await this.#audit.appendWithin(trx, [event])
      return true
    })
  }

  async findPolledRequest(deviceHash: string, now: number): Promise<DeviceRequest | undefined> {
    const row = await this.#db.reads
      .selectFrom('device_request')
      .selectAll()
      .where('tenant', '=', this.#tenant)
      .where('device_hash', '=', deviceHash)
      .where('expires_at', '>', now)
      .executeTakeFirst()
    return row && toRequest(row)
  }

  pruneRequests(now: number, most: number): Promise<number> {
    return transact(this.#db.writes, async (trx) => {
      const due = await trx
        .selectFrom('device_request')
        .select(['tenant', 'device_hash'])
        .where('expires_at', '<', now)
        .limit(most)
        .execute()
      for (const [tenant, rows] of Map.groupBy(due, (row) => row.tenant)) {
        const hashes = rows.map(({ device_hash }) => device_hash)
        await trx.deleteFrom('device_request').where('tenant', '=', tenant).where('device_hash', 'in', hashes).execute()
      }
      return due.length
    })
  }

  #of(db: Kysely<Schema>, owner: string) {
    return db.selectFrom('admin_session').where('tenant', '=', this.#tenant).where('owner', '=', owner)
  }

  #remove(db: Kysely<Schema>, owner: string) {
    return db.deleteFrom('admin_session').where('tenant', '=', this.#tenant).where('owner', '=', owner)
  }
}

/** Ends the sessions of an owner within a transaction, and the command lines that it has confirmed. @returns how many sessions */
export async function endSessionsWithin(
  trx: Kysely<Schema>,
  tenant: TenantId,
  owner: string,
  except?: string,
): Promise<number> {
  await trx.deleteFrom('device_request').where('tenant', '=', tenant).where('owner', '=', owner).execute()
  const all = trx.deleteFrom('admin_session').where('tenant', '=', tenant).where('owner', '=', owner)
  const { numDeletedRows } = await (except === undefined
    ? all
    : all.where('id', '<>', except)
  ).executeTakeFirstOrThrow()
  return Number(numDeletedRows)
}
