import type { Kysely } from 'kysely'
import type { Account } from '../../administrators/accounts/account.ts'
import type { AccountStep, AccountStore, Link, Surroundings } from '../../administrators/accounts/store.ts'
import { accountOwner } from '../../administrators/sessions/session.ts'
import type { AuditEvent } from '../../audit/event.ts'
import type { TenantId } from '../../oauth/ids.ts'
import type { Clock } from '../../platform/clock.ts'
import { toListed, type Unreadable } from '../../platform/unreadable.ts'
import { lockNumbers } from '../sql/counters.ts'
import type { Database } from '../sql/dialect.ts'
import type { Schema } from '../sql/schema.ts'
import { transact } from '../sql/transaction.ts'
import { fromAccount, toAccount, toLink } from './account-rows.ts'
import { endSessionsWithin } from './admin-sessions.ts'
import type { SqlAuditStore } from './audit.ts'
import { announce } from './changes.ts'
import { groupNamesOf, leaveGroups } from './groups.ts'
import { requireInUse } from './master-key.ts'

export class SqlAccountStore implements AccountStore {
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

  findAccount(name: string): Promise<Account | Unreadable | undefined> {
    return this.#find(this.#db.reads, name)
  }

  async listAccounts(after: string, limit: number) {
    const rows = await this.#of(this.#db.reads)
      .selectAll()
      .where('name', '>', after)
      .orderBy('name')
      .limit(limit)
      .execute()
    return toListed(rows.map(toAccount))
  }

  async hasAccounts(): Promise<boolean> {
    return (await this.#of(this.#db.reads).select('name').limit(1).executeTakeFirst()) !== undefined
  }

  updateAccount<Step extends AccountStep>(
    name: string,
    plan: (before: Account | Unreadable | undefined, surroundings: Surroundings) => Step,
    spent?: { readonly hash: string; readonly now: number },
  ): Promise<Step | undefined> {
    return transact(this.#db.urgent, async (trx) => {
      // Every writer of the model takes this lock first. So the accounts, and the master key in use, stay as they are read here.
      await lockNumbers(trx, this.#tenant, 'change')
      if (spent !== undefined && !(await this.#spend(trx, spent))) return undefined
      const before = await this.#find(trx, name)
      const groups = await groupNamesOf(trx, this.#tenant, { kind: 'account', id: name })
      const step = plan(before, { otherAdmins: await this.#countOtherAdmins(trx, name), groups })
      if (step.account !== before) await this.#write(trx, name, before, step.account)
      const id = before === undefined || 'problem' in before ? undefined : before.id
      if (step.ends !== undefined && id !== undefined)
        await endSessionsWithin(trx, this.#tenant, accountOwner(id), step.ends === 'all' ? undefined : step.ends.except)
      // A link that was made for an account with fewer rights must not open it now.
      if (step.ends !== undefined) await this.#linksOf(trx, name).execute()
      if (step.account === undefined && before !== undefined && groups.length > 0) {
        await leaveGroups(trx, this.#tenant, { kind: 'account', id: name })
        const left = groups.map((id) => ({ kind: 'group', id }) as const)
        await announce(trx, this.#tenant, this.#clock, left)
      }
      if (step.link !== undefined) await this.#putLinkWithin(trx, step.link)
      if (step.event !== undefined) await this.#audit.appendWithin(trx, [step.event])
      return step
    })
  }

  async #write(
    trx: Kysely<Schema>,
    name: string,
    before: Account | Unreadable | undefined,
    after: Account | undefined,
  ): Promise<void> {
    const doomed = trx.deleteFrom('account').where('tenant', '=', this.#tenant).where('name', '=', name)
    if (before !== undefined) await doomed.execute()
    const links = trx.deleteFrom('account_link').where('tenant', '=', this.#tenant)
    if (after === undefined) {
      await this.#linksOf(trx, name).execute()
      return
    }
    const { secret } = after.secondFactor ?? {}
    const known = before === undefined || 'problem' in before ? undefined : before.secondFactor?.secret
    // A secret that stays as it was may be under a master key that was lost.
    const isSame =
      known?.masterKeyId === secret?.masterKeyId && secret?.ciphertext.equals(known?.ciphertext ?? Buffer.of())
    const isNew = secret !== undefined && !isSame
    if (isNew) await requireInUse(trx, this.#tenant, secret.masterKeyId)
    await trx
      .insertInto('account')
      .values(fromAccount(this.#tenant, after, this.#clock.now()))
      .execute()
    if (before === undefined) await links.where('purpose', '=', 'set_up').execute()
  }

  async putLink(link: Link, event: AuditEvent): Promise<void> {
    await transact(this.#db.urgent, async (trx) => {
      await this.#putLinkWithin(trx, link)
      await this.#audit.appendWithin(trx, [event])
    })
  }

  async #putLinkWithin(trx: Kysely<Schema>, { hash, purpose, account, expiresAt }: Link): Promise<void> {
    const same = trx.deleteFrom('account_link').where('tenant', '=', this.#tenant).where('purpose', '=', purpose)
    await (account === undefined ? same : same.where('account', '=', account)).execute()
    const row = { tenant: this.#tenant, hash, purpose, account: account ?? null, expires_at: expiresAt }
    await trx.insertInto('account_link').values(row).execute()
  }

  #linksOf(trx: Kysely<Schema>, name: string) {
    return trx.deleteFrom('account_link').where('tenant', '=', this.#tenant).where('account', '=', name)
  }

  async findLink(hash: string, now: number): Promise<Link | undefined> {
    const row = await this.#liveLinks(now).selectAll().where('hash', '=', hash).executeTakeFirst()
    return row && toLink(row)
  }

  async hasLink(purpose: Link['purpose'], now: number): Promise<boolean> {
    const row = await this.#liveLinks(now).select('hash').where('purpose', '=', purpose).limit(1).executeTakeFirst()
    return row !== undefined
  }

  #liveLinks(now: number) {
    return this.#db.reads.selectFrom('account_link').where('tenant', '=', this.#tenant).where('expires_at', '>', now)
  }

  #of(db: Kysely<Schema>) {
    return db.selectFrom('account').where('tenant', '=', this.#tenant)
  }

  async #find(db: Kysely<Schema>, name: string): Promise<Account | Unreadable | undefined> {
    const row = await this.#of(db).selectAll().where('name', '=', name).executeTakeFirst()
    return row && toAccount(row)
  }

  /** Removes a link. @returns whether it was there and had not expired */
  async #spend(trx: Kysely<Schema>, { hash, now }: { readonly hash: string; readonly now: number }): Promise<boolean> {
    const { numDeletedRows } = await trx
      .deleteFrom('account_link')
      .where('tenant', '=', this.#tenant)
      .where('hash', '=', hash)
      .where('expires_at', '>', now)
      .executeTakeFirstOrThrow()
    return numDeletedRows > 0n
  }

  async #countOtherAdmins(trx: Kysely<Schema>, name: string): Promise<number> {
    const { count } = await this.#of(trx)
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('name', '<>', name)
      .where('enabled', '=', 1)
      .where('password', 'is not', null)
      .where('roles', 'like', '%"admin"%')
      .executeTakeFirstOrThrow()
    return Number(count)
  }
}
