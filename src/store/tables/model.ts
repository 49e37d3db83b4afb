import type { Kysely } from 'kysely'
import type { Api } from '../../model/api.ts'
import { ApiSet } from '../../model/api-set.ts'
import type { Change } from '../../model/changes/change.ts'
import type { Client, UnreadableClient } from '../../model/client.ts'
import type { Credential } from '../../model/credentials/credential.ts'
import type { CredentialStep } from '../../model/credentials/store.ts'
import type { Group } from '../../model/group.ts'
import type {
  ApiDeletion,
  ApiToDelete,
  ClientDeletion,
  ClientStep,
  ModelDeletions,
  ModelSnapshot,
  ModelStore,
  ModelWrites,
  OwnedThing,
} from '../../model/store.ts'
import { type Audience, ClientId, CredentialId, type TenantId } from '../../oauth/ids.ts'
import type { Clock } from '../../platform/clock.ts'
import { toListed, type Unreadable } from '../../platform/unreadable.ts'
import { lastTaken, lockNumbers } from '../sql/counters.ts'
import type { Database } from '../sql/dialect.ts'
import { inParts } from '../sql/parts.ts'
import type { Schema } from '../sql/schema.ts'
import { transact } from '../sql/transaction.ts'
import type { SqlAuditStore } from './audit.ts'
import { announce, changesSince } from './changes.ts'
import { endFormerTokens, endTokens, endUntil } from './client-tokens.ts'
import { noteClients, UNUSED } from './client-use.ts'
import { deleteCredentials, putCredential, replaceCredentials } from './credential-statements.ts'
import { listClients, loadClients } from './directory.ts'
import { fromEnded, toEnded } from './ended-rows.ts'
import { groupsNaming, leaveGroups } from './groups.ts'
import { ownedBy } from './owned.ts'
import { listReferences } from './references.ts'
import { noteLifetime } from './revocations.ts'
import { fromApi, fromClient, type NewRow, toApi } from './rows.ts'

/** The most changes that may come between finding the clients of an API and deleting it, so that the transaction stays short. */
const MOST_MEANWHILE = 1_000

export class SqlModelStore implements ModelStore {
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

