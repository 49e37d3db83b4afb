import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Change } from '../changes/feed.ts'
import type { ChangeListener } from '../changes/follower.ts'
import { ClientId } from '../oauth/ids.ts'

/** Rows of a page, and clients of a question. */
const AT_ONCE = 500
/** More are not fetched ahead: no more are kept. */
const MOST_AHEAD = 1_000
const FETCHES_AT_ONCE = 4

/** Where keys of a client are: at a URL, or where the metadata of an issuer say, unless the URL is known. */
export type KeySource =
  | { readonly issuer?: undefined; readonly jwksUri: string }
  | { readonly issuer: string; readonly jwksUri: string | undefined }

/** Where such sources are kept. Every call rejects when the database fails. */
export interface KeySourceStore {
  /** Those among the `most` credentials whose ids sort behind `after`; and behind which id the next begin, if there are any. */
  list(
    after: string,
    most: number,
  ): Promise<{ readonly sources: readonly KeySource[]; readonly next: string | undefined }>
  /** Those of at most 500 clients. */
  ofClients(ids: readonly ClientId[]): Promise<readonly KeySource[]>
}

/**
 * Where the keys of clients are that they don't have with us. They are fetched before anybody needs them: when the server
 * starts, and when a client changes.
 */
export class KeySources implements ChangeListener {
  readonly #store: KeySourceStore
  /** Undefined as long as they have not all been read. */
  #areThere: boolean | undefined
  #isDue = true
  #reading: Promise<void> | undefined
  #fetch: ((source: KeySource) => Promise<unknown>) | undefined
  /** Those that are to be fetched, by what they are. */
  readonly #due = new Map<string, KeySource>()
  #fetching = 0

  constructor(store: KeySourceStore) {
    this.#store = store
  }

  /** Whether any client has keys elsewhere; as long as that is not known, one may have. */
  get areThere(): boolean {
    return this.#areThere !== false
  }

  /** @param fetch fetches the keys of a source and keeps them; what it rejects with is shown elsewhere */
  fetchWith(fetch: (source: KeySource) => Promise<unknown>): void {
    this.#fetch = fetch
    this.#fetchDue()
  }

  /** Reads all that there are, unless that is done. Rejects, to be called again, where the database fails. */
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
        // There may be a million credentials, and requests come in between.
        await nextTurn()
      }
    } catch (error) {
      this.#isDue = true
      throw error
    }
    // Unless changes were missed meanwhile.
    if (!this.#isDue) this.#areThere ??= false
  }

  async apply(changes: readonly Change[]): Promise<void> {
    const ids = changes.filter(({ kind }) => kind === 'client').map(({ id }) => ClientId(id))
    for (let from = 0; from < ids.length; from += AT_ONCE) {
      this.#add(await this.#store.ofClients(ids.slice(from, from + AT_ONCE)))
    }
  }

  /** Changes were missed, and may have brought some. */
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
