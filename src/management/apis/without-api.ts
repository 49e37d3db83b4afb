import type { Api } from '../../model/api.ts'
import type { ApiSet } from '../../model/api-set.ts'
import type { Client } from '../../model/client.ts'
import { isSameUri } from '../../oauth/uri.ts'
import type { Unreadable } from '../../platform/unreadable.ts'
import { accessOf } from '../../policy/scopes.ts'
import { audienceOf, refersTo } from './find-clients.ts'

/**
 * A client without its references to an API. A scope stays if another API has it. So the client has nothing at a later API of the same
 * audience or the same scopes that it was not given there.
 * @param others all other APIs
 * @returns the same object if it has none
 */
export function withoutApi(client: Client, api: Api | Unreadable, others: ApiSet): Client {
  const audience = audienceOf(api)
  const isOther = (one: string): boolean => !isSameUri(one, audience)
  const { scopes, grants, defaultApi, introspects } = client
  const named = [
    ...grants.map((grant) => grant.api),
    ...(defaultApi === undefined ? [] : [defaultApi]),
    ...(introspects === 'all' ? [] : introspects),
  ]
  const refers = refersTo(api)
  if (!refers({ scopes, apis: named })) return client
  const after: Client = {
    ...client,
    scopes: scopes.filter((scope) => !refers({ scopes: [scope], apis: [] }) || others.withScope(scope).length > 0),
    grants: grants.filter((grant) => isOther(grant.api)),
    defaultApi: defaultApi !== undefined && isOther(defaultApi) ? defaultApi : undefined,
    introspects: introspects === 'all' ? 'all' : introspects.filter(isOther),
  }
  const accessTo = accessOf(after, others)
  const isGranted = (scope: string) => others.withScope(scope).some((one) => accessTo(one).granted(scope).length > 0)
  return { ...after, defaultScopes: after.defaultScopes.filter(isGranted) }
}
