/** What a client may be granted: at which APIs, and with which scopes. May import `oauth`, `directory`. */

import type { Api, ApiSet } from '../directory/api.ts'
import type { Client } from '../directory/client.ts'
import { OAuthError } from '../oauth/error.ts'
import { apisOfScopes, namedApis, onlyApi } from './resources.ts'
import { accessOf } from './scopes.ts'

/** What the client asks for, as parsed. */
export interface Wanted {
  /** Undefined where the request has no `scope`. */
  readonly scope: readonly string[] | undefined
  /** The values of `resource` and `audience`. */
  readonly targets: readonly string[]
}

/** What the client gets. */
export interface Entitlement {
  readonly client: Client
  /** At least one. */
  readonly apis: readonly Api[]
  /** At least one. */
  readonly scopes: readonly string[]
}

/**
 * Decides what `client` is granted of what it wants. An API or scope that it was not given is never in the answer.
 * @throws OAuthError `invalid_scope` or `invalid_target`
 */
export function decide(client: Client, wanted: Wanted, apis: ApiSet): Entitlement {
  const targets = targetApis(client, wanted, apis)
  const scopes =
    wanted.scope === undefined ? unaskedScopes(client, targets) : askedScopes(client, wanted.scope, targets)
  if (scopes.length === 0) throw new OAuthError('no_scope')
  return { client, apis: targets, scopes }
}

function targetApis(client: Client, { scope, targets }: Wanted, apis: ApiSet): readonly Api[] {
  if (targets.length > 0) return namedApis(client, targets, apis)
  if (scope !== undefined) return apisOfScopes(client, scope, apis)
  if (client.defaultScopes.length > 0) return apisOfScopes(client, client.defaultScopes, apis)
  return onlyApi(client, apis)
}

/** Each scope asked must be allowed at one of the APIs at the least; a group becomes what it stands for. */
function askedScopes(client: Client, asked: readonly string[], targets: readonly Api[]): readonly string[] {
  const granted = new Set<string>()
  const refused: string[] = []
  for (const scope of asked) {
    const here = targets.flatMap((api) => accessOf(client, api).granted(scope))
    for (const name of here) granted.add(name)
    if (here.length === 0) refused.push(scope)
  }
  if (refused.length > 0) throw new OAuthError('scope_not_allowed', { detail: { refused: refused.slice(0, 20) } })
  return [...granted]
}

const unaskedScopes = (client: Client, targets: readonly Api[]): readonly string[] => [
  ...new Set(targets.flatMap((api) => accessOf(client, api).unasked)),
]
