import { type CompiledQuery, type Kysely, sql } from 'kysely'
import type { Api } from '../../model/api.ts'
import type { Client, UnreadableClient } from '../../model/client.ts'
import type { DirectoryStore } from '../../model/directory/store.ts'
import { ClientId, type TenantId } from '../../oauth/ids.ts'
import { type Listed, toListed } from '../../platform/unreadable.ts'
import { inParts } from '../sql/parts.ts'
import type { Schema } from '../sql/schema.ts'
import { credentialColumns, type ReadableCredential } from './credential-rows.ts'
import { type ClientRow, clientColumns, toApi, toClient } from './rows.ts'
import { SharedSettings } from './shared-settings.ts'

/** The most credentials that come in one query with their client. Every row repeats the client, so a client of many takes two. */
const FEW = 4

type Whole = ClientRow & (ReadableCredential | { readonly id: null })

export class SqlDirectoryStore implements DirectoryStore {
  readonly #db: Kysely<Schema>
  readonly #tenant: TenantId
  /** The query that requests wait for, compiled once. */
  readonly #whole: CompiledQuery<Whole>
  readonly #settings = new SharedSettings()

  constructor(db: Kysely<Schema>, tenant: TenantId) {
    this.#db = db
    this.#tenant = tenant
    this.#whole = selectWhole(db, tenant, ClientId('')).compile()
  }

  async loadClient(id: ClientId): Promise<Client | UnreadableClient | undefined> {
    const { rows } = await this.#db.executeQuery<Whole>({ ...this.#whole, parameters: [this.#tenant, id] })
    if (rows.length > FEW) return (await loadClients(this.#db, this.#tenant, [id]))[0]
    const [row] = rows
    if (row === undefined) return undefined
    const credentials = rows.filter((one) => one.id !== null)
    const client = toClient(row, credentials)
    return 'problem' in client ? client : this.#settings.share(client, row)
  }

  async loadApis(): Promise<Listed<Api>> {
    const rows = await this.#db
      .selectFrom('api')
      .selectAll()
      .where('tenant', '=', this.#tenant)
      .orderBy('audience')
      .execute()
    return toListed(rows.map(toApi))
  }

  async clientsTrusting(issuer: string, most: number): Promise<readonly ClientId[]> {
    const rows = await this.#db
      .selectFrom('credential')
      .select('client_id')
      .distinct()
      .where('tenant', '=', this.#tenant)
      .where('issuer', '=', issuer)
      .orderBy('client_id')
      .limit(most)
      .execute()
    return rows.map((row) => ClientId(row.client_id))
  }
}

/** At most this many clients of a tenant whose ids come after the given one. */
export async function listClients(
  db: Kysely<Schema>,
  tenant: TenantId,
  after: string,
  most: number,
): Promise<readonly (Client | UnreadableClient)[]> {
  const rows = await db
    .selectFrom('client')
    .select('client_id')
    .where('tenant', '=', tenant)
    .where('client_id', '>', after)
    .orderBy('client_id')
    .limit(most)
    .execute()
  const clients = await loadClients(
    db,
    tenant,
    rows.map((row) => ClientId(row.client_id)),
  )
  // Sorted by the database, whose order may differ from that of the bytes. The next page begins after the last id of this one.
  const byId = new Map(clients.map((client) => [client.id, client]))
  return rows.flatMap((row) => byId.get(ClientId(row.client_id)) ?? [])
}

/** Those of a tenant's clients that exist, in no particular order. */
export async function loadClients(
  db: Kysely<Schema>,
  tenant: TenantId,
  ids: readonly ClientId[],
): Promise<readonly (Client | UnreadableClient)[]> {
  const clients: (Client | UnreadableClient)[] = []
  for (const some of inParts(ids)) {
    const rows = await selectClients(db, tenant, some).execute()
    const credentials = await selectCredentials(db, tenant, some).execute()
    const byClient = Map.groupBy(credentials, (credential) => credential.client_id)
    clients.push(...rows.map((row) => toClient(row, byClient.get(row.client_id) ?? [])))
  }
  return clients
}

/** A row for each credential of a client, oldest first, or one without a credential. */
const selectWhole = (db: Kysely<Schema>, tenant: TenantId, id: ClientId) =>
  db
    .selectFrom('client')
    .leftJoin('credential', (join) =>
      join.onRef('credential.tenant', '=', 'client.tenant').onRef('credential.client_id', '=', 'client.client_id'),
    )
    .select(clientColumns.map((column) => `client.${column}` as const))
    .select(credentialColumns.map((column) => `credential.${column}` as const))
    .where('client.tenant', '=', tenant)
    .where('client.client_id', '=', id)
    .orderBy('credential.created_at')
    .orderBy('credential.label')
    // SQLite compiles a query anew whenever a parameter of its limit is bound.
    .limit(sql.lit(FEW + 1))

const selectClients = (db: Kysely<Schema>, tenant: TenantId, ids: readonly ClientId[]) =>
  db.selectFrom('client').selectAll().where('tenant', '=', tenant).where('client_id', 'in', ids)

const selectCredentials = (db: Kysely<Schema>, tenant: TenantId, ids: readonly ClientId[]) =>
  db
    .selectFrom('credential')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('client_id', 'in', ids)
    .orderBy('created_at')
    .orderBy('label')
