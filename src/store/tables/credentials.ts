import { type ExpressionBuilder, type Kysely, sql } from 'kysely'
import type { AuditEvent } from '../../audit/event.ts'
import type { Encrypted } from '../../crypto/master-key.ts'
import {
  type Credential,
  type Credentials,
  type SecretCredential,
  toCredentials,
  type UnreadableCredential,
} from '../../model/credentials/credential.ts'
import type { UsedCredential } from '../../model/credentials/status.ts'
import type { CredentialStep, CredentialStore, CredentialUse, OwnedCredential } from '../../model/credentials/store.ts'
import { ClientId, type CredentialId, type TenantId } from '../../oauth/ids.ts'
import type { Clock } from '../../platform/clock.ts'
import { type Listed, toListed } from '../../platform/unreadable.ts'
import { lockNumbers } from '../sql/counters.ts'
import type { Database } from '../sql/dialect.ts'
import type { Schema } from '../sql/schema.ts'
import { transact } from '../sql/transaction.ts'
import type { SqlAuditStore } from './audit.ts'
import { announce } from './changes.ts'
import { type CredentialRow, fromCredential, toCredential } from './credential-rows.ts'
import { fromEnded, toEnded } from './ended-rows.ts'
import { requireInUse } from './master-key.ts'

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
      .where('client_id', '=', client)
      .execute()
    const lastUsed = new Map<string, number>(uses.map((use) => [use.credential_id, use.last_used_at]))
    return {
      found: credentials.all.map((credential) => ({ credential, lastUsedAt: lastUsed.get(credential.id) })),
      unreadable: credentials.unreadable,
    }
  }

  updateCredentials<Step extends CredentialStep>(
    client: ClientId,
    plan: (credentials: Credentials) => Step,
  ): Promise<Step | undefined> {
    return transact(this.#db.writes, async (trx) => {
      // Every writer of the model takes this lock first, so the credentials stay as they are read here.
      await lockNumbers(trx, this.#tenant, 'change')
      const credentials = await readCredentials(trx, this.#tenant, client)
      if (credentials === undefined) return undefined
      const step = plan(credentials)
      const { writes, event } = step
      for (const credential of writes.put) await putCredential(trx, this.#tenant, client, credential)
      if (writes.remove.length > 0) await deleteCredentials(trx, this.#tenant, writes.remove)
      if (writes.keepAway !== undefined) await this.#keepAway(trx, client, writes.keepAway)
      await announce(trx, this.#tenant, this.#clock, [{ kind: 'client', id: client }])
      await this.#audit.appendWithin(trx, [event])
      return step
    })
  }

  async #keepAway(trx: Kysely<Schema>, client: ClientId, credential: Credential): Promise<void> {
    const { ended: text } = await trx
      .selectFrom('client')
      .select('ended')
      .where('tenant', '=', this.#tenant)
      .where('client_id', '=', client)
      .executeTakeFirstOrThrow()
    const ended = toEnded(text)
    // Such a client stays disabled until an administrator has repaired it.
    if (ended === 'unreadable') return
    const others = (ended.credentials ?? []).filter((removed) => removed.credential.label !== credential.label)
    const credentials = [...others, { credential, removedAt: this.#clock.now() }]
    await trx
      .updateTable('client')
      .set({ ended: fromEnded(client, { ...ended, credentials }) })
      .where('tenant', '=', this.#tenant)
      .where('client_id', '=', client)
      .execute()
  }

  async noteUses(uses: readonly CredentialUse[]): Promise<void> {
    if (uses.length === 0) return
    await transact(this.#db.logs, async (trx) => {
      // A credential that was removed in the meantime needs no record of its use.
      const ids = uses.map(({ id }) => id)
      const rows = await trx
        .selectFrom('credential')
        .select('id')
        .where('tenant', '=', this.#tenant)
        .where('id', 'in', ids)
        .execute()
      const known = new Set(rows.map(({ id }) => id))
      const values = uses
        .filter(({ id }) => known.has(id))
        .map(({ id, at }) => ({ tenant: this.#tenant, credential_id: id, last_used_at: at }))
        // All processes write in one order, so that no two of them can deadlock.
        .sort((one, other) => (one.credential_id < other.credential_id ? -1 : 1))
      if (values.length === 0) return
      await trx
        .insertInto('credential_use')
        .values(values)
        .onConflict((conflict) =>
          conflict
            .columns(['tenant', 'credential_id'])
            .doUpdateSet({ last_used_at: sql`excluded.last_used_at` })
            .whereRef('credential_use.last_used_at', '<', sql.ref('excluded.last_used_at')),
        )
        .execute()
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
    return transact(this.#db.writes, async (trx) => {
      await lockNumbers(trx, this.#tenant, 'change')
      await requireInUse(trx, this.#tenant, after.masterKeyId)
      const replaced = await trx
        .updateTable('credential')
        .set({ encrypted_secret: after.ciphertext, master_key_id: after.masterKeyId })
        .where('tenant', '=', this.#tenant)
        .where('id', '=', id)
        .where('encrypted_secret', '=', before.ciphertext)
        .returning('client_id')
        .executeTakeFirst()
      if (replaced === undefined) return false
      // Servers must read it again, since they may soon lack the former master key.
      await announce(trx, this.#tenant, this.#clock, [{ kind: 'client', id: replaced.client_id }])
      await this.#audit.appendWithin(trx, [event])
      return true
    })
  }

  forgetRetrievable(client: ClientId, id: CredentialId, before: Encrypted, event: AuditEvent): Promise<boolean> {
    return transact(this.#db.writes, async (trx) => {
      await lockNumbers(trx, this.#tenant, 'change')
      const forgotten = await trx
        .updateTable('credential')
        .set({ encrypted_secret: null, master_key_id: null })
        .where('tenant', '=', this.#tenant)
        .where('id', '=', id)
        .where('encrypted_secret', '=', before.ciphertext)
        .returning('id')
        .executeTakeFirst()
      if (forgotten === undefined) return false
      await announce(trx, this.#tenant, this.#clock, [{ kind: 'client', id: client }])
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

/** Replaces all credentials of a client by these. The unreadable ones among them stay as they are. */
export async function replaceCredentials(
  trx: Kysely<Schema>,
  tenant: TenantId,
  client: ClientId,
  { all, unreadable }: Credentials,
): Promise<void> {
  const stored = await trx
    .selectFrom('credential')
    .select('id')
    .where('tenant', '=', tenant)
    .where('client_id', '=', client)
    .execute()
  const wanted = new Set<string>([...all, ...unreadable].map(({ id }) => id))
  for (const { id } of stored) if (!wanted.has(id)) await deleteCredentials(trx, tenant, [id])
  for (const credential of all) await putCredential(trx, tenant, client, credential)
}

async function deleteCredentials(trx: Kysely<Schema>, tenant: TenantId, ids: readonly string[]): Promise<void> {
  await trx.deleteFrom('credential').where('tenant', '=', tenant).where('id', 'in', ids).execute()
}

async function putCredential(
  trx: Kysely<Schema>,
  tenant: TenantId,
  client: ClientId,
  credential: Credential,
): Promise<void> {
  const row = fromCredential(client, credential)
  if (credential.kind === 'secret' && credential.retrievable !== undefined)
    await requireNewInUse(trx, tenant, credential.id, credential.retrievable)
  const { id: _, ...update } = row
  await trx
    .insertInto('credential')
    .values({ tenant, ...row })
    .onConflict((conflict) =>
      conflict.columns(['tenant', 'id']).doUpdateSet({
        ...update,
        // No warning was given about another expiry yet.
        warned_days: sql`case when credential.expires_at = excluded.expires_at then credential.warned_days end`,
      }),
    )
    .execute()
}

/** Requires the master key in use for a new ciphertext; one that is stored already may stay. @throws MasterKeyMismatch */
async function requireNewInUse(
  trx: Kysely<Schema>,
  tenant: TenantId,
  id: CredentialId,
  { ciphertext, masterKeyId }: Encrypted,
) {
  const stored = await trx
    .selectFrom('credential')
    .select('encrypted_secret')
    .where('tenant', '=', tenant)
    .where('id', '=', id)
    .executeTakeFirst()
  const before = stored?.encrypted_secret
  if (before === undefined || before === null || !ciphertext.equals(before))
    await requireInUse(trx, tenant, masterKeyId)
}

/** Oldest first; undefined if there is no such client. */
async function readCredentials(
  db: Kysely<Schema>,
  tenant: TenantId,
  client: ClientId,
): Promise<Credentials | undefined> {
  const owner = await db
    .selectFrom('client')
    .select('client_id')
    .where('tenant', '=', tenant)
    .where('client_id', '=', client)
    .executeTakeFirst()
  if (owner === undefined) return undefined
  const rows = await db
    .selectFrom('credential')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('client_id', '=', client)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  const { found, unreadable } = toListed(rows.map(toCredential))
  return toCredentials(found, unreadable)
}