  async snapshot(ids: readonly ClientId[]): Promise<ModelSnapshot> {
    // The version is read first: a write in between makes the commit fail rather than pass unseen.
    const version = await lastTaken(this.#db.scans, this.#tenant, 'change')
    // Losses of a plan are listed in the order of the APIs.
    const rows = await this.#db.scans
      .selectFrom('api')
      .selectAll()
      .where('tenant', '=', this.#tenant)
      .orderBy('created_at')
      .orderBy('audience')
      .execute()
    const apis = toListed(rows.map(toApi))
    const clients = toListed(await loadClients(this.#db.scans, this.#tenant, ids))
    return {
      version,
      apis: new Map(apis.found.map((api) => [api.audience, api])),
      clients: new Map(clients.found.map((client) => [client.id, client])),
      unreadableApis: apis.unreadable,
      unreadableClients: new Map(clients.unreadable.map((client) => [client.id, client])),
    }
  }

  listClients(after: string, most: number): Promise<readonly (Client | UnreadableClient)[]> {
    return listClients(this.#db.scans, this.#tenant, after, most)
  }

  async clientsWithSubject(subjects: readonly string[]) {
    const found: { readonly subject: string; readonly owner: string | undefined }[] = []
    for (const some of inParts(subjects)) {
      const rows = await this.#db.scans
        .selectFrom('client')
        .select(['subject', 'owner'])
        .where('tenant', '=', this.#tenant)
        .where('subject', 'in', some)
        .execute()
      for (const { subject, owner } of rows) if (subject !== null) found.push({ subject, owner: owner ?? undefined })
    }
    return found
  }

  async lastUses(ids: readonly CredentialId[]): Promise<ReadonlyMap<CredentialId, number>> {
    const uses = new Map<CredentialId, number>()
    for (const some of inParts(ids)) {
      const rows = await this.#db.scans
        .selectFrom('credential_use')
        .selectAll()
        .where('tenant', '=', this.#tenant)
        .where('credential_id', 'in', some)
        .where('last_used_at', '>', UNUSED)
        .execute()
      for (const row of rows) uses.set(CredentialId(row.credential_id), row.last_used_at)
    }
    return uses
  }

  commit(version: number, writes: ModelWrites): Promise<boolean> {
    return transact(this.#db.writes, async (trx) => {
      if ((await lockNumbers(trx, this.#tenant, 'change')) !== version) return false
      await this.#write(trx, writes)
      return true
    })
  }

  updateClient<Step extends ClientStep>(
    id: ClientId,
    plan: (client: Client | UnreadableClient | undefined) => Step,
  ): Promise<Step> {
    return transact(this.#db.writes, async (trx) => {
      // Every writer of the model takes this lock first, so the client stays as it is read here.
      await lockNumbers(trx, this.#tenant, 'change')
      const [before] = await loadClients(trx, this.#tenant, [id])
      const step = plan(before)
      const { client, event } = step
      if (event !== undefined) await this.#write(trx, { apis: [], clients: [client], event })
      return step
    })
  }

  listReferences(after: string, most: number) {
    return listReferences(this.#db.scans, this.#tenant, after, most)
  }

  ownedBy(manifest: string, after: OwnedThing | undefined, most: number) {
    return ownedBy(this.#db.scans, this.#tenant, manifest, after, most)
  }

  deleteClient<Step extends ClientDeletion>(
    id: ClientId,
    plan: (client: Client | UnreadableClient | undefined, groups: readonly (Group | Unreadable)[]) => Step,
  ): Promise<Step> {
    return transact(this.#db.writes, async (trx) => {
      await lockNumbers(trx, this.#tenant, 'change')
      const [before] = await loadClients(trx, this.#tenant, [id])
      const groups = await groupsNaming(trx, this.#tenant, { kind: 'client', id })
      const step = plan(before, groups)
      await announce(trx, this.#tenant, this.#clock, await this.#deleteClient(trx, id))
      await this.#audit.appendWithin(trx, [step.event])
      return step
    })
  }

  deleteApi<Step extends ApiDeletion>(
    audience: Audience,
    { version, clients }: { readonly version: number; readonly clients: readonly ClientId[] },
    plan: (state: ApiToDelete) => Step,
  ): Promise<Step | undefined> {
    return transact(this.#db.writes, async (trx) => {
      await lockNumbers(trx, this.#tenant, 'change')
      const { changes, missed } = await changesSince(trx, this.#tenant, version)
      if (missed || changes.length > MOST_MEANWHILE || changes.some(({ kind }) => kind === 'api')) return undefined
      const changed = changes.filter(({ kind }) => kind === 'client').map(({ id }) => ClientId(id))
      const loaded = await loadClients(trx, this.#tenant, [...new Set([...clients, ...changed])])
      const rows = await trx.selectFrom('api').selectAll().where('tenant', '=', this.#tenant).execute()
      const { found, unreadable } = toListed(rows.map(toApi))
      const step = plan({
        api: found.find((api) => api.audience === audience) ?? unreadable.find(({ id }) => id === audience),
        others: new ApiSet(
          found.filter((api) => api.audience !== audience),
          unreadable.filter(({ id }) => id !== audience),
        ),
        clients: toListed(loaded).found,
      })
      for (const client of step.clients) await putClientRow(trx, fromClient(this.#tenant, client, this.#clock.now()))
      // Lists read nothing else that a deletion changes.
      const manifests = new Map(loaded.map(({ id, manifest }) => [id, manifest]))
      await this.#noteClients(
        trx,
        step.clients.filter(({ id, manifest }) => manifest !== manifests.get(id)),
      )
      const gone = await this.#deleteApi(trx, audience)
      const touched = step.clients.map(({ id }): Change => ({ kind: 'client', id }))
      await announce(trx, this.#tenant, this.#clock, [gone, ...touched])
      await this.#audit.appendWithin(trx, [step.event])
      return step
    })
  }

  updateCredentials<Step extends CredentialStep>(
    client: ClientId,
    plan: (client: Client | UnreadableClient) => Step,
  ): Promise<Step | undefined> {
    return transact(this.#db.writes, async (trx) => {
      // Every writer of the model takes this lock first, so the credentials stay as they are read here.
      await lockNumbers(trx, this.#tenant, 'change')
      const [present] = await loadClients(trx, this.#tenant, [client])
      if (present === undefined) return undefined
      const step = plan(present)
      const { writes, event } = step
      for (const credential of writes.put) await putCredential(trx, this.#tenant, client, credential)
      if (writes.remove.length > 0) await deleteCredentials(trx, this.#tenant, writes.remove)
      if (writes.keepAway !== undefined) await this.#keepAway(trx, client, writes.keepAway)
      await noteClients(trx, this.#tenant, [client], this.#clock.now())
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

  async #write(trx: Kysely<Schema>, { apis, clients, deleted, event }: ModelWrites): Promise<void> {
    await endTokens(trx, this.#tenant, clients, this.#clock.now())
    await this.#endTokensOfFormer(trx, apis)
    for (const api of apis) await this.#putApi(trx, api)
    // A new client has the time of its event, so that this event is its first.
    for (const client of clients) await this.#putClient(trx, client, event.at)
    await this.#noteClients(trx, clients)
    const left = deleted === undefined ? [] : await this.#delete(trx, deleted)
    const changes: Change[] = [
      ...apis.map((api): Change => ({ kind: 'api', id: api.audience })),
      ...clients.map((client): Change => ({ kind: 'client', id: client.id })),
    ]
    await announce(trx, this.#tenant, this.#clock, [...changes, ...left])
    await this.#audit.appendWithin(trx, [event])
    const lifetimes = [...apis, ...clients].map(({ token }) => token.lifetime ?? 0)
    await noteLifetime(trx, this.#tenant, Math.max(0, ...lifetimes) * 1000)
  }

  /** Ends APIs and clients, with their tokens. @returns the changes to announce */
  async #delete(trx: Kysely<Schema>, { apis, clients, heirs }: ModelDeletions): Promise<readonly Change[]> {
    const changes: Change[] = []
    for (const id of clients) changes.push(...(await this.#deleteClient(trx, id, heirs?.get(id))))
    for (const audience of apis) changes.push(await this.#deleteApi(trx, audience))
    return changes
  }

  async #deleteClient(trx: Kysely<Schema>, id: ClientId, heir?: ClientId): Promise<readonly Change[]> {
    const groups = await groupsNaming(trx, this.#tenant, { kind: 'client', id })
    await endUntil(trx, this.#tenant, 'client', [[id, this.#clock.now()]])
    await leaveGroups(trx, this.#tenant, { kind: 'client', id }, heir)
    await trx.deleteFrom('client').where('tenant', '=', this.#tenant).where('client_id', '=', id).execute()
    const left = groups.map((group): Change => ({ kind: 'group', id: 'problem' in group ? group.id : group.name }))
    return [{ kind: 'client', id }, ...left]
  }

  async #deleteApi(trx: Kysely<Schema>, audience: Audience): Promise<Change> {
    await endUntil(trx, this.#tenant, 'api', [[audience, this.#clock.now()]])
    await trx.deleteFrom('api').where('tenant', '=', this.#tenant).where('audience', '=', audience).execute()
    return { kind: 'api', id: audience }
  }

  #noteClients(trx: Kysely<Schema>, clients: readonly Client[]): Promise<void> {
    const ids = clients.map(({ id }) => id)
    return noteClients(trx, this.#tenant, ids, this.#clock.now())
  }

  async #endTokensOfFormer(trx: Kysely<Schema>, apis: readonly Api[]): Promise<void> {
    if (apis.length === 0) return
    const rows = await trx.selectFrom('api').select('audience').where('tenant', '=', this.#tenant).execute()
    const known = new Set(rows.map(({ audience }) => audience))
    const made = apis.map(({ audience }) => audience).filter((audience) => !known.has(audience))
    await endFormerTokens(trx, this.#tenant, 'api', made, this.#clock.now())
  }

  async #putApi(trx: Kysely<Schema>, api: Api): Promise<void> {
    const row = fromApi(this.#tenant, api, this.#clock.now())
    const { tenant: _, audience: __, created_at: ___, ...update } = row
    await trx
      .insertInto('api')
      .values(row)
      .onConflict((conflict) => conflict.columns(['tenant', 'audience']).doUpdateSet(update))
      .execute()
  }

  async #putClient(trx: Kysely<Schema>, client: Client, at: number): Promise<void> {
    await putClientRow(trx, fromClient(this.#tenant, client, at))
    await replaceCredentials(trx, this.#tenant, client.id, client.credentials)
  }
}

/** Writes a client without its credentials. */
async function putClientRow(trx: Kysely<Schema>, row: NewRow<'client'>): Promise<void> {
  const { tenant: _, client_id: __, created_at: ___, ...update } = row
  await trx
    .insertInto('client')
    .values(row)
    .onConflict((conflict) => conflict.columns(['tenant', 'client_id']).doUpdateSet(update))
    .execute()
}
