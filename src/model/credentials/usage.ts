import { setImmediate as nextTurn } from 'node:timers/promises'
import type { CredentialId } from '../../oauth/ids.ts'
import type { CredentialStore, CredentialUse } from './store.ts'

/** A busy credential is written once in so long: nobody asks for more than the minute. */
const RESOLUTION_MS = 60_000
/** Credentials remembered as written; whichever are forgotten are written once more. */
const MOST_WRITTEN = 200_000
const BATCH = 1_000

/** When each credential was last used: noted in memory by requests, written in batches off their path. */
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
   * Writes what is new, of each credential once in a minute. Rejects when the store fails; what was not written is written
   * the next time. @param now milliseconds
   */
  async flush(now: number): Promise<void> {
    const due: CredentialUse[] = []
    for (const [id, at] of this.#uses) {
      const writtenAt = this.#written.get(id)
      if (writtenAt === undefined || Math.abs(now - writtenAt) >= RESOLUTION_MS) due.push({ id, at })
    }
    await this.#write(due)
    // Those used again since stay, and so do those that need not be written yet: their minute passes.
    for (const { id, at } of due) if (this.#uses.get(id) === at) this.#uses.delete(id)
  }

  /** Writes everything, however recent. */
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
      // Of a million clients there are a thousand batches: requests come between any two.
      await nextTurn()
    }
  }
}
