import type { Path } from '../../input/yaml-nodes.ts'
import type { Api } from '../../model/api.ts'
import type { ApiSet } from '../../model/api-set.ts'
import { isDynamic } from '../../model/scope-patterns.ts'
import { normaliseUri } from '../../oauth/uri.ts'
import { MistakeList, type UserError } from '../../platform/user-error.ts'
import { type AccessTo, accessOf } from '../../policy/scopes.ts'
import { presetWarnings } from '../../tokens/presets.ts'
import { resolveProfile } from '../../tokens/profile.ts'
import { ADMIN_AUDIENCE } from '../authority/admin-api.ts'
import { missingApi, type Naming, withSuggestions } from '../authority/missing.ts'
import type { ReferableApis } from '../authority/referable.ts'
import type { ApiInput } from '../schemas/api.ts'
import { toApi } from '../schemas/api.ts'
import type { ClientInput } from '../schemas/client.ts'
import { toClient } from '../schemas/client.ts'
import type { ParsedManifest } from './reading/parse.ts'
import type { Manifest } from './reading/schema.ts'

type ErrorAt = ParsedManifest['errorAt']

/** The parts of a manifest that are checked. */
type Checked = Pick<ParsedManifest, 'errorAt'> & { readonly manifest: Pick<Manifest, 'apis' | 'clients'> }

/** The means to report the mistakes of one thing. Paths start at it. */
interface Reporting {
  readonly errorAt: ErrorAt
  readonly named: Naming
}

/** Errors about single fields, each with its place. */
type Errors = Generator<UserError>

/** Mistakes beyond which no more are looked for. Each is compared with all names that might be meant. */
const MOST_MISTAKES = 100

/** The first of these errors. */
export function firstOf(...sources: readonly Iterable<UserError>[]): readonly UserError[] {
  const found: UserError[] = []
  for (const errors of sources) {
    for (const error of errors) {
      found.push(error)
      if (found.length === MOST_MISTAKES) return found
    }
  }
  return found
}

/** @throws Mistakes that lists the first of these errors, if there are any */
export function refuseAll(...sources: readonly Iterable<UserError>[]): void {
  const mistakes = new MistakeList()
  for (const error of firstOf(...sources)) mistakes.note(error)
  mistakes.refuse()
}

/** @throws the first of these errors, if there is one */
export function refuseFirst(errors: Iterable<UserError>): void {
  for (const error of errors) throw error
}

/**
 * Finds references to APIs and scopes that don't exist. Otherwise the mistake would show only when a client is refused.
 * @param apisOf the APIs to which a client may refer, among those of the model, replaced by those of the manifest
 */
export function* findDangling({ manifest, errorAt }: Checked, apisOf: (client: ClientInput) => ReferableApis): Errors {
  yield* findUnknownMembers({ manifest, errorAt })
  const named = withSuggestions()
  for (const [index, client] of manifest.clients.entries()) {
    const at = (path: Path, message: string) => errorAt(['clients', index, ...path], message)
    yield* checkClient(client, apisOf(client), { errorAt: at, named })
  }
}

/** Finds groups of scopes with members that their APIs don't have. */
export function* findUnknownMembers({ manifest, errorAt }: Checked): Errors {
  const named = withSuggestions()
  for (const [index, api] of manifest.apis.entries()) yield* checkGroups(api, index, { errorAt, named })
}

/**
 * Finds audiences that are another spelling of an existing one (RFC 3986 §6.2), since a request could mean either API.
 * @param before the APIs of the model
 */
export function* findRespelled({ manifest, errorAt }: Checked, before: ApiSet): Errors {
  const seen = new Map<string, string>()
  for (const [index, { audience }] of manifest.apis.entries()) {
    if (audience === ADMIN_AUDIENCE)
      yield errorAt(['apis', index, 'audience'], 'is the audience of the admin API, which is built in')
    const normal = normaliseUri(audience)
    const other = [before.get(audience)?.audience, before.unreadableOf(audience)?.id, seen.get(normal)].find(
      (one) => one !== undefined && one !== audience,
    )
    if (other !== undefined) {
      const same = `is another spelling of ${JSON.stringify(other)} (RFC 3986 §6.2): write it exactly like that`
      yield errorAt(['apis', index, 'audience'], same)
    }
    seen.set(normal, audience)
  }
}

