import type { Api } from '../../model/api.ts'
import type { ApiSet } from '../../model/api-set.ts'
import { toCredentials } from '../../model/credentials/credential.ts'
import { isDynamic } from '../../model/scope-patterns.ts'
import { isSameUri, normaliseUri } from '../../oauth/uri.ts'
import { accessOf } from '../../policy/scopes.ts'
import { presetWarnings } from '../../tokens/presets.ts'
import { resolveProfile } from '../../tokens/profile.ts'
import { ADMIN_AUDIENCE } from '../authority/admin-api.ts'
import type { ReferableApis } from '../authority/referable.ts'
import type { ApiInput } from '../schemas/api.ts'
import { toApi } from '../schemas/api.ts'
import type { ClientInput } from '../schemas/client.ts'
import { toClient } from '../schemas/client.ts'
import type { ParsedManifest } from './parse.ts'

type ErrorAt = ParsedManifest['errorAt']

/**
 * Refuses references to APIs and scopes that don't exist. Otherwise the mistake would show only when a client is refused.
 * @param apisOf the APIs to which a client may refer, among those of the model, replaced by those of the manifest
 */
export function refuseDangling(
  { manifest, errorAt }: ParsedManifest,
  apisOf: (client: ClientInput) => ReferableApis,
): void {
  refuseUnknownMembers({ manifest, errorAt })
  for (const [index, client] of manifest.clients.entries()) checkClient(client, index, apisOf(client), errorAt)
}

/** Refuses groups of scopes with members that their APIs don't have. */
export function refuseUnknownMembers({ manifest, errorAt }: ParsedManifest): void {
  for (const [index, api] of manifest.apis.entries()) checkGroups(api, index, errorAt)
}

/**
 * Refuses an audience that is another spelling of an existing one (RFC 3986 §6.2), since a request could mean either API.
 * @param before the APIs of the model
 */
export function refuseRespelled({ manifest, errorAt }: ParsedManifest, before: ApiSet): void {
  const seen = new Map<string, string>()
  for (const [index, { audience }] of manifest.apis.entries()) {
    if (audience === ADMIN_AUDIENCE)
      throw errorAt(['apis', index, 'audience'], 'is the audience of the admin API, which is built in')
    const normal = normaliseUri(audience)
    const other = [before.get(audience)?.audience, before.unreadableOf(audience)?.id, seen.get(normal)].find(
      (one) => one !== undefined && one !== audience,
    )
    if (other !== undefined) {
      const same = `is another spelling of ${JSON.stringify(other)} (RFC 3986 §6.2): write it exactly like that`
      throw errorAt(['apis', index, 'audience'], same)
    }
    seen.set(normal, audience)
  }
}

function checkGroups(api: ApiInput, index: number, errorAt: ErrorAt): void {
  const scopes = new Map(api.scopes.map((scope) => [scope.name, scope]))
  for (const [at, scope] of api.scopes.entries()) {
    for (const [member, name] of (scope.includes ?? []).entries()) {
      const included = scopes.get(name)
      const path = ['apis', index, 'scopes', at, 'includes', member]
      if (included === undefined) throw errorAt(path, `the API has no scope ${JSON.stringify(name)}`)
      if (included.includes !== undefined) throw errorAt(path, `${JSON.stringify(name)} is itself a group`)
      if (isDynamic(included)) throw errorAt(path, 'a group may not include a dynamic scope')
    }
  }
}

function checkClient(client: ClientInput, index: number, apis: ReferableApis, errorAt: ErrorAt): void {
  for (const [at, scope] of client.scopes.entries()) {
    if (apis.withScope(scope).some((api) => !api.byGrantOnly)) continue
    throw errorAt(['clients', index, 'scopes', at], `no API has the scope ${JSON.stringify(scope)}${butFor(apis)}`)
  }
  const accessTo = accessOf({ ...toClient(client), credentials: toCredentials([]), manifest: undefined }, apis)
  const checkDefault = (scope: string, path: readonly PropertyKey[], among: readonly Api[]): void => {
    if (among.some((api) => accessTo(api).granted(scope).length > 0)) return
    const isDynamicName = among.some((api) => api.scopes.some((one) => one.name === scope && isDynamic(one)))
    if (isDynamicName) throw errorAt(path, 'a dynamic scope can not be a default: give a value of it')
    throw errorAt(path, `${JSON.stringify(scope)} is not among the client's scopes`)
  }
  for (const [at, scope] of client.default_scopes.entries()) {
    checkDefault(scope, ['clients', index, 'default_scopes', at], apis.withScope(scope))
  }
  for (const [at, grant] of client.grants.entries()) {
    const path = ['clients', index, 'grants', at]
    const api = apis.get(grant.api)
    if (api === undefined) throw errorAt([...path, 'api'], absent(grant.api, apis))
    if (client.grants.findIndex((other) => isSameUri(other.api, grant.api)) < at) {
      throw errorAt([...path, 'api'], `${JSON.stringify(grant.api)} is listed twice: put its scopes into one grant`)
    }
    for (const [place, scope] of grant.scopes.entries()) {
      if (apis.withScope(scope).includes(api)) continue
      throw errorAt([...path, 'scopes', place], `${grant.api} has no scope ${JSON.stringify(scope)}`)
    }
    for (const [place, scope] of grant.default_scopes.entries()) {
      checkDefault(scope, [...path, 'default_scopes', place], [api])
    }
  }
  if (client.default_api !== undefined) {
    const path = ['clients', index, 'default_api']
    const api = apis.get(client.default_api)
    if (api === undefined) throw errorAt(path, absent(client.default_api, apis))
    if (!accessTo(api).isPossible) throw errorAt(path, `the client has no scope at ${client.default_api}`)
  }
  for (const [at, audience] of client.introspects === 'all' ? [] : client.introspects.entries()) {
    if (apis.get(audience) !== undefined || apis.unreadableOf(audience) !== undefined) continue
    throw errorAt(['clients', index, 'introspects', at], `there is no API ${JSON.stringify(audience)}`)
  }
}

/** Says that an API does not exist or can't be read. */
const absent = (audience: string, apis: ReferableApis): string =>
  apis.unreadableOf(audience) === undefined
    ? `there is no API ${JSON.stringify(audience)}`
    : `${JSON.stringify(audience)} can't be read: name it in the manifest, too`

/** Names the APIs that can't be read, since one of them may have the scope. */
const butFor = ({ unreadable }: ReferableApis): string =>
  unreadable.map(({ id }) => `; ${JSON.stringify(id)} can't be read: name it in the manifest, too`).join('')

/** Warnings about profiles that don't work with their presets. Such a manifest can still be applied. */
export const warnings = ({ manifest, errorAt }: ParsedManifest): readonly string[] =>
  manifest.apis.flatMap((api, index) =>
    presetWarnings(api.token.preset, resolveProfile(toApi(api).token)).map(
      (warning) => errorAt(['apis', index, 'token', 'preset'], warning).message,
    ),
  )
