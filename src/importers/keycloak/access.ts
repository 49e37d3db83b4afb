import type { ClientDraft, Draft } from '../draft/draft.ts'
import type { Fields } from '../draft/fields.ts'

/** The mappers that put addresses of a request, or the client id, into tokens of service accounts. */
const OF_SERVICE_ACCOUNTS = new Set(['oidc-usersessionmodel-note-mapper'])

/** A client scope of a realm. */
export interface ClientScope {
  readonly fields: Fields
  readonly description: string | undefined
  /** The audiences that it adds to tokens. */
  readonly audiences: readonly string[]
}

/** The client scopes of a realm, by name. */
export function clientScopesOf(realm: Fields): ReadonlyMap<string, ClientScope> {
  const scopes = new Map<string, ClientScope>()
  for (const unnamed of realm.objects('clientScopes')) {
    const name = unnamed.text('name')
    if (name === undefined) continue
    const fields = unnamed.of(`client scope ${name}`)
    const protocol = fields.text('protocol')
    if (protocol !== undefined && protocol !== 'openid-connect') continue
    const attributes = fields.object('attributes')
    if (attributes?.text('include.in.token.scope') === 'false')
      attributes.differs('include.in.token.scope', 'the scope is in the token here')
    scopes.set(name, { fields, description: fields.text('description'), audiences: audiencesOf(fields).audiences })
  }
  return scopes
}

interface Mapped {
  readonly audiences: readonly string[]
  readonly claims: Readonly<Record<string, unknown>>
}

/**
 * The audiences and the fixed claims of protocol mappers.
 * @see https://www.keycloak.org/docs/latest/server_admin/index.html#_audience
 */
export function audiencesOf(fields: Fields): Mapped {
  const audiences: string[] = []
  const claims: Record<string, unknown> = {}
  for (const mapper of fields.objects('protocolMappers')) {
    const type = mapper.text('protocolMapper') ?? ''
    const config = mapper.object('config')
    const isInToken = config?.any('access.token.claim') === 'true'
    if (type === 'oidc-audience-mapper' && config !== undefined) {
      const audience = config.text('included.client.audience') ?? config.text('included.custom.audience')
      if (!isInToken) mapper.drop('config', 'the audience is not in the access token')
      else if (audience !== undefined) audiences.push(audience)
    } else if (type === 'oidc-hardcoded-claim-mapper' && config !== undefined && isInToken) {
      addClaim(mapper, config, claims)
    } else if (OF_SERVICE_ACCOUNTS.has(type)) {
      mapper.drop('protocolMapper', 'puts facts about the request into the token; client_id is in each token')
    } else if (type === 'oidc-audience-resolve-mapper' || /role/.test(type)) {
      mapper.drop('protocolMapper', 'is about roles, which are no scopes: grant scopes instead')
    } else {
      mapper.drop('protocolMapper', 'is about people, or has no counterpart here')
    }
  }
  return { audiences: [...new Set(audiences)], claims }
}

function addClaim(mapper: Fields, config: Fields, claims: Record<string, unknown>): void {
  const name = config.text('claim.name')
  const value = config.text('claim.value')
  const type = config.text('jsonType.label') ?? 'String'
  if (name === undefined || value === undefined) return
  if (type !== 'String' || name.includes('.'))
    mapper.drop('config', 'is a claim that is not a text, or within another one')
  else {
    Object.defineProperty(claims, name, { value, enumerable: true, configurable: true, writable: true })
    mapper.mapped('config', 'token.claims')
  }
}

interface Means {
  readonly scopes: ReadonlyMap<string, ClientScope>
  readonly draft: Draft
  readonly fallback: string | undefined
}

/**
 * The scopes of a client at each of its audiences. A client scope with audiences is at these; another one is at the audiences of the
 * client itself. Default scopes are granted to each request, optional ones if it asks.
 */
export function grantsOf(
  fields: Fields,
  own: readonly string[],
  { scopes, draft, fallback }: Means,
): ClientDraft['grants'] {
  const grants: ClientDraft['grants'][number][] = []
  const ofClient = own.length === 0 && fallback !== undefined ? [fallback] : own
  for (const [field, isDefault] of [
    ['defaultClientScopes', true],
    ['optionalClientScopes', false],
  ] as const) {
    for (const name of fields.texts(field) ?? []) {
      const scope = scopes.get(name)
      if (scope === undefined) {
        fields.drop(field, 'is not a client scope of OpenID Connect in this export')
        continue
      }
      if (BUILT_IN.has(name)) {
        fields.drop(field, `${name} is built into Keycloak, and puts facts about people or roles into tokens`)
        continue
      }
      const audiences = scope.audiences.length > 0 ? scope.audiences : ofClient
      if (audiences.length === 0)
        fields.drop(field, 'no audience is known for the scope: add an audience mapper, or give --audience')
      for (const audience of audiences) {
        const api = draft.api(audience, fields, field)
        if (api === undefined) continue
        const held = draft.scopes(api, [name], fields, field, () => scope.description)
        if (held.length > 0) fields.mapped(field, isDefault ? 'grants[].default_scopes' : 'grants[].scopes')
        grants.push({ api: audience, scopes: held, ...(isDefault && { defaults: held }) })
      }
    }
  }
  const withDefaults = new Set(grants.flatMap(({ api, defaults = [] }) => (defaults.length > 0 ? [api] : [])))
  if (grants.some(({ api, scopes }) => scopes.length > 0 && !withDefaults.has(api)))
    fields.differs(
      'optionalClientScopes',
      'an API has no default scope: a request that names none gets all of its scopes',
    )
  return grants
}

/** The client scopes that each realm has. */
const BUILT_IN: ReadonlySet<string> = new Set([
  'acr',
  'address',
  'basic',
  'email',
  'microprofile-jwt',
  'offline_access',
  'organization',
  'phone',
  'profile',
  'roles',
  'service_account',
  'web-origins',
])
