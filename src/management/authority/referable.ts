import type { Api } from '../../model/api.ts'
import type { ApiSet } from '../../model/api-set.ts'
import type { Client, UnreadableClient } from '../../model/client.ts'
import type { Unreadable } from '../../platform/unreadable.ts'
import { accessOf } from '../../policy/scopes.ts'
import { ADMIN_AUDIENCE } from './admin-api.ts'
import { ownerOf } from './api-rights.ts'
import { type Authority, mayOver } from './authority.ts'
import { names } from './client-rights.ts'

/** The APIs to which a client may refer. All others are, to its author, not there. */
export interface ReferableApis extends Pick<ApiSet, 'get' | 'unreadableOf' | 'withScope' | 'patternsOf'> {
  readonly all: readonly Api[]
  readonly unreadable: readonly Unreadable[]
}

/**
 * The APIs that the author of a client may name in it. An error about any other must be that about a missing one. A reference that the
 * client has already stays possible, so that an author can change its other settings.
 * @param before the present client; undefined for a new one
 */
export function referableApis(
  authority: Authority,
  before: Client | UnreadableClient | undefined,
  apis: ApiSet,
): ReferableApis {
  const client = before === undefined || 'problem' in before ? undefined : before
  const accessTo = client && accessOf(client, apis)
  const isSeen = (api: Api | Unreadable): boolean => {
    const owner = ownerOf(api)
    if (mayOver(authority, 'apis:read', owner) || mayOver(authority, 'grants:write', owner)) return true
    const audience = 'problem' in api ? api.id : api.audience
    if (client !== undefined && names(client, audience)) return true
    return !('problem' in api) && (isOpenToAll(api) || accessTo?.(api).isGiven === true)
  }
  const ifSeen = <One extends Api | Unreadable>(api: One | undefined): One | undefined =>
    api !== undefined && isSeen(api) ? api : undefined
  return {
    get all() {
      return apis.all.filter(isSeen)
    },
    unreadable: apis.unreadable.filter(isSeen),
    get: (audience) => ifSeen(apis.get(audience)),
    unreadableOf: (audience) => ifSeen(apis.unreadableOf(audience)),
    withScope: (name) => apis.withScope(name).filter(isSeen),
    patternsOf: (api) => apis.patternsOf(api),
  }
}

/** Whether everybody knows that an API is there: it is built in, or every client may get tokens for it. */
const isOpenToAll = ({ audience, scopes }: Api): boolean =>
  audience === ADMIN_AUDIENCE || scopes.some(({ common }) => common === true)
