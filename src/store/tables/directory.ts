import type { CompiledQuery, Kysely } from 'kysely'
import type { Api } from '../../model/api.ts'
import type { Client, UnreadableClient } from '../../model/client.ts'
import type { DirectoryStore } from '../../model/directory/store.ts'
import { ClientId } from '../../oauth/ids.ts'
import { type Listed, toListed } from '../../platform/unreadable.ts'
import { inParts } from '../sql/parts.ts'
import type { Schema } from '../sql/schema.ts'
import { type Row, toApi, toClient } from './rows.ts'

export class SqlDirectoryStore implements DirectoryStore {
  readonly #db: Kysely<Schema>
  /** Compiled once: requests wait for these. */
  readonly #clientOf: CompiledQuery<Row<'client'>>
  readonly #credentialsOf: CompiledQuery<Row<'credential'>>

  constructor(db: Kysely<Schema>) {
    this.#db = db
    const anyone = [ClientId('')]
    this.#clientOf = selectClients(db, anyone).compile()
    this.#credentialsOf = selectCredentials(db, anyone).compile()
  }

  async loadClient(id: ClientId): Promise<Client | UnreadableClient | undefined> {
    const parameters = [id]
    const { rows } = await this.#db.executeQuery<Row<'client'>>({ ...this.#clientOf, parameters })
    const [client] = rows
    if (client === undefined) return undefined
    const credentials = await this.#db.executeQuery<Row<'credential'>>({ ...this.#credentialsOf, parameters })
    return toClient(client, credentials.rows)
  }

  async loadApis(): Promise<Listed<Api>> {
    const rows = await this.#db.selectFrom('api').selectAll().orderBy('audience').execute()
    return toListed(rows.map(toApi))
  }

  async clientsTrusting(issuer: string, most: number): Promise<readonly ClientId[]> {
    const rows = await this.#db
      .selectFrom('credential')
      .select('client_id')
      .distinct()
      .where('issuer', '=', issuer)
      .orderBy('client_id')
      .limit(most)
      .execute()
    return rows.map((row) => ClientId(row.client_id))
  }

  listClients(after: string, most: number): Promise<readonly (Client | UnreadableClient)[]> {
    return listClients(this.#db, after, most)
  }
}

/** At most this many clients whose ids come after the given one. */
export async function listClients(
  db: Kysely<Schema>,
  after: string,
  most: number,
): Promise<readonly (Client | UnreadableClient)[]> {
  const rows = await db
    .selectFrom('client')
    .select('client_id')
    .where('client_id', '>', after)
    .orderBy('client_id')
    .limit(most)
    .execute()
  const clients = await loadClients(
    db,
    rows.map((row) => ClientId(row.client_id)),
  )
  // Sorted by the database, whose order may differ from that of the bytes. The next page begins after the last id of this one.
  const byId = new Map(clients.map((client) => [client.id, client]))
  return rows.flatMap((row) => byId.get(ClientId(row.client_id)) ?? [])
}

/** Those of the clients that exist, in no particular order. */
export async function loadClients(
  db: Kysely<Schema>,
  ids: readonly ClientId[],
): Promise<readonly (Client | UnreadableClient)[]> {
  const clients: (Client | UnreadableClient)[] = []
  for (const some of inParts(ids)) {
    const rows = await selectClients(db, some).execute()
    const credentials = await selectCredentials(db, some).execute()
    const byClient = Map.groupBy(credentials, (credential) => credential.client_id)
    clients.push(...rows.map((row) => toClient(row, byClient.get(row.client_id) ?? [])))
  }
  return clients
}

const selectClients = (db: Kysely<Schema>, ids: readonly ClientId[]) =>
  db.selectFrom('client').selectAll().where('client_id', 'in', ids)

const selectCredentials = (db: Kysely<Schema>, ids: readonly ClientId[]) =>
  db.selectFrom('credential').selectAll().where('client_id', 'in', ids).orderBy('created_at').orderBy('label')
