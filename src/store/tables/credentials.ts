import { setImmediate as nextTurn } from 'node:timers/promises'
import { type ExpressionBuilder, sql } from 'kysely'
import type { AuditEvent } from '../../audit/event.ts'
import type { Encrypted } from '../../crypto/master-key.ts'
import type { SecretCredential, UnreadableCredential } from '../../model/credentials/credential.ts'
import { hasDigest } from '../../model/credentials/credential.ts'
import { formatHash } from '../../model/credentials/secret-hash.ts'
import type { UsedCredential } from '../../model/credentials/status.ts'
import type { CredentialStore, CredentialUse, OwnedCredential } from '../../model/credentials/store.ts'
import { ClientId, CredentialId, type TenantId } from '../../oauth/ids.ts'
import type { Clock } from '../../platform/clock.ts'
import { type Listed, toListed } from '../../platform/unreadable.ts'
import { lockNumbers } from '../sql/counters.ts'
import type { Database } from '../sql/dialect.ts'
import type { Schema } from '../sql/schema.ts'
import { transact } from '../sql/transaction.ts'
import type { SqlAuditStore } from './audit.ts'
import { announce } from './changes.ts'
import { noteClientUses, UNUSED } from './client-use.ts'
import { type CredentialRow, dataTextOf, toCredential } from './credential-rows.ts'
import { readCredentials } from './credential-statements.ts'
import { requireInUse } from './master-key.ts'

/** Credentials per step of a search. Requests are handled between steps. */
const SECRETS_AT_ONCE = 5_000

export class SqlCredentialStore implements CredentialStore {
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

