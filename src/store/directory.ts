import type { Kysely } from 'kysely'
import type { Api } from '../directory/api.ts'
import type { Client } from '../directory/client.ts'
import type { DirectoryStore } from '../directory/store.ts'
import type { ClientId } from '../oauth/ids.ts'
import { toApi, toClient } from './rows.ts'
import type { Schema } from './schema.ts'

export class SqlDirectoryStore implements DirectoryStore {
  readonly #db: Kysely<Schema>

  constructor(db: Kysely<Schema>) {
    this.#db = db
  }

  async loadClient(id: ClientId): Promise<Client | undefined> {
    const [client] = await loadClients(this.#db, [id])
    return client
  }

  async loadApis(): Promise<readonly Api[]> {
    const rows = await this.#db.selectFrom('api').selectAll().orderBy('audience').execute()
    return rows.map(toApi)
  }
}

/** Well below the number of parameters that any of the databases takes. */
const IDS_IN_QUERY = 500

/** Those of the clients that exist, in no particular order. */
export async function loadClients(db: Kysely<Schema>, ids: readonly ClientId[]): Promise<readonly Client[]> {
  const clients: Client[] = []
  for (let from = 0; from < ids.length; from += IDS_IN_QUERY) {
    const some = ids.slice(from, from + IDS_IN_QUERY)
    const rows = await db.selectFrom('client').selectAll().where('client_id', 'in', some).execute()
    const secrets = await db
      .selectFrom('client_secret')
      .selectAll()
      .where('client_id', 'in', some)
      .orderBy('created_at')
      .orderBy('label')
      .execute()
    const byClient = Map.groupBy(secrets, (secret) => secret.client_id)
    clients.push(...rows.map((row) => toClient(row, byClient.get(row.client_id) ?? [])))
  }
  return clients
}
