import { setImmediate as nextTurn } from 'node:timers/promises'
import type { CredentialId } from '../../oauth/ids.ts'
import type { CredentialStore, CredentialUse } from './store.ts'

/** The least time between two writes of one credential. Nobody needs last uses more exactly. Milliseconds. */
const RESOLUTION_MS = 60_000
/** The most remembered times of writes. A forgotten credential is written once more than necessary. */
const MOST_WRITTEN = 200_000
const BATCH = 1_000

/** The last use of each credential. Requests note it in memory; a timer writes it in batches. */
export class CredentialUsage {
  readonly #store: Pick<CredentialStore, 'noteUses'>
  readonly #written = new Map<CredentialId, number>()
  #uses = new Map<CredentialId, number>()

  constructor(store: Pick<CredentialStore, 'noteUses'>) {
    this.#store = store
  }

  /** @param now milliseconds */
  note(id: CredentialId, now: number): void {
    this.#uses.set(id, now)
  }

  /**
   * Writes new uses, at most once a minute for each credential. Rejects if the store fails; the next call then writes the rest.
   * @param now milliseconds
   */
  async flush(now: number): Promise<void> {
    const due: CredentialUse[] = []
    for (const [id, at] of this.#uses) {
      const writtenAt = this.#written.get(id)
      if (writtenAt === undefined || Math.abs(now - writtenAt) >= RESOLUTION_MS) due.push({ id, at })
    }
    await this.#write(due)
    // A credential that was used again meanwhile stays, for a later flush.
    for (const { id, at } of due) if (this.#uses.get(id) === at) this.#uses.delete(id)
  }

  /** Writes every noted use, even within the minute. */
  async close(): Promise<void> {
    await this.#write([...this.#uses].map(([id, at]) => ({ id, at })))
    this.#uses = new Map()
  }

  async #write(uses: readonly CredentialUse[]): Promise<void> {
    for (let from = 0; from < uses.length; from += BATCH) {
      const batch = uses.slice(from, from + BATCH)
      await this.#store.noteUses(batch)
      if (this.#written.size + batch.length > MOST_WRITTEN) this.#written.clear()
      for (const { id, at } of batch) this.#written.set(id, at)
      // A million clients make a thousand batches. Requests are handled between them.
      await nextTurn()
    }
  }
}
