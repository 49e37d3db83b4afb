import { type RawBuilder, sql } from 'kysely'
import type { Client, UnreadableClient } from '../../model/client.ts'
import { isValid, type UnreadableCredential } from '../../model/credentials/credential.ts'
import { statusOf } from '../../model/credentials/status.ts'
import type { ClientFilter, ClientSort, CredentialFilter, CredentialSort } from '../../model/fleet/filters.ts'
import type { Page, PageQuery } from '../../model/fleet/page.ts'
import type { ClientSummary, CredentialSummary, FleetStore } from '../../model/fleet/store.ts'
import type { Count } from '../../model/group.ts'
import { ClientId, type TenantId } from '../../oauth/ids.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Unreadable } from '../../platform/unreadable.ts'
import { lockNumbers } from '../sql/counters.ts'
import type { Database } from '../sql/dialect.ts'
import { inParts } from '../sql/parts.ts'
import { transact } from '../sql/transaction.ts'
import { NEVER, noteClients, searched, traitsOf, UNUSED } from './client-use.ts'
import { toCredential } from './credential-rows.ts'
import { loadClients } from './directory.ts'
import { type Column, type Condition, Listing } from './listing.ts'
import { afterPrefix } from './prefix.ts'
import type { Row } from './rows.ts'

const text = (name: string): Column => ({ name, empty: '' })
const number = (name: string): Column => ({ name, empty: 0 })

const CLIENT_SORTS: Readonly<Record<ClientSort, Column>> = {
  id: text('client_id'),
  name: text('name_key'),
  owner: text('owner'),
  created: number('created_at'),
  last_used: number('idle_since'),
  next_expiry: number('next_expiry'),
}

const CREDENTIAL_SORTS: Readonly<Record<CredentialSort, Column>> = {
  expiry: number('expires_at'),
  created: number('created_at'),
  last_used: number('idle_since'),
}

/** The rows of `client_use` and `credential_use` say which clients and credentials a page has, and in which order. */
export class SqlFleetStore implements FleetStore {
  readonly #db: Database
  readonly #tenant: TenantId
  readonly #clock: Clock
  readonly #clients: Listing
  readonly #credentials: Listing

  constructor(db: Database, tenant: TenantId, clock: Clock) {
    this.#db = db
    this.#tenant = tenant
    this.#clock = clock
    this.#clients = new Listing(db.scans, tenant, { table: 'client_use', id: 'client_id' })
    this.#credentials = new Listing(db.scans, tenant, { table: 'credential_use', id: 'credential_id' })
  }

  async listClients(query: PageQuery<ClientFilter, ClientSort>) {
    const { ids, next } = await this.#findClients(query)
    return { items: await this.#summarizeClients(ids), next }
  }

  async readClients(query: PageQuery<ClientFilter, ClientSort>) {
    const { ids, next } = await this.#findClients(query)
    const clients = await this.#loadClients(ids)
    return { items: ids.flatMap((id) => clients.get(id) ?? []), next }
  }

  async #findClients({ filter, sort, isDescending = false, after, most }: PageQuery<ClientFilter, ClientSort>) {
    const conditions = this.#clientConditions(filter)
    const { rows, next } = await this.#clients.list({ conditions, sort: CLIENT_SORTS[sort], isDescending, after, most })
    return { ids: rows.map(({ id }) => id), next }
  }

  countClients(filter: ClientFilter): Promise<Count> {
    return this.#clients.count(this.#clientConditions(filter))
  }

