import { LRUCache } from 'lru-cache'
import { ClientId, LONGEST_CLIENT_ID } from '../../oauth/ids.ts'
import { approximateBytes, detached } from '../../platform/bytes.ts'
import { type OnUnreadable, type Unreadable, UnreadableWatch } from '../../platform/unreadable.ts'
import type { Api } from '../api.ts'
import { ApiSet } from '../api-set.ts'
import type { Change } from '../changes/change.ts'
import type { Client, UnreadableClient } from '../client.ts'
import { bytesOfClient } from './client-bytes.ts'
import { RecordUnreadable } from './record-unreadable.ts'
import { Shapes } from './shapes.ts'
import type { DirectoryStore } from './store.ts'

/** The most clients that are tried for one issuer. Beyond it, a client must send its `client_id`. */
export const MOST_TRUSTING = 100
/** Characters. No federated credential has a longer issuer. */
const LONGEST_ISSUER = 2_000
/** The average bytes for each client if their number is limited. Most clients take a thirtieth of that. */
const CLIENT_BYTES = 32 * 1024
/** The most remembered ids of absent clients, and the bytes for all of them. */
const ABSENT = { most: 10_000, bytes: 8 * 1024 * 1024 }
/** The most remembered issuers, and the bytes for all of them. */
const TRUSTING = { most: 1_000, bytes: 8 * 1024 * 1024 }
/** The bytes that each entry adds for its promise and the tables of the cache. */
const PER_ENTRY = 256

/** The room for clients in memory: bytes, or a number of clients of any usual size. */
export type ClientRoom = { readonly bytes: number } | { readonly clients: number }

interface DirectoryOptions {
  readonly room: ClientRoom
  /** APIs that are not in the database. */
  readonly builtIn?: readonly Api[]
  /** Called once for each client, credential or API that can't be read, and again after it has changed. */
  readonly onUnreadable: OnUnreadable
}

/**
 * Clients and APIs in memory, for the token path. A client is loaded at its first request, and dropped when it changes or when more
 * recently used clients need the room. APIs are few, so all are kept.
 */
export class Directory {
  readonly #store: DirectoryStore
  readonly #builtIn: readonly Api[]
  readonly #onUnreadable: OnUnreadable
  readonly #unreadableApis: UnreadableWatch
  /** Unreadable clients are remembered, too, so that requests for them don't ask the database each time. */
  readonly #clients: LRUCache<ClientId, Client | UnreadableClient>
  readonly #shapes = new Shapes()
  /** Ids of absent clients, in a cache of their own, so that guessed ids evict no client. */
  readonly #absent: LRUCache<ClientId, true>
  /** The clients that have a federated credential, by its issuer: ids, or the promise of them until they are there. */
  readonly #trusting: LRUCache<string, Promise<readonly ClientId[]> | readonly ClientId[]>
  readonly #loading = new Map<ClientId, Promise<Client | undefined>>()
  #apis = new ApiSet([])
  #hits = 0
  #misses = 0

  /** Loads the APIs. Rejects if the store fails. */
  static async open(store: DirectoryStore, options: DirectoryOptions): Promise<Directory> {
    const directory = new Directory(store, options)
    await directory.#reloadApis()
    return directory
  }

