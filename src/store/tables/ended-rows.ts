import { z } from 'zod'
import type { Ended, RemovedCredential } from '../../model/client.ts'
import type { Credential } from '../../model/credentials/credential.ts'
import type { ClientId } from '../../oauth/ids.ts'
import { json, readRow, time, understoodBy } from '../sql/read-row.ts'
import { type CredentialRow, fromCredential, readCredential } from './credential-rows.ts'

/** The form of `Ended` in the row of its client, as JSON. */
interface StoredEnded {
  readonly disabled_at?: number
  readonly credentials?: readonly StoredRemoved[]
  readonly revoked?: readonly RecognisableRow[]
}

/** The row without the encrypted secret, if it had one. The hash is enough to recognise the same secret. */
type RecognisableRow = Omit<
  CredentialRow,
  'tenant' | 'client_id' | 'encrypted_secret' | 'master_key_id' | 'warned_days'
>

interface StoredRemoved {
  readonly removed_at: number
  readonly row: RecognisableRow
}

const stored = z.record(z.string(), z.unknown())

const removed = z
  .object({ removed_at: time, row: stored })
  .transform(understoodBy(({ removed_at, row }) => ({ removedAt: removed_at, credential: toRecognisable(row) })))

/** The column with the things that operators have ended. */
export const endedColumn = json(
  z.object({
    disabled_at: time.exactOptional(),
    credentials: z.array(removed).exactOptional(),
    revoked: z.array(stored.transform(understoodBy(toRecognisable))).exactOptional(),
  }),
).transform(
  ({ disabled_at: disabledAt, credentials, revoked }): Ended => ({
    ...(disabledAt !== undefined && { disabledAt }),
    ...(credentials !== undefined && { credentials }),
    ...(revoked !== undefined && { revoked }),
  }),
)

function toRecognisable(row: Readonly<Record<string, unknown>>): Credential {
  const credential = readCredential({ ...row, encrypted_secret: null, master_key_id: null }, {})
  if ('problem' in credential) throw new TypeError(credential.problem)
  return credential
}

/** Reads the column by itself. */
export function toEnded(text: string): Ended | 'unreadable' {
  const read = readRow(z.object({ ended: endedColumn }), { ended: text }, {})
  return 'problem' in read ? 'unreadable' : read.ended
}

/** @param ended undefined if nothing was ended */
export function fromEnded(client: ClientId, ended: Ended | undefined): string {
  const { disabledAt, credentials = [], revoked = [] } = ended ?? {}
  const text: StoredEnded = {
    ...(disabledAt !== undefined && { disabled_at: disabledAt }),
    ...(credentials.length > 0 && { credentials: credentials.map((one) => fromRemoved(client, one)) }),
    ...(revoked.length > 0 && { revoked: revoked.map((one) => fromRecognisable(client, one)) }),
  }
  return JSON.stringify(text)
}

const fromRemoved = (client: ClientId, { removedAt, credential }: RemovedCredential): StoredRemoved => ({
  removed_at: removedAt,
  row: fromRecognisable(client, credential),
})

function fromRecognisable(client: ClientId, credential: Credential): RecognisableRow {
  const { client_id: _, encrypted_secret: __, master_key_id: ___, ...row } = fromCredential(client, credential)
  return row
}