  async listCredentials({
    filter,
    sort,
    isDescending = false,
    after,
    most,
  }: PageQuery<CredentialFilter, CredentialSort>): Promise<Page<CredentialSummary | UnreadableCredential>> {
    const conditions = this.#credentialConditions(filter)
    const query = { conditions, sort: CREDENTIAL_SORTS[sort], isDescending, after, most }
    const { rows, next } = await this.#credentials.list(query)
    return { items: await this.#summarizeCredentials(rows.map(({ id }) => id)), next }
  }

  countCredentials(filter: CredentialFilter): Promise<Count> {
    return this.#credentials.count(this.#credentialConditions(filter))
  }

  async passExpiries(most: number): Promise<number> {
    const now = this.#clock.now()
    const passed = this.#db.scans
      .selectFrom('client_use')
      .select('client_id')
      .where('tenant', '=', this.#tenant)
      .where('next_expiry', '<=', now)
      .orderBy('next_expiry')
      .limit(most)
    // Nearly always there is none, and nothing is written.
    const rows = await passed.execute()
    if (rows.length === 0) return 0
    const ids = rows.map((row) => row.client_id)
    await transact(this.#db.writes, async (trx) => {
      // Every writer of the model takes this lock first, so the credentials stay as they are read here.
      await lockNumbers(trx, this.#tenant, 'change')
      await noteClients(trx, this.#tenant, ids, now)
    })
    return rows.length
  }

  #clientConditions(filter: ClientFilter): readonly Condition[] {
    const { search, isEnabled, tag, kind, expiresBefore, manifest, hasNoManifest } = filter
    const listing = this.#clients
    const conditions = ofOwnersAndUse(listing, filter)
    if (search !== undefined && search !== '') {
      const from = searched(search)
      const to = afterPrefix(from)
      const begins = (operand: RawBuilder<unknown>) =>
        to === undefined
          ? sql<boolean>`${operand} >= ${from}`
          : sql<boolean>`${operand} >= ${from} and ${operand} < ${to}`
      conditions.push(listing.any([listing.on(text('id_key'), begins), listing.on(text('name_key'), begins)]))
    }
    if (kind !== undefined || isEnabled !== undefined) {
      const traits = sql.join(traitsOf(kind, isEnabled).map((one) => sql.lit(one)))
      conditions.push(listing.on(number('traits'), (operand) => sql`${operand} in (${traits})`))
    }
    if (tag !== undefined) conditions.push(this.#tagged(tag))
    // An empty name is that of no manifest, and finds nothing.
    if (manifest !== undefined)
      conditions.push(listing.on(text('manifest'), (operand) => sql`${operand} = ${manifest} and ${operand} <> ''`))
    if (hasNoManifest) conditions.push(listing.on(text('manifest'), (operand) => sql`${operand} = ''`))
    if (expiresBefore !== undefined)
      conditions.push(
        listing.on(number('next_expiry'), (operand) => sql`${operand} <= ${expiresBefore}`),
        this.#expiring(expiresBefore),
      )
    return conditions
  }

  #tagged(tag: string): Condition {
    const ofTag = sql`from "client_tag" where "tenant" = ${this.#tenant} and "tag" = ${tag}`
    return {
      found: sql`select "client_id" as "found_id" ${ofTag}`,
      check: sql`exists (select 1 ${ofTag} and "client_tag"."client_id" = "client_use"."client_id")`,
      sources: [sql`select "client_id" as "found_id" ${ofTag}`],
    }
  }

  /** The next expiry of a client may have passed since it was noted. So this looks at its credentials. */
  #expiring(before: number): Condition {
    return {
      check: sql`exists (select 1 from "credential_use" where "tenant" = ${this.#tenant} and "credential_use"."client_id" = "client_use"."client_id" and "revoked" = 0 and "expires_at" > ${this.#clock.now()} and "expires_at" <= ${before})`,
    }
  }

  #credentialConditions(filter: CredentialFilter): readonly Condition[] {
    const { client, kind, state, expiresBefore } = filter
    const listing = this.#credentials
    const now = this.#clock.now()
    const conditions = ofOwnersAndUse(listing, filter)
    if (client !== undefined) conditions.push(listing.on(text('client_id'), (operand) => sql`${operand} = ${client}`))
    if (kind !== undefined) conditions.push(listing.on(text('kind'), (operand) => sql`${operand} = ${kind}`))
    const isRevoked = state === 'revoked'
    if (state !== undefined || expiresBefore !== undefined)
      conditions.push(listing.on(number('revoked'), (operand) => sql`${operand} = ${sql.lit(isRevoked ? 1 : 0)}`))
    const expiry = number('expires_at')
    if (state === 'expired') conditions.push(listing.on(expiry, (operand) => sql`${operand} <= ${now}`))
    if (state === 'valid') conditions.push(listing.on(expiry, (operand) => sql`${operand} > ${now}`))
    if (expiresBefore !== undefined)
      conditions.push(listing.on(expiry, (operand) => sql`${operand} > ${now} and ${operand} <= ${expiresBefore}`))
    return conditions
  }

  async #loadClients(ids: readonly string[]): Promise<ReadonlyMap<string, Client | UnreadableClient>> {
    const clients = await loadClients(this.#db.scans, this.#tenant, ids.map(ClientId))
    return new Map(clients.map((client) => [client.id, client]))
  }

