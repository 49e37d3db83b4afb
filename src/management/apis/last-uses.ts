import type { Api } from '../../model/api.ts'
import { isValueOf } from '../../model/scope-patterns.ts'
import { ownersFor } from '../authority/authority.ts'
import type { ManagementContext } from '../context.ts'

/** The last tokens of an API in which scopes are looked for. */
const LAST_TOKENS = 1_000

/** The last tokens of a client at an API. Times are milliseconds. */
interface ClientUses {
  readonly at: number
  /** By the name of the scope: that of the token, and those of the API that it is a value or a member of. */
  readonly scopes: ReadonlyMap<string, number>
}

export type LastUses = ReadonlyMap<string, ClientUses>

/** The last uses of an API and its scopes by each client, as far as the author may read audit events, among its last tokens. */
export async function lastUsesAt(
  { store, authority }: ManagementContext,
  { audience, scopes }: Api,
): Promise<LastUses> {
  const seen = ownersFor(authority, 'audit:read')
  const { events } = await store.audit.queryEvents({
    audience,
    owners: seen === 'all' ? undefined : seen,
    types: ['token.issue'],
    result: 'success',
    limit: LAST_TOKENS,
  })
  const namesFor = withMemory((granted: string) => [
    granted,
    ...scopes
      .filter((one) => isValueOf(granted, one) || one.includes?.includes(granted) === true)
      .map((one) => one.name),
  ])
  const uses = new Map<string, { at: number; readonly scopes: Map<string, number> }>()
  for (const { at, clientId, detail } of events) {
    if (clientId === undefined) continue
    const ofClient = uses.get(clientId) ?? { at, scopes: new Map<string, number>() }
    ofClient.at = Math.max(ofClient.at, at)
    const granted = typeof detail['scope'] === 'string' ? detail['scope'].split(' ') : []
    for (const name of granted.flatMap(namesFor))
      ofClient.scopes.set(name, Math.max(ofClient.scopes.get(name) ?? 0, at))
    uses.set(clientId, ofClient)
  }
  return uses
}

/** Works a function out once for each text. An API may have thousands of scopes, and the same few are asked for again and again. */
function withMemory(work: (text: string) => readonly string[]): (text: string) => readonly string[] {
  const known = new Map<string, readonly string[]>()
  return (text) => {
    const names = known.get(text) ?? work(text)
    known.set(text, names)
    return names
  }
}
