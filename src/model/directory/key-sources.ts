import { setImmediate as nextTurn } from 'node:timers/promises'
import { ClientId } from '../../oauth/ids.ts'
import type { Change } from '../changes/change.ts'
import type { ChangeListener } from '../changes/follower.ts'

/** The number of rows in a page, and of clients in a query. */
const AT_ONCE = 500
/** The most sources that are fetched ahead, since the cache keeps no more. */
const MOST_AHEAD = 1_000
const FETCHES_AT_ONCE = 4

/** The place of a client's keys: a URL, or the metadata of an issuer if the URL is not known. */
export type KeySource =
  | { readonly issuer?: undefined; readonly jwksUri: string }
  | { readonly issuer: string; readonly jwksUri: string | undefined }

/** Reads key sources. Every call rejects if the database fails. */
export interface KeySourceStore {
  /**
   * The sources among the next `most` credentials, in order of their ids, after `after`. `next` is the `after` of the next page,
   * if there is one.
   */
  list(
    after: string,
    most: number,
  ): Promise<{ readonly sources: readonly KeySource[]; readonly next: string | undefined }>
  /** The sources of at most 500 clients. */
  ofClients(ids: readonly ClientId[]): Promise<readonly KeySource[]>
}

/**
 * Knows where clients publish keys that are not stored here. The keys are fetched before they are needed: when the server starts,
 * and when a client changes.
 */
export class KeySources implements ChangeListener {
  readonly #store: KeySourceStore
  /** Undefined until all sources have been read. */
  #areThere: boolean | undefined
  #isDue = true
  #reading: Promise<void> | undefined
  #fetch: ((source: KeySource) => Promise<unknown>) | undefined
  /** The sources to be fetched, keyed by their JSON. */
  readonly #due = new Map<string, KeySource>()
  #fetching = 0

  constructor(store: KeySourceStore) {
    this.#store = store
  }

  /** Whether any client has keys elsewhere; true until all sources have been read. */
  get areThere(): boolean {
    return this.#areThere !== false
  }

  /** @param fetch fetches the keys of a source and keeps them; its failures are reported elsewhere */
  fetchWith(fetch: (source: KeySource) => Promise<unknown>): void {
    this.#fetch = fetch
    this.#fetchDue()
  }

  /** Reads all sources, unless they were read. If the database fails it rejects, and must be called again. */
  async read(): Promise<void> {
    if (this.#reading === undefined && this.#isDue) {
      this.#reading = this.#readAll().finally(() => {
        this.#reading = undefined
      })
    }
    await this.#reading
  }

  async #readAll(): Promise<void> {
    this.#isDue = false
    try {
      let after: string | undefined = ''
      while (after !== undefined) {
        const { sources, next } = await this.#store.list(after, AT_ONCE)
        this.#add(sources)
        after = next
        // There may be a million credentials. Requests are handled between pages.
        await nextTurn()
      }
    } catch (error) {
      this.#isDue = true
      throw error
    }
    // If changes were missed meanwhile, everything must be read again.
    if (!this.#isDue) this.#areThere ??= false
  }

  async apply(changes: readonly Change[]): Promise<void> {
    const ids = changes.filter(({ kind }) => kind === 'client').map(({ id }) => ClientId(id))
    for (let from = 0; from < ids.length; from += AT_ONCE) {
      this.#add(await this.#store.ofClients(ids.slice(from, from + AT_ONCE)))
    }
  }

  /** Makes the next `read` read all sources, since missed changes may have added some. */
  async reset(): Promise<void> {
    this.#isDue = true
    if (this.#areThere === false) this.#areThere = undefined
  }

  #add(sources: readonly KeySource[]): void {
    if (sources.length > 0) this.#areThere = true
    for (const source of sources) {
      if (this.#due.size >= MOST_AHEAD) break
      this.#due.set(JSON.stringify(source), source)
    }
    this.#fetchDue()
  }

  #fetchDue(): void {
    while (this.#fetch !== undefined && this.#fetching < FETCHES_AT_ONCE) {
      const [next] = this.#due
      if (next === undefined) return
      this.#due.delete(next[0])
      this.#fetching += 1
      const done = (): void => {
        this.#fetching -= 1
        this.#fetchDue()
      }
      this.#fetch(next[1]).then(done, done)
    }
  }
}