  async #summarizeClients(ids: readonly string[]): Promise<readonly (ClientSummary | Unreadable)[]> {
    const clients = await this.#loadClients(ids)
    const uses = new Map<string, Row<'client_use'>>()
    for (const some of inParts(ids)) {
      const rows = await this.#db.scans
        .selectFrom('client_use')
        .selectAll()
        .where('tenant', '=', this.#tenant)
        .where('client_id', 'in', some)
        .execute()
      for (const row of rows) uses.set(row.client_id, row)
    }
    return ids.flatMap((id) => {
      const [client, use] = [clients.get(id), uses.get(id)]
      // It was deleted between the queries.
      if (client === undefined || use === undefined) return []
      return [summaryOf(client, use, this.#clock.now())]
    })
  }

  async #summarizeCredentials(ids: readonly string[]): Promise<readonly (CredentialSummary | UnreadableCredential)[]> {
    const uses = new Map<string, Row<'credential_use'>>()
    const rows: Row<'credential'>[] = []
    for (const some of inParts(ids)) {
      const named = this.#db.scans
        .selectFrom('credential_use')
        .select('client_id')
        .where('tenant', '=', this.#tenant)
        .where('credential_id', 'in', some)
      const clients = [...new Set((await named.execute()).map((row) => row.client_id))]
      if (clients.length === 0) continue
      // The status of a credential depends on the others of its client.
      const used = this.#db.scans
        .selectFrom('credential_use')
        .selectAll()
        .where('tenant', '=', this.#tenant)
        .where('client_id', 'in', clients)
      for (const row of await used.execute()) uses.set(row.credential_id, row)
      const all = this.#db.scans
        .selectFrom('credential')
        .selectAll()
        .where('tenant', '=', this.#tenant)
        .where('client_id', 'in', clients)
      rows.push(...(await all.execute()))
    }
    const credentials = new Map(rows.map((row) => [row.id, toCredential(row)]))
    const siblings = Map.groupBy(rows, (row) => row.client_id)
    const lastUse = (id: string) => usedAt(uses.get(id)?.last_used_at)
    return ids.flatMap((id): readonly (CredentialSummary | UnreadableCredential)[] => {
      const [credential, use] = [credentials.get(id), uses.get(id)]
      if (credential === undefined || use === undefined) return []
      if ('problem' in credential) return [credential]
      const all = (siblings.get(use.client_id) ?? []).flatMap((row) => {
        const one = credentials.get(row.id)
        return one === undefined || 'problem' in one ? [] : [{ credential: one, lastUsedAt: lastUse(row.id) }]
      })
      const used = { credential, lastUsedAt: lastUse(id) }
      const status = statusOf(all, used, this.#clock.now())
      return [{ ...used, clientId: ClientId(use.client_id), owner: use.owner || undefined, status }]
    })
  }
}

function ofOwnersAndUse(
  listing: Listing,
  { owners, hasNoOwner, unusedSince }: Pick<ClientFilter, 'owners' | 'hasNoOwner' | 'unusedSince'>,
): Condition[] {
  const owner = text('owner')
  const conditions: Condition[] = []
  // An empty list fits nothing, and "in ()" is no SQL for PostgreSQL.
  if (owners !== undefined)
    conditions.push(
      listing.on(owner, (operand) =>
        owners.length === 0 ? sql`${operand} in (null)` : sql`${operand} in (${sql.join(owners)}) and ${operand} <> ''`,
      ),
    )
  if (hasNoOwner) conditions.push(listing.on(owner, (operand) => sql`${operand} = ''`))
  if (unusedSince !== undefined)
    conditions.push(listing.on(number('idle_since'), (operand) => sql`${operand} <= ${unusedSince}`))
  return conditions
}

const usedAt = (at: number = UNUSED): number | undefined => (at > UNUSED ? at : undefined)

function summaryOf(client: Client | UnreadableClient, use: Row<'client_use'>, now: number): ClientSummary | Unreadable {
  if ('problem' in client) {
    const { kind, id, problem, manifest } = client
    return { kind, id, problem, manifest }
  }
  const valid = client.credentials.all.filter((credential) => isValid(credential, now))
  const nextExpiryAt = Math.min(NEVER, ...valid.map(({ expiresAt }) => expiresAt ?? NEVER))
  return {
    id: client.id,
    name: client.name,
    owner: client.owner,
    manifest: client.manifest,
    tags: client.tags,
    enabled: client.enabled,
    kinds: [...new Set(valid.map(({ kind }) => kind))].sort(),
    methods: client.authentication.methods,
    lastUsedAt: usedAt(use.last_used_at),
    nextExpiryAt: nextExpiryAt === NEVER ? undefined : nextExpiryAt,
    createdAt: use.created_at,
  }
}
