import { LRUCache } from 'lru-cache'
import type { ApiSet } from '../../../model/api-set.ts'
import type { Client, UnreadableClient } from '../../../model/client.ts'
import { type Directory, MOST_TRUSTING } from '../../../model/directory/directory.ts'
import { RecordUnreadable } from '../../../model/directory/record-unreadable.ts'
import type { DirectoryStore } from '../../../model/directory/store.ts'
import type { ClientId } from '../../../oauth/ids.ts'
import { type Authority, mayOver } from '../../authority/authority.ts'

/** The APIs and clients that a change leaves behind. */
export interface ChangedModel {
  /** Every API after the change, the admin API included. */
  readonly apis: ApiSet
  /** The clients that the change makes, or replaces. Those that it leaves as they are may be among them. */
  readonly clients: readonly Client[]
  /** The clients that the change deletes. */
  readonly deleted?: readonly ClientId[]
  /** The limits of the author. A client that is hidden from them is, to their tests, not there. */
  readonly authority: Authority
}

/** The state that would be after a change. Tests read it as the token endpoint reads the directory. */
export interface TestedState extends Pick<ChangedModel, 'apis' | 'authority'> {
  readonly clients: Pick<Directory, 'client' | 'clientsTrusting'>
  /** The ids of changed clients, one of which a misspelt id probably stands for. */
  readonly ids: readonly string[]
}

/** The most clients of the database that are kept in memory. */
const MOST_KEPT = 10_000

/**
 * The state after a change.
 * @param store finds the clients that tests name and the change leaves as they are
 */
export function stateAfter(
  { apis, clients, deleted = [], authority }: ChangedModel,
  store: Pick<DirectoryStore, 'loadClient' | 'clientsTrusting'>,
): TestedState {
  const changed = new Map(clients.map((client) => [client.id, client]))
  const gone = new Set(deleted)
  const loaded = new LRUCache<ClientId, Promise<Client | undefined>>({ max: MOST_KEPT })

  function load(id: ClientId): Promise<Client | undefined> {
    const known = loaded.get(id) ?? store.loadClient(id).then(ifSeen)
    loaded.set(id, known)
    return known
  }

  /** @throws RecordUnreadable */
  function ifSeen(client: Client | UnreadableClient | undefined): Client | undefined {
    const owner = client === undefined || 'problem' in client ? undefined : client.owner
    if (client === undefined || !mayOver(authority, 'clients:read', owner)) return undefined
    if ('problem' in client) throw new RecordUnreadable(client)
    return client
  }

  return {
    apis,
    authority,
    ids: [...changed.keys()],
    clients: {
      client: (id) => changed.get(id) ?? (gone.has(id) ? undefined : load(id)),
      clientsTrusting: async (issuer) => {
        const isOther = (id: ClientId) => !changed.has(id) && !gone.has(id)
        const stored = await store.clientsTrusting(issuer, MOST_TRUSTING + changed.size + gone.size)
        const trusting = clients.filter(({ credentials }) =>
          credentials.federated.some(({ trust }) => trust.issuer === issuer),
        )
        return [...stored.filter(isOther), ...trusting.map(({ id }) => id)].sort().slice(0, MOST_TRUSTING)
      },
    },
  }
}
