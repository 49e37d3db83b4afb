import { toCredentials } from '../credentials/credential.ts'
import { type ApiSet, isDynamic } from '../directory/api.ts'
import { accessOf } from '../policy/scopes.ts'
import { presetWarnings } from '../tokens/presets.ts'
import { resolveProfile } from '../tokens/profile.ts'
import { toApi, toClient } from './convert.ts'
import type { ParsedManifest } from './parse.ts'
import type { ManifestApi, ManifestClient } from './schema.ts'

type ErrorAt = ParsedManifest['errorAt']

/**
 * Refuses what refers to something that is not there: a mistake that would show only when a client is refused.
 * @param apis those of the model, and of the manifest over them
 */
export function refuseDangling({ manifest, errorAt }: ParsedManifest, apis: ApiSet): void {
  for (const [index, api] of manifest.apis.entries()) checkGroups(api, index, errorAt)
  for (const [index, client] of manifest.clients.entries()) checkClient(client, index, apis, errorAt)
}

function checkGroups(api: ManifestApi, index: number, errorAt: ErrorAt): void {
  const scopes = new Map(api.scopes.map((scope) => [scope.name, scope]))
  for (const [at, scope] of api.scopes.entries()) {
    for (const [member, name] of (scope.includes ?? []).entries()) {
      const included = scopes.get(name)
      const path = ['apis', index, 'scopes', at, 'includes', member]
      if (included === undefined) throw errorAt(path, `the API has no scope ${JSON.stringify(name)}`)
      if (included.includes !== undefined) throw errorAt(path, `${JSON.stringify(name)} is itself a group`)
      if (isDynamic(name)) throw errorAt(path, 'a group may not include a dynamic scope')
    }
  }
}

function checkClient(client: ManifestClient, index: number, apis: ApiSet, errorAt: ErrorAt): void {
  for (const [at, scope] of client.scopes.entries()) {
    if (apis.withScope(scope).length > 0) continue
    throw errorAt(['clients', index, 'scopes', at], `no API has the scope ${JSON.stringify(scope)}${butFor(apis)}`)
  }
  const accessTo = accessOf({ ...toClient(client), credentials: toCredentials([]) })
  for (const [at, scope] of client.default_scopes.entries()) {
    const path = ['clients', index, 'default_scopes', at]
    if (isDynamic(scope)) throw errorAt(path, 'a dynamic scope can not be a default: say which value of it')
    if (apis.withScope(scope).some((api) => accessTo(api).granted(scope).length > 0)) continue
    throw errorAt(path, `${JSON.stringify(scope)} is not among the client's scopes`)
  }
  for (const [at, audience] of client.introspects === 'all' ? [] : client.introspects.entries()) {
    if (apis.get(audience) !== undefined || apis.unreadable.some(({ id }) => id === audience)) continue
    throw errorAt(['clients', index, 'introspects', at], `there is no API ${JSON.stringify(audience)}`)
  }
}

/** Names the APIs that can't be read, since one of them may have the scope. */
const butFor = ({ unreadable }: ApiSet): string =>
  unreadable.map(({ id }) => `; ${JSON.stringify(id)} can't be read: name it in the manifest, too`).join('')

/** What may be applied, and won't do what was meant: profiles that don't work with their presets. */
export const warnings = ({ manifest, errorAt }: ParsedManifest): readonly string[] =>
  manifest.apis.flatMap((api, index) =>
    presetWarnings(api.token.preset, resolveProfile(toApi(api).token)).map(
      (warning) => errorAt(['apis', index, 'token', 'preset'], warning).message,
    ),
  )
