import type { Credential } from '../../model/credentials/credential.ts'
import type { ClientId } from '../../oauth/ids.ts'
import { slicesOf } from '../../usage/slices.ts'
import type { ManagementContext } from '../context.ts'
import { listCredentials } from '../credentials/list.ts'
import { RunningTotals, type Totals } from './totals.ts'
import { queryOf, type UsageWindow } from './window.ts'

export interface CredentialsRequest extends Omit<UsageWindow, 'filter'> {
  readonly client: ClientId
}

/** The usage of one credential, for a rotation: the old one may go once its successor alone is used. */
export interface CredentialUsage extends Totals {
  readonly credential: Credential
  /** The part of the tokens of the client that this credential got, from 0 to 1; undefined if the client got none. */
  readonly share: number | undefined
  /** The beginning of the last interval in which it got a token. Milliseconds. */
  readonly lastIssuedAt: number | undefined
}

/** The usage of each credential of a client, oldest first. @throws UserError if the client does not exist */
export async function usageOfCredentials(
  context: ManagementContext,
  { client, ...window }: CredentialsRequest,
): Promise<readonly CredentialUsage[]> {
  const { found } = await listCredentials(context, client)
  const query = queryOf(context, { ...window, filter: { clients: [client] } })
  const used = new Map<string, { readonly totals: RunningTotals; lastIssuedAt: number | undefined }>()
  let issued = 0
  for await (const sums of slicesOf(context.store.usage, query, ['at', 'credential'])) {
    for (const sum of sums) {
      const { credential = '', at } = sum
      const one = used.get(credential) ?? { totals: new RunningTotals(), lastIssuedAt: undefined }
      const before = one.totals.issued
      one.totals.add(sum, false)
      if (one.totals.issued > before) one.lastIssuedAt = at
      issued += one.totals.issued - before
      used.set(credential, one)
    }
  }
  return found.map(({ credential }) => {
    const { totals = new RunningTotals(), lastIssuedAt } = used.get(credential.id) ?? {}
    const { refused, reasons, tokenSeconds } = totals
    const share = issued === 0 ? undefined : totals.issued / issued
    return { credential, issued: totals.issued, refused, reasons, tokenSeconds, share, lastIssuedAt }
  })
}