  async listCredentials(client: ClientId): Promise<Listed<UsedCredential, UnreadableCredential> | undefined> {
    const credentials = await readCredentials(this.#db.scans, this.#tenant, client)
    if (credentials === undefined) return undefined
    const uses = await this.#db.scans
      .selectFrom('credential_use')
      .innerJoin('credential', (join) =>
        join
          .onRef('credential.tenant', '=', 'credential_use.tenant')
          .onRef('credential.id', '=', 'credential_use.credential_id'),
      )
      .select(['credential_id', 'last_used_at'])
      .where('credential.tenant', '=', this.#tenant)
      .where('credential.client_id', '=', client)
      .where('last_used_at', '>', UNUSED)
      .execute()
    const lastUsed = new Map<string, number>(uses.map((use) => [use.credential_id, use.last_used_at]))
    return {
      found: credentials.all.map((credential) => ({ credential, lastUsedAt: lastUsed.get(credential.id) })),
      unreadable: credentials.unreadable,
    }
  }

  async noteUses(uses: readonly CredentialUse[]): Promise<void> {
    if (uses.length === 0) return
    await transact(this.#db.logs, async (trx) => {
      // A credential that was removed in the meantime needs no record of its use.
      const ids = uses.map(({ id }) => id)
      const rows = await trx
        .selectFrom('credential')
        .select(['id', 'client_id'])
        .where('tenant', '=', this.#tenant)
        .where('id', 'in', ids)
        .execute()
      const clients = new Map<string, string>(rows.map((row) => [row.id, row.client_id]))
      const values = uses
        .filter(({ id }) => clients.has(id))
        .map(({ id, at }) => ({ tenant: this.#tenant, credential_id: id, last_used_at: at, idle_since: at }))
        // All processes write in one order, so that no two of them can deadlock.
        .sort((one, other) => (one.credential_id < other.credential_id ? -1 : 1))
      if (values.length === 0) return
      await trx
        .insertInto('credential_use')
        .values(values)
        .onConflict((conflict) =>
          conflict
            .columns(['tenant', 'credential_id'])
            .doUpdateSet({ last_used_at: sql`excluded.last_used_at`, idle_since: sql`excluded.idle_since` })
            .whereRef('credential_use.last_used_at', '<', sql.ref('excluded.last_used_at')),
        )
        .execute()
      const ofClients = new Map<string, number>()
      for (const { id, at } of uses) {
        const client = clients.get(id)
        if (client !== undefined) ofClients.set(client, Math.max(at, ofClients.get(client) ?? at))
      }
      await noteClientUses(trx, this.#tenant, ofClients)
    })
  }

  async listExpiring(from: number, to: number, most: number): Promise<Listed<OwnedCredential>> {
    const rows = await this.#db.scans
      .selectFrom('credential')
      .selectAll()
      .where('tenant', '=', this.#tenant)
      .where('expires_at', '>', from)
      .where('expires_at', '<=', to)
      .where('revoked_at', 'is', null)
      .orderBy('expires_at')
      .limit(most)
      .execute()
    return toListed(rows.map(toOwned))
  }

  async listSamples(): Promise<Listed<OwnedCredential>> {
    const rows = await this.#db.scans
      .selectFrom('credential')
      .selectAll()
      .where('tenant', '=', this.#tenant)
      // A literal, since only then does a database see that the index of samples has every such row.
      .where('origin', '=', sql.lit('sample'))
      .execute()
    return toListed(rows.map(toOwned))
  }

  async findSecret(digestStart: string): Promise<OwnedCredential | undefined> {
    let after: CredentialId | undefined = CredentialId('')
    while (after !== undefined) {
      const last: CredentialId | undefined = await this.#lastOfStep(after)
      const rows = await this.#secretsBetween(after, last, digestStart)
      // The pattern of SQL takes `_` for any character.
      const [found] = toListed(rows.map(toOwned)).found.filter(({ credential }) => hasDigest(credential, digestStart))
      if (found !== undefined) return found
      after = last
      await nextTurn()
    }
    return undefined
  }

  /** The last credential of a step of a search; undefined if the step is the last one. */
  async #lastOfStep(after: CredentialId): Promise<CredentialId | undefined> {
    const row = await this.#db.scans
      .selectFrom('credential')
      .select('id')
      .where('tenant', '=', this.#tenant)
      .where('id', '>', after)
      .orderBy('id')
      .offset(SECRETS_AT_ONCE - 1)
      .limit(1)
      .executeTakeFirst()
    return row && CredentialId(row.id)
  }

  #secretsBetween(after: CredentialId, last: CredentialId | undefined, digestStart: string) {
    const hash = formatHash({ kind: 'sha256', digest: digestStart })
    const query = this.#db.scans
      .selectFrom('credential')
      .selectAll()
      .where('tenant', '=', this.#tenant)
      .where('id', '>', after)
      .where('kind', '=', 'secret')
      .where('data', 'like', `%"${hash}%`)
    return (last === undefined ? query : query.where('id', '<=', last)).execute()
  }

  async listRetrievable(): Promise<Listed<OwnedCredential<SecretCredential>>> {
    const rows = await this.#db.scans
      .selectFrom('credential')
      .selectAll()
      .where('tenant', '=', this.#tenant)
      .where('master_key_id', 'is not', null)
      .execute()
    const { found, unreadable } = toListed(rows.map(toOwned))
    const secrets = found.flatMap(({ clientId, credential }) =>
      credential.kind === 'secret' ? [{ clientId, credential }] : [],
    )
    return { found: secrets, unreadable }
  }

  replaceRetrievable(id: CredentialId, before: Encrypted, after: Encrypted, event: AuditEvent): Promise<boolean> {
    return this.#changeRetrievable(id, before, after, event)
  }

  forgetRetrievable(id: CredentialId, before: Encrypted, event: AuditEvent): Promise<boolean> {
    return this.#changeRetrievable(id, before, undefined, event)
  }

  replaceHash(before: SecretCredential, after: SecretCredential, event: AuditEvent): Promise<boolean> {
    return this.#change(before.id, { data: dataTextOf(after) }, { data: dataTextOf(before) }, event)
  }

  /** Stores `after` as the encrypted copy of a secret, or none. @returns false if the copy is no longer `before` */
  #changeRetrievable(
    id: CredentialId,
    before: Encrypted,
    after: Encrypted | undefined,
    event: AuditEvent,
  ): Promise<boolean> {
    const written = { encrypted_secret: after?.ciphertext ?? null, master_key_id: after?.masterKeyId ?? null }
    return this.#change(id, written, { encrypted_secret: before.ciphertext }, event)
  }

  /** Writes columns of a credential, and announces it. @returns false, with nothing written, if it no longer has the values of `before` */
  #change(
    id: CredentialId,
    after: Partial<Pick<CredentialRow, 'data' | 'encrypted_secret' | 'master_key_id'>>,
    before: Partial<Pick<CredentialRow, 'data' | 'encrypted_secret'>>,
    event: AuditEvent,
  ): Promise<boolean> {
    return transact(this.#db.writes, async (trx) => {
      await lockNumbers(trx, this.#tenant, 'change')
      if (typeof after.master_key_id === 'string') await requireInUse(trx, this.#tenant, after.master_key_id)
      const changed = await trx
        .updateTable('credential')
        .set(after)
        .where('tenant', '=', this.#tenant)
        .where('id', '=', id)
        .where((eb) => eb.and(before))
        .returning('client_id')
        .executeTakeFirst()
      if (changed === undefined) return false
      // Servers must read it again: its hash is another one, or they may soon lack the former master key.
      await announce(trx, this.#tenant, this.#clock, [{ kind: 'client', id: changed.client_id }])
      await this.#audit.appendWithin(trx, [event])
      return true
    })
  }

  async claimWarning(id: CredentialId, days: number): Promise<boolean> {
    const isUntold = ({ eb, or, and }: ExpressionBuilder<Schema, 'credential'>) =>
      and([
        eb('tenant', '=', this.#tenant),
        eb('id', '=', id),
        or([eb('warned_days', 'is', null), eb('warned_days', '>', days)]),
      ])
    // Nearly always the warning was given before, and nothing is written.
    const untold = await this.#db.scans.selectFrom('credential').select('id').where(isUntold).executeTakeFirst()
    if (untold === undefined) return false
    // One statement: if two processes claim it at once, the second finds it claimed.
    const claim = this.#db.writes.updateTable('credential').set({ warned_days: days }).where(isUntold).returning('id')
    return (await claim.executeTakeFirst()) !== undefined
  }
}

function toOwned(row: CredentialRow): OwnedCredential | UnreadableCredential {
  const credential = toCredential(row)
  return 'problem' in credential ? credential : { clientId: ClientId(row.client_id), credential }
}
