import { isDeepStrictEqual } from 'node:util'
import type { Api } from '../../model/api.ts'
import type { ApiSet } from '../../model/api-set.ts'
import type { Client, UnreadableClient } from '../../model/client.ts'
import { isSameUri } from '../../oauth/uri.ts'
import { NotAllowed } from '../../platform/user-error.ts'
import { heldAt } from '../../policy/held.ts'
import { accessOf } from '../../policy/scopes.ts'
import { clientClaims, resolveProfile } from '../../tokens/profile.ts'
import { ADMIN_AUDIENCE, permissionsOf } from './admin-api.ts'
import { type Authority, mayOver, requireEverywhere, requireOver } from './authority.ts'
import type { Permission } from './permissions.ts'

/**
 * Refuses power over a client that could administer more than the author: a credential or an edit would give the author its rights.
 * @param client its owner is unknown if its record can't be read
 * @throws NotAllowed
 */
export function requireOverClient(
  authority: Authority,
  permission: Permission,
  client: Client | UnreadableClient,
): void {
  if ('problem' in client) requireEverywhere(authority, permission)
  else {
    requireOver(authority, permission, client.owner)
    requirePermissionsOf(authority, client)
  }
}

/**
 * Refuses a client that would have a right which neither it had before nor the author may give. The resulting client is compared, so
 * that it does not matter which field gives the right: a scope, a group of scopes, a pattern, a claim or the subject.
 * @param before undefined for a new client @param apis all APIs, as they will be
 * @throws NotAllowed
 */
export function requireClientRights(
  authority: Authority,
  before: Client | UnreadableClient | undefined,
  after: Client,
  apis: ApiSet,
): void {
  if (before !== undefined) requireOverClient(authority, 'clients:write', before)
  requireOverClient(authority, 'clients:write', after)
  // A client whose record could not be read may have had any right, or none.
  const known = before === undefined || 'problem' in before ? bare(after) : before
  for (const api of apis.all) {
    if (api.audience === ADMIN_AUDIENCE || mayOver(authority, 'grants:write', api.owner)) continue
    const gained = gainedAt(known, after, api, apis)
    if (gained !== undefined) {
      throw new NotAllowed(
        `${gained} at ${api.audience}: this takes the permission grants:write, or membership with grant in the group that owns the API`,
      )
    }
  }
}

/** @throws NotAllowed if the client may have a permission at the admin API that the author lacks */
function requirePermissionsOf(authority: Authority, client: Client): void {
  // A member of groups has the rights that their administrators have given.
  const needed = (name: Permission): Permission => (name === 'groups:act' ? 'groups:write' : name)
  const lacking = permissionsOf(client).filter((name) => !authority.everywhere.has(needed(name)))
  if (lacking.length === 0) return
  throw new NotAllowed(`the client administers with ${lacking.join(' ')}, which you may not do yourself`)
}

/** A client with an id and an owner alone. It has the scopes that are common to all clients. */
const bare = (client: Client): Client => ({
  ...client,
  name: undefined,
  description: undefined,
  tags: [],
  metadata: {},
  subject: undefined,
  scopes: [],
  grants: [],
  restrictScopes: false,
  token: {},
  introspects: [],
})

/** Says which right a client has at an API that it had not before; undefined if there is none. */
function gainedAt(before: Client, after: Client, api: Api, apis: ApiSet): string | undefined {
  if (introspects(after, api) && !introspects(before, api)) return 'introspects tokens'
  const had = heldAt(before, api, apis)
  const { granted } = accessOf(before, apis)(api)
  const has = heldAt(after, api, apis)
  const [scope] = [...has].filter((name) => !had.has(name) && granted(name).length === 0)
  if (scope !== undefined) return `has the scope ${JSON.stringify(scope)}`
  if (has.size > 0 && !isDeepStrictEqual(identityAt(before, api), identityAt(after, api)))
    return 'has tokens with another subject, lifetime or other claims'
  return undefined
}

const introspects = ({ introspects: all }: Client, { audience }: Api): boolean =>
  all === 'all' || all.some((one) => isSameUri(one, audience))

/** The parts of a token, beside its scopes, by which an API may decide. */
function identityAt(client: Client, { token }: Api) {
  const { lifetime } = client.token
  return {
    subject: client.subject ?? client.id,
    lifetime,
    claims: { ...clientClaims(resolveProfile(token), client), ...client.token.claims },
  }
}
