import type { Ended, RemovedCredential } from '../directory/client.ts'
import type { ClientId } from '../oauth/ids.ts'
import { type CredentialRow, fromCredential, toCredential } from './credential-rows.ts'

/** What of `Ended` stands in the row of its client, as JSON. */
interface StoredEnded {
  readonly disabled_at?: number
  readonly credentials?: readonly StoredRemoved[]
}

interface StoredRemoved {
  readonly removed_at: number
  /** Without the secret itself, where that was kept: what proves the same can be told by its hash. */
  readonly row: Omit<CredentialRow, 'client_id' | 'encrypted_secret' | 'master_key_id' | 'warned_days'>
}

/** As most clients have it: nothing was ended. */
const NOTHING = '{}'

export function toEnded(client: string, text: string): Ended | undefined {
  if (text === NOTHING) return undefined
  const { disabled_at: disabledAt, credentials }: StoredEnded = JSON.parse(text)
  return {
    ...(disabledAt !== undefined && { disabledAt }),
    ...(credentials !== undefined && { credentials: credentials.map((removed) => toRemoved(client, removed)) }),
  }
}

const toRemoved = (client: string, { removed_at: removedAt, row }: StoredRemoved): RemovedCredential => ({
  removedAt,
  credential: toCredential({
    ...row,
    client_id: client,
    encrypted_secret: null,
    master_key_id: null,
    warned_days: null,
  }),
})

export function fromEnded(client: ClientId, ended: Ended | undefined): string {
  if (ended === undefined) return NOTHING
  const { disabledAt, credentials = [] } = ended
  const stored: StoredEnded = {
    ...(disabledAt !== undefined && { disabled_at: disabledAt }),
    ...(credentials.length > 0 && { credentials: credentials.map((removed) => fromRemoved(client, removed)) }),
  }
  return JSON.stringify(stored)
}

function fromRemoved(client: ClientId, { removedAt, credential }: RemovedCredential): StoredRemoved {
  const { client_id: _, encrypted_secret: __, master_key_id: ___, ...row } = fromCredential(client, credential)
  return { removed_at: removedAt, row }
}
