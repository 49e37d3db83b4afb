import type { ClientDraft, Draft } from '../draft/draft.ts'
import { Fields } from '../draft/fields.ts'
import type { Importer } from '../draft/importer.ts'
import { idOf, itemsOf } from '../draft/shape.ts'
import { authenticationOf } from './credentials.ts'
import { DROPPED, EXPECTED } from './formats.ts'

const TOKENS = 'CLIENT_CREDENTIALS'
const VALIDATION = 'ACCESS_TOKEN_VALIDATION'

/** Reads OAuth clients of PingFederate. */
export const importPingFederate: Importer = (parsed, draft, { audience }) => {
  const items = itemsOf(parsed, ['items', 'clients'], (one) => 'clientId' in one, EXPECTED)
  for (const [index, item] of items.entries()) {
    const { id, name } = idOf(item, 'clientId', index)
    if (id === undefined) draft.leaveOut(name, 'it has no clientId')
    else importClient(new Fields(item, 'clients[]', id, draft.notes), id, draft, audience)
  }
}

function importClient(fields: Fields, id: string, draft: Draft, audience: string | undefined): void {
  fields.text('clientId', 'client_id')
  const grantTypes = fields.texts('grantTypes') ?? []
  const auth = fields.object('clientAuth')
  const isUseful = grantTypes.includes(TOKENS) || grantTypes.includes(VALIDATION)
  if (auth === undefined || (auth.text('type') ?? 'NONE') === 'NONE' || !isUseful) {
    draft.leaveOut(
      id,
      isUseful ? 'it is public, and has no credential' : 'it may not use client credentials, but only grants of people',
    )
    return
  }
  if (grantTypes.some((type) => type !== TOKENS && type !== VALIDATION))
    fields.drop(
      'grantTypes',
      'all but CLIENT_CREDENTIALS and ACCESS_TOKEN_VALIDATION belong to grants that Tessera does not have',
    )
  if (grantTypes.includes(TOKENS)) fields.mapped('grantTypes', 'grant_types')
  const { methods, credentials } = authenticationOf(fields, auth)
  const parameters = fields.any('extendedParameters')
  const hasParameters = typeof parameters === 'object' && Object.keys(parameters ?? {}).length > 0
  if (hasParameters) fields.mapped('extendedParameters', 'metadata')
  const settings = {
    name: fields.text('name', 'name'),
    description: fields.text('description', 'description'),
    enabled: fields.flag('enabled', 'enabled') ?? true,
    grant_types: grantTypes.includes(TOKENS) ? undefined : [],
    metadata: hasParameters ? parameters : undefined,
    auth_methods: methods,
    require: fields.flag('requireDpop') === true ? 'dpop' : undefined,
    introspects: introspectsOf(fields, grantTypes, draft, audience),
  }
  if (settings.require !== undefined) fields.mapped('requireDpop', 'require')
  const grants = grantsOf(fields, draft, audience)
  fields.dropAll(DROPPED)
  fields.dropAll({
    'the client does not authenticate with keys': methods?.[0] === 'private_key_jwt' ? [] : ['jwksSettings'],
  })
  fields.end()
  draft.client({ id, settings, credentials, grants })
}

/** The APIs whose tokens the client may validate. An export names access token managers, and no APIs. */
function introspectsOf(fields: Fields, grantTypes: readonly string[], draft: Draft, audience: string | undefined) {
  const isAll = fields.flag('validateUsingAllEligibleAtms') === true
  if (!grantTypes.includes(VALIDATION)) return undefined
  if (isAll) {
    fields.mapped('validateUsingAllEligibleAtms', 'introspects')
    return 'all'
  }
  const api = audience === undefined ? undefined : draft.api(audience, fields, 'grantTypes')
  if (api === undefined) {
    fields.drop('grantTypes', 'no audience is known whose tokens the client may validate: give one with --audience')
    return undefined
  }
  fields.mapped('grantTypes', 'introspects')
  return [api.audience]
}

function grantsOf(fields: Fields, draft: Draft, audience: string | undefined): ClientDraft['grants'] {
  const isRestricted = fields.flag('restrictScopes') === true
  const common = fields.texts('restrictedScopes') ?? []
  const exclusive = fields.texts('exclusiveScopes') ?? []
  if (!isRestricted)
    fields.differs(
      'restrictScopes',
      'the client may have every common scope there, which an export does not list: list them',
    )
  const wanted = [
    ['restrictedScopes', isRestricted ? common : []],
    ['exclusiveScopes', exclusive],
  ] as const
  return wanted.flatMap(([field, scopes]) => {
    if (scopes.length === 0) return []
    if (audience === undefined) {
      fields.drop(field, 'an export names no audience: give one with --audience')
      return []
    }
    const api = draft.api(audience, fields, field)
    if (api === undefined) return []
    const held = draft.scopes(api, scopes, fields, field)
    if (held.length > 0) fields.mapped(field, 'grants[].scopes')
    return [{ api: audience, scopes: held }]
  })
}
