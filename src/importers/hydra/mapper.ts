import type { CredentialDraft, Draft } from '../draft/draft.ts'
import { Fields } from '../draft/fields.ts'
import type { Importer } from '../draft/importer.ts'
import { idOf, itemsOf } from '../draft/shape.ts'
import { DROPPED, EXPECTED } from './formats.ts'

const METHODS = ['client_secret_basic', 'client_secret_post', 'private_key_jwt']

/** Reads clients of Ory Hydra. */
export const importHydra: Importer = (parsed, draft, { audience }) => {
  const items = itemsOf(parsed, ['items', 'clients'], (one) => 'client_id' in one, EXPECTED)
  for (const [index, item] of items.entries()) {
    const { id, name } = idOf(item, 'client_id', index)
    if (id === undefined) draft.leaveOut(name, 'it has no client_id')
    else importClient(new Fields(item, 'clients[]', id, draft.notes), id, draft, audience)
  }
}

function importClient(fields: Fields, id: string, draft: Draft, fallback: string | undefined): void {
  fields.text('client_id', 'client_id')
  const method = fields.text('token_endpoint_auth_method') ?? 'client_secret_basic'
  const grantTypes = fields.texts('grant_types') ?? ['authorization_code']
  const reason = whyNot(fields.flag('public') === true || method === 'none', grantTypes)
  if (reason !== undefined) {
    draft.leaveOut(id, reason)
    return
  }
  if (grantTypes.length > 1)
    fields.drop('grant_types', 'all but client_credentials belong to grants that Tessera does not have')
  if (METHODS.includes(method)) fields.mapped('token_endpoint_auth_method', 'auth_methods')
  else fields.drop('token_endpoint_auth_method', 'is a method that Tessera does not have')

  const credentials = method === 'private_key_jwt' ? keysOf(fields) : secretOf(fields)
  const owner = fields.text('owner')
  if (owner !== undefined)
    fields.differs('owner', 'becomes owner, the name of a group whose members may change the client')
  const metadata = fields.any('metadata')
  const hasMetadata = typeof metadata === 'object' && Object.keys(metadata ?? {}).length > 0
  if (hasMetadata) fields.mapped('metadata', 'metadata')
  if (fields.text('access_token_strategy') !== undefined)
    fields.drop('access_token_strategy', 'the API decides the format of tokens: token.format of the API')
  if (fields.text('subject_type') === 'pairwise') fields.drop('subject_type', 'a client has one subject for every API')
  const settings = {
    name: fields.text('client_name', 'name'),
    owner,
    metadata: hasMetadata ? metadata : undefined,
    auth_methods: METHODS.includes(method) ? [method] : undefined,
    token: lifetimeOf(fields),
  }
  const grants = grantsOf(fields, draft, fallback)
  fields.dropAll(DROPPED)
  fields.end()
  draft.client({ id, settings, credentials, grants })
}

function whyNot(isPublic: boolean, grantTypes: readonly string[]): string | undefined {
  if (isPublic) return 'it is public, and has no credential'
  if (grantTypes.includes('client_credentials')) return undefined
  return 'it may not use the client credentials grant, but only grants of people'
}

function secretOf(fields: Fields): readonly CredentialDraft[] {
  fields.dropAll({ 'the client authenticates with a secret, not with keys': ['jwks', 'jwks_uri'] })
  fields.any('token_endpoint_auth_signing_alg')
  const end = fields.number('client_secret_expires_at') ?? 0
  const secret = fields.text('client_secret')
  if (secret === undefined) {
    fields.drop('client_secret', 'Hydra does not export it: take the hash from its database (docs/migrating/hydra.md)')
    return []
  }
  const isHash = /^\$(?:2[abxyz]?|pbkdf2|argon2)/.test(secret)
  fields.mapped('client_secret', isHash ? 'secret_hash' : 'secret')
  const expires = end > 0 && end < 8e12 / 1_000 ? { expires: new Date(end * 1_000).toISOString() } : {}
  return [{ label: 'hydra', ...expires, ...(isHash ? { secret_hash: secret } : { secret }) }]
}

function keysOf(fields: Fields): readonly CredentialDraft[] {
  fields.dropAll({ 'the client authenticates with keys': ['client_secret'] })
  fields.any('client_secret_expires_at')
  const algorithm = fields.text('token_endpoint_auth_signing_alg', 'credentials[].algorithm')
  const url = fields.text('jwks_uri')
  const jwks = fields.any('jwks')
  if (url !== undefined) {
    fields.mapped('jwks_uri', 'credentials[].jwks_uri')
    return [{ label: 'hydra', jwks_uri: url, algorithm }]
  }
  if (jwks === undefined) return []
  fields.mapped('jwks', 'credentials[].jwks')
  return [{ label: 'hydra', jwks, algorithm }]
}

/** Hydra ties scopes to no audience: a client may ask for each of its scopes at each of its audiences. */
function grantsOf(fields: Fields, draft: Draft, fallback: string | undefined) {
  const scopes = (fields.text('scope') ?? '').split(' ').filter((scope) => scope !== '')
  const listed = fields.texts('audience', 'grants[].api') ?? []
  const audiences = listed.length === 0 && fallback !== undefined ? [fallback] : listed
  if (audiences.length === 0 && scopes.length > 0)
    fields.drop('scope', 'no audience is known for it: give one with --audience')
  return audiences.flatMap((audience) => {
    const api = draft.api(audience, fields, 'audience')
    if (api === undefined) return []
    const held = draft.scopes(api, scopes, fields, 'scope')
    if (held.length > 0) fields.mapped('scope', 'grants[].scopes')
    return [{ api: audience, scopes: held }]
  })
}

const UNITS: Readonly<Record<string, number>> = { h: 3_600, m: 60, s: 1, ms: 1e-3, us: 1e-6, µs: 1e-6, ns: 1e-9 }

/** A duration of Go, such as `1h30m0s` (https://pkg.go.dev/time#ParseDuration), in whole seconds. */
function lifetimeOf(fields: Fields) {
  const text = fields.text('client_credentials_grant_access_token_lifespan')
  if (text === undefined) return undefined
  if (text.length > 64 || !/^(?:\d+(?:\.\d+)?(?:h|ms|m|s|us|µs|ns))+$/.test(text)) {
    fields.drop('client_credentials_grant_access_token_lifespan', 'is not a duration such as 1h30m')
    return undefined
  }
  const parts = [...text.matchAll(/(\d{1,20}(?:\.\d{1,20})?)([a-zµ]{1,2})/g)]
  fields.mapped('client_credentials_grant_access_token_lifespan', 'token.lifetime')
  return {
    lifetime: Math.floor(parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ''] ?? 0), 0)),
  }
}
