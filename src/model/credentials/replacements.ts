import { changeOf } from '../../audit/changes.ts'
import { systemEvent } from '../../audit/system-event.ts'
import type { ClientId, CredentialId } from '../../oauth/ids.ts'
import type { Clock } from '../../platform/clock.ts'
import type { RandomBytes } from '../../platform/random.ts'
import type { SecretCredential } from './credential.ts'
import { type SecretHash, sha256 } from './secret-hash.ts'
import type { CredentialStore } from './store.ts'

/** The most replacements that wait. A further one is noted when its secret is next hashed. */
const MOST_WAITING = 10_000

/** An imported hash whose secret was presented, and our own hash of that secret. */
export interface Replacement {
  readonly clientId: ClientId
  readonly credential: SecretCredential
  readonly hash: SecretHash
}

interface Means {
  readonly store: Pick<CredentialStore, 'replaceHash'>
  readonly clock: Clock
  readonly random: RandomBytes
}

/** Replaces imported hashes by our own. Requests note them and go on; a timer writes them, even if the database was away meanwhile. */
export class Replacements {
  readonly #means: Means
  readonly #waiting = new Map<CredentialId, Replacement>()

  constructor(means: Means) {
    this.#means = means
  }

  note(replacement: Replacement): void {
    if (this.#waiting.size < MOST_WAITING) this.#waiting.set(replacement.credential.id, replacement)
  }

  /** Writes what waits. Rejects if the store fails; the next call then writes the rest. */
  async flush(): Promise<void> {
    for (const [id, replacement] of this.#waiting) {
      await this.#write(replacement)
      this.#waiting.delete(id)
    }
  }

  /** A credential that has changed since keeps its change. */
  async #write({ clientId, credential, hash }: Replacement): Promise<void> {
    const { id, label, kind, hash: before } = credential
    const after = { ...credential, hash, ...('text' in before && { imported: sha256(before.text) }) }
    const change = changeOf(
      { thing: 'credential', id, name: label, client: clientId },
      { hash: before.kind },
      { hash: hash.kind },
    )
    const detail = { client_id: clientId, credential: id, label, kind, replaced_hash: before.kind }
    const event = systemEvent('credential.change', detail, this.#means, [change])
    await this.#means.store.replaceHash(credential, after, { ...event, clientId })
  }
}
