import { isDeepStrictEqual } from 'node:util'
import type { Api } from '../../model/api.ts'
import type { ApiSet } from '../../model/api-set.ts'
import type { Client, UnreadableClient } from '../../model/client.ts'
import { isSameUri } from '../../oauth/uri.ts'
import { NotAllowed } from '../../platform/user-error.ts'
import { heldAt } from '../../policy/held.ts'
import { accessOf } from '../../policy/scopes.ts'
import { clientClaims, resolveProfile } from '../../tokens/profile.ts'
import { noClient } from './absent.ts'
import { ADMIN_AUDIENCE, permissionsOf } from './admin-api.ts'
import { type Authority, lacking, mayOver, requireOver } from './authority.ts'
import { requirePowerOfMembers } from './group-rights.ts'
import { requireNewOwner } from './owner-rights.ts'
import { type Permission, permissionNames } from './permissions.ts'

/** The permissions that let their holder act as the client. */
const ACTING: readonly Permission[] = ['credentials:write', 'credentials:rotate']

/**
 * Refuses power over a client that could administer more than the author: a credential or an edit would give the author its rights.
 * @param client if its record can't be read, its owner is unknown, and it may have any permission once it can be read again
 * @throws NotAllowed; NotFound if the author may not even see the client
 */
export function requireOverClient(
  authority: Authority,
  permission: Permission,
  client: Client | UnreadableClient,
): void {
  const owner = ownerOf(client)
  if (!mayOver(authority, permission, owner))
    throw mayOver(authority, 'clients:read', owner) ? lacking(permission, owner) : noClient(client.id)
  if (!('problem' in client)) requirePermissionsOf(authority, permissionsOf(client), 'the client administers')
  else if (ACTING.includes(permission))
    requirePermissionsOf(
      authority,
      permissionNames,
      "the record of the client can't be read, so that it may administer",
    )
}

const ownerOf = (client: Client | UnreadableClient): string | undefined =>
  'problem' in client ? undefined : client.owner

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
  if (before !== undefined) {
    requireOverClient(authority, 'clients:write', before)
    requireNewOwner(authority, 'client', ownerOf(before), after.owner)
  }
  requireOver(authority, 'clients:write', after.owner)
  requirePermissionsOf(authority, permissionsOf(after), 'the client administers')
  // A client whose record could not be read may have had any right, or none.
  const known = before === undefined || 'problem' in before ? bare(after) : before
  for (const api of apis.all) {
    if (mayOver(authority, 'grants:write', api.owner)) continue
    const gained = gainedAt(known, after, api, apis)
    if (gained !== undefined) {
      const isKnown = mayOver(authority, 'apis:read', api.owner) || names(after, api.audience)
      throw new NotAllowed(
        `the client ${gained} at ${isKnown ? api.audience : 'an API that you may not see'}: this takes the permission grants:write, or membership with grant in the group that owns the API`,
      )
    }
  }
  // The owner of an API that can't be read is not known.
  const blind = apis.unreadable.find(({ id }) => introspects(after, id) && !introspects(known, id))
  if (blind !== undefined) requireOver(authority, 'grants:write', undefined)
}

/** @throws NotAllowed if a client has a permission at the admin API that the author lacks */
function requirePermissionsOf(authority: Authority, has: readonly Permission[], administers: string): void {
  const beyond = has.filter((name) => name !== 'groups:act' && !authority.everywhere.has(name))
  if (beyond.length > 0) throw new NotAllowed(`${administers} with ${beyond.join(' ')}, which you may not do yourself`)
  if (has.includes('groups:act')) requirePowerOfMembers(authority)
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
  if (introspects(after, api.audience) && !introspects(before, api.audience)) return 'introspects tokens'
  // The permissions at the admin API are compared with those of the author.
  if (api.audience === ADMIN_AUDIENCE) return undefined
  const had = heldAt(before, api, apis)
  const { granted } = accessOf(before, apis)(api)
  const has = heldAt(after, api, apis)
  const [scope] = [...has].filter((name) => !had.has(name) && granted(name).length === 0)
  if (scope !== undefined) return `has the scope ${JSON.stringify(scope)}`
  if (has.size > 0 && !isDeepStrictEqual(identityAt(before, api), identityAt(after, api)))
    return 'has tokens with another subject, lifetime or other claims'
  return undefined
}

/** Whether a client refers to an API by its audience, so that an error about it reveals nothing. */
export const names = ({ grants, introspects: all, defaultApi }: Client, audience: string): boolean =>
  [...grants.map(({ api }) => api), ...(all === 'all' ? [] : all), defaultApi ?? ''].some((one) =>
    isSameUri(one, audience),
  )

const introspects = ({ introspects: all }: Client, audience: string): boolean =>
  all === 'all' || all.some((one) => isSameUri(one, audience))

/** The parts of a token, beside its scopes, by which an API may decide. */
function identityAt(client: Client, { token }: Api) {
  const { lifetime } = client.token
  return {
    // A manifest may give a client another id.
    id: client.id,
    subject: client.subject ?? client.id,
    lifetime,
    claims: { ...clientClaims(resolveProfile(token), client), ...client.token.claims },
  }
}
