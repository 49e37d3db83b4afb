import type { Api } from '../../model/api.ts'
import { ApiSet } from '../../model/api-set.ts'
import type { Client } from '../../model/client.ts'
import { Audience } from '../../oauth/ids.ts'
import { isSameUri } from '../../oauth/uri.ts'
import { accessOf } from '../../policy/scopes.ts'
import { type Permission, permissionNames, permissions } from './permissions.ts'

/** The audience of tokens for the admin API. It is a name, so that it stays the same when the listener moves. */
export const ADMIN_AUDIENCE = Audience('urn:tessera:admin')

/** Seconds that a token for the admin API lives, unless its client says otherwise. */
const LIFETIME = 600

/**
 * The admin API, as an API that every server has. Only a grant that names it gives a client its scopes. Otherwise a scope of the same
 * name that a client has at another API would make it an administrator.
 */
export const adminApi: Api = {
  audience: ADMIN_AUDIENCE,
  name: 'Tessera admin API',
  scopes: permissionNames.map((name) => ({ name, description: permissions[name].description })),
  token: { lifetime: LIFETIME },
  require: undefined,
  manifest: undefined,
  byGrantOnly: true,
}

const alone = new ApiSet([adminApi])

/** The permissions that a client may have in a token. */
export function permissionsOf(client: Client): readonly Permission[] {
  // Few clients administer, and a manifest may name very many.
  if (!client.grants.some(({ api }) => isSameUri(api, ADMIN_AUDIENCE))) return []
  const { granted } = accessOf(client, alone)(adminApi)
  return permissionNames.filter((name) => granted(name).length > 0)
}
