import { LRUCache } from 'lru-cache'
import type { Change } from '../changes/feed.ts'
import type { ClientId } from '../oauth/ids.ts'
import { type OnUnreadable, type Unreadable, UnreadableWatch } from '../platform/unreadable.ts'
import { ApiSet } from './api.ts'
import type { Client, UnreadableClient } from './client.ts'
import { refusalOf } from './refusal.ts'
import type { DirectoryStore } from './store.ts'

/** Who shares an issuer with more must say its `client_id`. */
const MOST_TRUSTING = 100
const ABSENT = Symbol('no such client')

interface DirectoryOptions {
  readonly mostClients: number
  /** Called once for each client, credential or API that can't be read, and again after it has changed. */
  readonly onUnreadable: OnUnreadable
}

/**
 * Clients and APIs as the token path reads them: from memory. Clients are loaded when first asked for and stay until
 * they change or more recently used ones need the room; APIs are few and all kept.
 */
export class Directory {
  readonly #store: DirectoryStore
  readonly #onUnreadable: OnUnreadable
  readonly #unreadableApis: UnreadableWatch
  /** Unreadable clients are remembered, too, so that requests for them don't ask the database each time. */
  readonly #clients: LRUCache<ClientId, Client | UnreadableClient>
  /** Ids that no client has, apart from the clients so that guessing ids pushes none of them out. */
  readonly #absent: LRUCache<ClientId, typeof ABSENT>
  /** By issuer, the clients that have a federated credential of it. */
  readonly #trusting: LRUCache<string, Promise<readonly ClientId[]>>
  readonly #loading = new Map<ClientId, Promise<Client | undefined>>()
  #apis = new ApiSet([])
  #hits = 0
  #misses = 0

  /** Loads the APIs; rejects when the store fails. */
  static async open(store: DirectoryStore, options: DirectoryOptions): Promise<Directory> {
    const directory = new Directory(store, options)
    await directory.#reloadApis()
    return directory
  }

  private constructor(store: DirectoryStore, { mostClients, onUnreadable }: DirectoryOptions) {
    this.#store = store
    this.#onUnreadable = onUnreadable
    this.#unreadableApis = new UnreadableWatch(onUnreadable)
    this.#clients = new LRUCache({ max: mostClients })
    this.#absent = new LRUCache({ max: 10_000 })
    this.#trusting = new LRUCache({ max: 1_000 })
  }

  get apis(): ApiSet {
    return this.#apis
  }

  /** How often a client was in memory when it was looked up, known to be none included; and how many are there now. */
  get counts(): { readonly hits: number; readonly misses: number; readonly clients: number } {
    return { hits: this.#hits, misses: this.#misses, clients: this.#clients.size }
  }

  /**
   * The client of this id, at once if it is in memory. Rejects if it is not in memory and the store fails. Rejects with an OAuthError
   * `record_unreadable` if its record can't be read.
   */
  client(id: ClientId): Client | undefined | Promise<Client | undefined> {
    const known = this.#clients.get(id)
    if (known === undefined && this.#absent.get(id) !== ABSENT) {
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

  /**
   * The clients that may authenticate with tokens of an outside issuer, by id, up to a hundred; rejects when the store
   * fails.
   */
  clientsTrusting(issuer: string): Promise<readonly ClientId[]> {
    const known = this.#trusting.get(issuer)
    if (known !== undefined) return known
    const loading = this.#store.clientsTrusting(issuer, MOST_TRUSTING)
    this.#trusting.set(issuer, loading)
    loading.catch(() => this.#trusting.delete(issuer))
    return loading
  }

  #load(id: ClientId): Promise<Client | undefined> {
    const loading = this.#store
      .loadClient(id)
      .then((client) => {
        this.#tellOf(client)
        // A change that came while this was read has removed it from #loading: then what was read may be old.
        if (this.#loading.get(id) === loading) {
          if (client === undefined) this.#absent.set(id, ABSENT)
          else this.#clients.set(id, client)
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

  /** Drops what another process, or this one, has changed. */
  async apply(changes: readonly Change[]): Promise<void> {
    for (const change of changes) {
      if (change.kind === 'client') this.#forget(change.id as ClientId)
    }
    if (changes.some((change) => change.kind === 'client')) this.#trusting.clear()
    if (changes.some((change) => change.kind === 'api')) await this.#reloadApis()
  }

  /** Drops everything, since changes may have been missed. If the database is away, clients stay in memory: known ones must be served. */
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
    this.#apis = new ApiSet(found, unreadable)
    this.#unreadableApis.see(unreadable)
  }
}

function refuse(record: Unreadable): Promise<never> {
  const refusal = Promise.reject(refusalOf(record))
  refusal.catch(() => {})
  return refusal
}