function* checkGroups(api: ApiInput, index: number, { errorAt, named }: Reporting): Errors {
  const scopes = new Map(api.scopes.map((scope) => [scope.name, scope]))
  for (const [at, scope] of api.scopes.entries()) {
    for (const [member, name] of (scope.includes ?? []).entries()) {
      const included = scopes.get(name)
      const path = ['apis', index, 'scopes', at, 'includes', member]
      if (included === undefined) yield errorAt(path, `the API has no scope ${named(name, () => [...scopes.keys()])}`)
      else if (included.includes !== undefined) yield errorAt(path, `${JSON.stringify(name)} is itself a group`)
      else if (isDynamic(included)) yield errorAt(path, 'a group may not include a dynamic scope')
    }
  }
}

function* checkClient(client: ClientInput, apis: ReferableApis, reporting: Reporting): Errors {
  const { errorAt, named } = reporting
  for (const [at, scope] of client.scopes.entries()) {
    if (apis.withScope(scope).some((api) => !api.byGrantOnly)) continue
    const known = () => apis.all.filter((api) => !api.byGrantOnly).flatMap(namesOfScopes)
    yield errorAt(['scopes', at], `no API has the scope ${named(scope, known)}${butFor(apis)}`)
  }
  const accessTo = accessOf(toClient(client), apis)
  for (const [at, scope] of client.default_scopes.entries()) {
    const fault = faultOfDefault(scope, apis.withScope(scope), accessTo)
    if (fault !== undefined) yield errorAt(['default_scopes', at], fault)
  }
  const granted = new Set<string>()
  for (const [at, grant] of client.grants.entries()) {
    const ofGrant = (path: Path, message: string) => errorAt(['grants', at, ...path], message)
    const isRepeated = granted.has(normaliseUri(grant.api))
    yield* checkGrant(grant, { apis, accessTo, isRepeated }, { errorAt: ofGrant, named })
    granted.add(normaliseUri(grant.api))
  }
  if (client.default_api !== undefined) {
    const api = apis.get(client.default_api)
    if (api === undefined) yield errorAt(['default_api'], missingApi(client.default_api, apis, named))
    else if (!accessTo(api).isPossible)
      yield errorAt(['default_api'], `the client has no scope at ${client.default_api}`)
  }
  for (const [at, audience] of client.introspects === 'all' ? [] : client.introspects.entries()) {
    if (apis.get(audience) !== undefined || apis.unreadableOf(audience) !== undefined) continue
    yield errorAt(['introspects', at], missingApi(audience, apis, named))
  }
}

interface GrantMeans {
  readonly apis: ReferableApis
  readonly accessTo: AccessTo
  /** Whether a grant before names the same API. */
  readonly isRepeated: boolean
}

function* checkGrant(
  grant: ClientInput['grants'][number],
  { apis, accessTo, isRepeated }: GrantMeans,
  { errorAt, named }: Reporting,
): Errors {
  const api = apis.get(grant.api)
  if (api === undefined) {
    yield errorAt(['api'], missingApi(grant.api, apis, named))
    return
  }
  if (isRepeated) yield errorAt(['api'], `${JSON.stringify(grant.api)} is listed twice: put its scopes into one grant`)
  for (const [place, scope] of grant.scopes.entries()) {
    if (apis.withScope(scope).includes(api)) continue
    yield errorAt(['scopes', place], `${grant.api} has no scope ${named(scope, () => namesOfScopes(api))}`)
  }
  for (const [place, scope] of grant.default_scopes.entries()) {
    const fault = faultOfDefault(scope, [api], accessTo)
    if (fault !== undefined) yield errorAt(['default_scopes', place], fault)
  }
}

/** The reason why a scope can't be a default. @param among the APIs that have it */
function faultOfDefault(scope: string, among: readonly Api[], accessTo: AccessTo): string | undefined {
  if (among.some((api) => accessTo(api).granted(scope).length > 0)) return undefined
  const isDynamicName = among.some((api) => api.scopes.some((one) => one.name === scope && isDynamic(one)))
  return isDynamicName
    ? 'a dynamic scope can not be a default: give a value of it'
    : `${JSON.stringify(scope)} is not among the client's scopes`
}

const namesOfScopes = ({ scopes }: Api): readonly string[] => scopes.map(({ name }) => name)

/** Names the APIs that can't be read, since one of them may have the scope. */
const butFor = ({ unreadable }: ReferableApis): string =>
  unreadable.map(({ id }) => `; ${JSON.stringify(id)} can't be read: name it in the manifest, too`).join('')

/** Warnings about profiles that don't work with their presets. Such a manifest can still be applied. */
export const warnings = ({ manifest, errorAt }: Checked): readonly string[] =>
  manifest.apis.flatMap((api, index) =>
    presetWarnings(api.token.preset, resolveProfile(toApi(api).token)).map(
      (warning) => errorAt(['apis', index, 'token', 'preset'], warning).message,
    ),
  )
