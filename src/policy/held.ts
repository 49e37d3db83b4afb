import type { Api } from '../model/api.ts'
import type { ApiSet } from '../model/api-set.ts'
import type { Client } from '../model/client.ts'
import { isDynamic, isValueOf } from '../model/scope-patterns.ts'
import { isSameUri } from '../oauth/uri.ts'
import { accessOf } from './scopes.ts'

/** A stand-in for any value of a dynamic scope. */
const SOME = '0'

/** The names of the scopes that a client may be granted at an API. A dynamic scope counts by its pattern, or by the values given. */
export function heldAt(client: Client, api: Api, apis: ApiSet): ReadonlySet<string> {
  const { granted } = accessOf(client, apis)(api)
  const ofApi = client.grants.filter((grant) => isSameUri(grant.api, api.audience)).flatMap((grant) => grant.scopes)
  const names = api.scopes.flatMap((scope) => {
    const { name } = scope
    if (granted(name).length > 0) return [name]
    if (isDynamic(scope) && granted(name.replace('*', SOME)).length > 0) return [name]
    return [...client.scopes, ...ofApi].filter((value) => isValueOf(value, scope) && granted(value).length > 0)
  })
  return new Set(names)
}
