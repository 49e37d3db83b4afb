import { isObject } from '../../platform/json.ts'
import { UserError } from '../../platform/user-error.ts'
import type { Draft } from '../draft/draft.ts'
import { Fields } from '../draft/fields.ts'
import type { Importer } from '../draft/importer.ts'
import { idOf } from '../draft/shape.ts'
import { audiencesOf, type ClientScope, clientScopesOf, grantsOf } from './access.ts'
import { authenticationOf } from './credentials.ts'
import { BUILT_IN, DROPPED, DROPPED_ATTRIBUTES, EXPECTED, REALM_PARTS } from './formats.ts'

/** The parts of a realm that its clients depend on. */
interface Realm {
  readonly draft: Draft
  readonly scopes: ReadonlyMap<string, ClientScope>
  /** The ids of the users that stand for clients, which are the `sub` of their tokens. */
  readonly subjects: ReadonlyMap<string, string>
  /** Seconds. */
  readonly lifetime: number | undefined
  readonly fallback: string | undefined
}

/** Reads the clients of a realm of Keycloak. */
export const importKeycloak: Importer = (parsed, draft, { audience: fallback }) => {
  const [only, ...others] = Array.isArray(parsed) ? parsed : [parsed]
  if (others.length > 0) throw new UserError('this export has several realms: import each from a file of its own')
  if (!isObject(only) || !Array.isArray(only['clients'])) throw new UserError(`this is no such export: ${EXPECTED}`)
  const fields = new Fields(only, '', 'realm', draft.notes)
  const realm: Realm = {
    draft,
    scopes: clientScopesOf(fields),
    subjects: subjectsOf(fields),
    lifetime: fields.number('accessTokenLifespan', 'token.lifetime'),
    fallback,
  }
  for (const [index, item] of only['clients'].entries()) {
    const { id, name } = isObject(item) ? idOf(item, 'clientId', index) : idOf({}, 'clientId', index)
    if (!isObject(item) || id === undefined) draft.leaveOut(name, 'it has no clientId')
    else importClient(new Fields(item, 'clients[]', id, draft.notes), id, realm)
  }
  for (const name of Object.keys(only)) if (!REALM_PARTS.some((part) => part === name)) fields.any(name)
  fields.any('clients')
  fields.any('realm')
  draft.notes.add({
    outcome: 'dropped',
    path: 'realm',
    text: 'its people, roles, keys, log-in flows, identity providers and other settings are not read',
    subject: 'realm',
  })
}

function subjectsOf(realm: Fields): ReadonlyMap<string, string> {
  const subjects = new Map<string, string>()
  for (const user of realm.objects('users')) {
    const client = user.text('serviceAccountClientId')
    const id = client === undefined ? undefined : user.text('id')
    if (client !== undefined && id !== undefined) subjects.set(client, id)
  }
  return subjects
}

function importClient(fields: Fields, id: string, { draft, subjects, lifetime, ...means }: Realm): void {
  fields.text('clientId', 'client_id')
  const reason = whyNot(fields, id)
  if (reason !== undefined) {
    draft.leaveOut(id, reason)
    return
  }
  const attributes = fields.object('attributes')
  const { methods, credentials } = authenticationOf(fields, attributes)
  const { audiences, claims } = audiencesOf(fields)
  const subject = subjects.get(id)
  if (subject === undefined)
    fields.differs(
      'serviceAccountsEnabled',
      'the `sub` of its tokens is the client id: the export has no user of the client',
    )
  else fields.mapped('serviceAccountsEnabled', 'subject, the id of the user that stands for the client')
  const settings = {
    name: fields.text('name', 'name'),
    description: fields.text('description', 'description'),
    enabled: fields.flag('enabled', 'enabled') ?? true,
    subject,
    auth_methods: methods,
    token: tokenOf(attributes, lifetime, claims),
    require: attributes?.text('dpop.bound.access.tokens', 'require') === 'true' ? 'dpop' : undefined,
    tls_client_certificate_bound_access_tokens:
      attributes?.text('tls.client.certificate.bound.access.tokens', 'tls_client_certificate_bound_access_tokens') ===
      'true'
        ? true
        : undefined,
  }
  const grants = grantsOf(fields, audiences, { draft, ...means })
  if (fields.number('notBefore')) fields.drop('notBefore', 'revokes tokens of Keycloak, which Tessera has not issued')
  fields.dropAll(DROPPED)
  fields.end()
  attributes?.dropAll(DROPPED_ATTRIBUTES)
  attributes?.end()
  draft.client({ id, settings, credentials, grants })
}

function whyNot(fields: Fields, id: string): string | undefined {
  const protocol = fields.text('protocol') ?? 'openid-connect'
  const isPublic = fields.flag('publicClient') === true
  const isBearerOnly = fields.flag('bearerOnly') === true
  const hasServiceAccount = fields.flag('serviceAccountsEnabled') === true
  if (BUILT_IN.has(id) || id.endsWith('-realm')) return 'it is built into Keycloak'
  if (protocol !== 'openid-connect') return 'it does not use OpenID Connect'
  if (isBearerOnly)
    return 'it is an API that gets no tokens (bearerOnly): its audience becomes an API where a client has it'
  if (isPublic) return 'it is public, and has no credential'
  return hasServiceAccount ? undefined : 'it has no service account, and only logs people in'
}

/** The lifetime of a client goes before that of its realm. */
function tokenOf(
  attributes: Fields | undefined,
  ofRealm: number | undefined,
  claims: Readonly<Record<string, unknown>>,
) {
  const text = attributes?.text('access.token.lifespan')
  const own = text !== undefined && /^\d{1,9}$/.test(text) && Number(text) > 0 ? Number(text) : undefined
  if (own !== undefined) attributes?.mapped('access.token.lifespan', 'token.lifetime')
  else if (text !== undefined) attributes?.drop('access.token.lifespan', 'is not a number of seconds')
  const lifetime = own ?? ofRealm
  const token = { ...(lifetime !== undefined && { lifetime }), ...(Object.keys(claims).length > 0 && { claims }) }
  return Object.keys(token).length > 0 ? token : undefined
}
