import type { Draft } from '../draft/draft.ts'
import { Fields } from '../draft/fields.ts'
import { DROPPED_OF_APIS } from './formats.ts'

type Item = Readonly<Record<string, unknown>>

/** An API of the manifest. */
interface Known {
  /** The names of its scopes, in the manifest or not. */
  readonly scopes: readonly string[]
}

/** The `typ` of tokens by their dialect. The other dialects add permissions of people. */
const TYPES: Readonly<Record<string, string>> = {
  access_token: 'JWT',
  access_token_authz: 'JWT',
  rfc9068_profile: 'at+jwt',
  rfc9068_profile_authz: 'at+jwt',
}

/** Makes the APIs of resource servers. @returns them by audience */
export function importApis(items: readonly Item[], draft: Draft): ReadonlyMap<string, Known> {
  const known = new Map<string, Known>()
  for (const item of items) {
    const identifier = item['identifier']
    const subject = typeof identifier === 'string' ? identifier : 'an API without identifier'
    const fields = new Fields(item, 'resourceServers[]', subject, draft.notes)
    const audience = fields.text('identifier', 'apis[].audience')
    if (audience === undefined || fields.flag('is_system') === true) {
      fields.drop('identifier', 'is an API of Auth0 itself, or is missing')
      continue
    }
    const api = draft.api(audience, fields, 'identifier')
    if (api === undefined) continue
    const described = fields.objects('scopes').flatMap((scope) => {
      const value = scope.text('value', 'apis[].scopes[].name')
      return value === undefined
        ? []
        : [{ value, description: scope.text('description', 'apis[].scopes[].description') }]
    })
    const descriptions = new Map(described.map(({ value, description }) => [value, description]))
    const scopes = [...descriptions.keys()]
    draft.scopes(api, scopes, fields, 'scopes', (scope) => descriptions.get(scope))
    known.set(audience, { scopes })
    draft.configure(api, { ...settingsOf(fields), token: tokenOf(fields) }, fields)
    fields.dropAll(DROPPED_OF_APIS)
    fields.end()
  }
  return known
}

function settingsOf(fields: Fields) {
  const name = fields.text('name', 'apis[].name')
  const proof = fields.object('proof_of_possession')
  const mechanism = proof?.text('mechanism')
  const require = mechanism === 'dpop' ? 'dpop' : mechanism === 'mtls' ? 'certificate_bound' : undefined
  if (proof?.flag('required') !== true || require === undefined) return { ...(name && { name }) }
  proof.mapped('mechanism', 'apis[].require')
  return { ...(name && { name }), require }
}

function tokenOf(fields: Fields) {
  const lifetime = fields.number('token_lifetime', 'apis[].token.lifetime')
  const algorithm = fields.text('signing_alg')
  const isKnown = algorithm === 'RS256' || algorithm === 'PS256'
  if (isKnown) fields.mapped('signing_alg', 'apis[].token.algorithm')
  else if (algorithm !== undefined)
    fields.drop('signing_alg', 'is an algorithm that Tessera does not sign with: ES256 is used')
  const dialect = fields.text('token_dialect') ?? 'access_token'
  const typ = Object.hasOwn(TYPES, dialect) ? TYPES[dialect] : undefined
  if (typ === undefined || dialect.endsWith('_authz'))
    fields.drop('token_dialect', 'adds permissions of people to tokens')
  else fields.mapped('token_dialect', 'apis[].token.typ')
  return { ...(lifetime !== undefined && { lifetime }), ...(isKnown && { algorithm }), ...(typ && { typ }) }
}