  private constructor(store: DirectoryStore, { room, builtIn = [], onUnreadable }: DirectoryOptions) {
    this.#store = store
    this.#builtIn = builtIn
    this.#onUnreadable = onUnreadable
    this.#unreadableApis = new UnreadableWatch(onUnreadable)
    this.#clients = new LRUCache({
      // A limited number would take its tables at once: 40 bytes for each client.
      ...('clients' in room ? { max: room.clients, maxSize: room.clients * CLIENT_BYTES } : { maxSize: room.bytes }),
      sizeCalculation: (client) => bytesOfClient(client, this.#shapes),
    })
    this.#absent = new LRUCache({
      max: ABSENT.most,
      maxSize: ABSENT.bytes,
      sizeCalculation: (_, id) => approximateBytes(id) + PER_ENTRY,
    })
    // An issuer that no client trusts has an empty list. Only administrators can add the other issuers.
    this.#trusting = new LRUCache({
      max: TRUSTING.most,
      maxSize: TRUSTING.bytes,
      sizeCalculation: (ids, issuer) => approximateBytes([issuer, ids]) + PER_ENTRY,
    })
  }

  get apis(): ApiSet {
    return this.#apis
  }

  /** The lookups that memory answered, including those of absent clients, the other lookups, and the clients in memory. */
  get counts(): { readonly hits: number; readonly misses: number; readonly clients: number } {
    return { hits: this.#hits, misses: this.#misses, clients: this.#clients.size }
  }

  /**
   * The client of this id, at once if it is in memory. Rejects if it is not in memory and the store fails. Rejects with
   * RecordUnreadable if its record can't be read.
   */
  client(id: ClientId): Client | undefined | Promise<Client | undefined> {
    if (id.length > LONGEST_CLIENT_ID) return undefined
    const known = this.#clients.get(id)
    if (known === undefined && this.#absent.get(id) !== true) {
      this.#misses += 1
      return this.#loading.get(id) ?? this.#load(id)
    }
    this.#hits += 1
    return known !== undefined && 'problem' in known ? refuse(known) : known
  }

  /** The client of this id if it is in memory. This neither asks the database nor counts as a lookup. */
  inMemory(id: ClientId): Client | UnreadableClient | undefined {
    return this.#clients.peek(id)
  }

  /** The first hundred clients, by id, that may authenticate with tokens of an outside issuer. Rejects if the store fails. */
  clientsTrusting(issuer: string): Promise<readonly ClientId[]> {
    if (issuer.length > LONGEST_ISSUER) return Promise.resolve([])
    const known = this.#trusting.get(issuer)
    if (known !== undefined) return Promise.resolve(known)
    const loading = this.#store.clientsTrusting(issuer, MOST_TRUSTING)
    this.#trusting.set(detached(issuer), loading)
    const isLast = () => this.#trusting.peek(issuer) === loading
    loading.then(
      (ids) => isLast() && this.#trusting.set(detached(issuer), ids),
      () => isLast() && this.#trusting.delete(issuer),
    )
    return loading
  }

  #load(id: ClientId): Promise<Client | undefined> {
    const loading = this.#store
      .loadClient(id)
      .then((client) => {
        this.#tellOf(client)
        // A change during the read has removed the client from #loading. The client that was read may then be outdated.
        if (this.#loading.get(id) === loading) {
          if (client === undefined) this.#absent.set(ClientId(detached(id)), true)
          else this.#clients.set(client.id, client)
        }
        return client !== undefined && 'problem' in client ? refuse(client) : client
      })
      .finally(() => {
        if (this.#loading.get(id) === loading) this.#loading.delete(id)
      })
    // A request may stop waiting for this, and Node ends the process for a rejection that nobody handles.
    loading.catch(() => {})
    this.#loading.set(id, loading)
    return loading
  }

  /** Drops the clients that any process has changed, and reloads changed APIs. */
  async apply(changes: readonly Change[]): Promise<void> {
    for (const change of changes) {
      if (change.kind === 'client') this.#forget(ClientId(change.id))
    }
    if (changes.some((change) => change.kind === 'client')) this.#trusting.clear()
    if (changes.some((change) => change.kind === 'api')) await this.#reloadApis()
  }

  /**
   * Drops everything, since changes may have been missed. If the database is away, clients stay in memory, so that known ones are
   * served.
   */
  async reset(): Promise<void> {
    await this.#reloadApis()
    this.#clients.clear()
    this.#absent.clear()
    this.#trusting.clear()
    this.#loading.clear()
  }

  #forget(id: ClientId): void {
    this.#clients.delete(id)
    this.#absent.delete(id)
    this.#loading.delete(id)
  }

  #tellOf(client: Client | UnreadableClient | undefined): void {
    if (client === undefined) return
    for (const record of client.credentials.unreadable) this.#onUnreadable(record)
    if ('problem' in client) this.#onUnreadable(client)
  }

  async #reloadApis(): Promise<void> {
    const { found, unreadable } = await this.#store.loadApis()
    // Nobody can replace a built-in API by a row.
    const isOther = ({ audience }: Api) => this.#builtIn.every((api) => api.audience !== audience)
    this.#apis = new ApiSet([...found.filter(isOther), ...this.#builtIn], unreadable)
    this.#unreadableApis.see(unreadable)
  }
}

function refuse(record: Unreadable): Promise<never> {
  const refusal = Promise.reject(new RecordUnreadable(record))
  refusal.catch(() => {})
  return refusal
}
