import { isObject } from '../../platform/json.ts'
import type { ClientDraft, CredentialDraft, Draft } from '../draft/draft.ts'
import { Fields } from '../draft/fields.ts'
import type { Importer } from '../draft/importer.ts'
import { idOf, itemsOf } from '../draft/shape.ts'
import { importApis } from './apis.ts'
import { DROPPED, DROPPED_OF_GRANTS, EXPECTED } from './formats.ts'

type Item = Readonly<Record<string, unknown>>

/** The parts of an export, each by the names that the Management API and the Deploy CLI give it. */
const CLIENTS = ['clients']
const GRANTS = ['clientGrants', 'client_grants']
const APIS = ['resourceServers', 'resource_servers']

/** Reads the applications of a tenant of Auth0, with its APIs. */
export const importAuth0: Importer = (parsed, draft) => {
  const items = itemsOf(parsed, CLIENTS, (one) => 'client_id' in one, EXPECTED)
  const known = importApis(listIn(parsed, APIS), draft)
  const grants = listIn(parsed, GRANTS)
  const names = new Map(items.map((item) => [item['name'], item['client_id']]))
  // The Deploy CLI names the application of a grant by its name.
  const byClient = Map.groupBy(grants, ({ client_id: id }) => names.get(id) ?? id)
  for (const [index, item] of items.entries()) {
    const { id, name } = idOf(item, 'client_id', index)
    if (id === undefined) draft.leaveOut(name, 'it has no client_id: the Deploy CLI needs --export_ids=true')
    else
      importClient(new Fields(item, 'clients[]', id, draft.notes), id, { draft, known, grants: byClient.get(id) ?? [] })
  }
  const ids = new Set(items.map((item) => item['client_id']))
  for (const [client, all] of byClient)
    if (!ids.has(client))
      for (const item of all)
        new Fields(item, 'clientGrants[]', String(client).slice(0, 100), draft.notes).drop(
          'client_id',
          'is no application of this export',
        )
}

const listIn = (parsed: unknown, names: readonly string[]): readonly Item[] => {
  const list = isObject(parsed) ? names.map((name) => parsed[name]).find(Array.isArray) : undefined
  return list?.filter(isObject) ?? []
}

interface Means {
  readonly draft: Draft
  readonly known: ReadonlyMap<string, { readonly scopes: readonly string[] }>
  /** The client grants of the application. */
  readonly grants: readonly Item[]
}

function importClient(fields: Fields, id: string, { draft, known, grants }: Means): void {
  fields.text('client_id', 'client_id')
  const method = fields.text('token_endpoint_auth_method')
  const grantTypes = fields.texts('grant_types') ?? []
  const reason = whyNot(fields, method, grantTypes)
  if (reason !== undefined) {
    draft.leaveOut(id, reason)
    return
  }
  if (grantTypes.length > 1)
    fields.drop('grant_types', 'all but client_credentials belong to grants that Tessera does not have')
  const metadata = fields.object('client_metadata') === undefined ? undefined : fields.any('client_metadata')
  if (metadata !== undefined) fields.mapped('client_metadata', 'metadata')
  fields.differs('client_id', 'the `sub` of its tokens stays the client id and @clients: subject')
  const { methods, credentials } = authenticationOf(fields, method)
  const settings = {
    name: fields.text('name', 'name'),
    description: fields.text('description', 'description'),
    subject: `${id}@clients`,
    metadata,
    auth_methods: methods,
    require: fields.flag('require_proof_of_possession', 'require') === true ? 'sender_constrained' : undefined,
  }
  const held = grants.flatMap((item) => grantOf(new Fields(item, 'clientGrants[]', id, draft.notes), { draft, known }))
  fields.dropAll(DROPPED)
  fields.end()
  draft.client({ id, settings, credentials, grants: held })
}

function whyNot(fields: Fields, method: string | undefined, grantTypes: readonly string[]): string | undefined {
  if (fields.any('global') === true) return 'it stands for all applications of the tenant'
  if (method === 'none') return 'it is public, and has no credential'
  return grantTypes.includes('client_credentials')
    ? undefined
    : 'it may not use the client credentials grant, but only grants of people'
}

/** @see https://auth0.com/docs/get-started/applications/application-credentials */
function authenticationOf(fields: Fields, method: string | undefined) {
  const strong = fields.object('client_authentication_methods')
  if (strong !== undefined) {
    for (const name of ['private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth'])
      if (strong.any(name) !== undefined)
        strong.drop(
          name,
          'an export has only the ids of its credentials, not the keys: give them as jwks or certificate',
        )
    strong.end()
    fields.dropAll({ 'the client authenticates with keys or a certificate': ['client_secret'] })
    return { credentials: [] }
  }
  const known = method === 'client_secret_basic' || method === 'client_secret_post' ? method : undefined
  if (known !== undefined) fields.mapped('token_endpoint_auth_method', 'auth_methods')
  else if (method !== undefined) fields.drop('token_endpoint_auth_method', 'is a method that Tessera does not have')
  return { ...(known && { methods: [known] }), credentials: secretOf(fields) }
}

function secretOf(fields: Fields): readonly CredentialDraft[] {
  const secret = fields.text('client_secret', 'credentials[].secret')
  if (secret !== undefined) return [{ label: 'auth0', secret }]
  fields.drop('client_secret', 'is not in the export: it needs the permission read:client_keys')
  return []
}

function grantOf(fields: Fields, { draft, known }: Omit<Means, 'grants'>): ClientDraft['grants'] {
  fields.any('client_id')
  const audience = fields.text('audience', 'grants[].api')
  const isOfPeople = fields.text('subject_type') === 'user'
  const isAll = fields.flag('allow_all_scopes') === true
  const wanted = fields.texts('scope') ?? []
  fields.dropAll(DROPPED_OF_GRANTS)
  fields.end()
  if (isOfPeople) fields.drop('subject_type', 'is a grant on behalf of people')
  if (audience === undefined || isOfPeople) return []
  const api = known.has(audience) ? draft.api(audience, fields, 'audience') : undefined
  if (api === undefined) {
    fields.drop('audience', 'is no API of this export, or one of Auth0 itself')
    return []
  }
  const scopes = isAll ? (known.get(audience)?.scopes ?? []) : wanted
  if (scopes.length === 0) fields.differs('scope', 'is empty: a client needs a scope at an API to get tokens for it')
  else fields.mapped(isAll ? 'allow_all_scopes' : 'scope', 'grants[].scopes')
  return [{ api: audience, scopes: draft.scopes(api, scopes, fields, 'scope') }]
}
