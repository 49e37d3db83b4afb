import { ApiSet } from '../../model/api-set.ts'
import type { Audience, ClientId } from '../../oauth/ids.ts'
import { accessOf } from '../../policy/scopes.ts'
import type { ManagementContext } from '../context.ts'
import { lastIssueOf, tokensUntil } from '../last-issue.ts'
import { showClient } from './show.ts'

/** The things that end with a client. Times in milliseconds. */
interface ClientEffect {
  /** The APIs for which it may get tokens. */
  readonly apis: readonly Audience[]
  readonly credentials: number
  /** The groups that name it as a member, as far as the author may see them. */
  readonly groups: readonly string[]
  /** Undefined if none of its credentials was ever used. */
  readonly lastUsedAt: number | undefined
  /** The address of its last token request that the audit log still has. */
  readonly lastAddress: string | undefined
  /** The time until which APIs that verify tokens themselves may accept its tokens; undefined if it has none. */
  readonly tokensUntil: number | undefined
}

/** Finds out the effect of deleting a client. It changes nothing. @throws UserError if it does not exist */
export async function clientEffect(context: ManagementContext, id: ClientId): Promise<ClientEffect> {
  const { store, authority } = context
  const client = await showClient(context, id)
  const { found, unreadable } = await store.directory.loadApis()
  const apis = new ApiSet(found, unreadable)
  const accessTo = 'problem' in client ? undefined : accessOf(client, apis)
  const uses = await store.model.lastUses(client.credentials.all.map((credential) => credential.id))
  const lastUsedAt = uses.size === 0 ? undefined : Math.max(...uses.values())
  const groups = await store.groups.groupsOf([{ kind: 'client', id }])
  const isSeen = (group: string) => authority.everywhere.has('groups:read') || authority.within.has(group)
  return {
    apis: found.filter((api) => accessTo?.(api).isPossible).map(({ audience }) => audience),
    credentials: client.credentials.all.length + client.credentials.unreadable.length,
    groups: groups.map(({ group }) => group).filter(isSeen),
    lastUsedAt,
    lastAddress: (await lastIssueOf(context, id, lastUsedAt))?.remoteAddress,
    tokensUntil: await tokensUntil(context, lastUsedAt),
  }
}
