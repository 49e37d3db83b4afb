import type { Api, Scope } from '../../model/api.ts'
import type { Client } from '../../model/client.ts'
import { Audience, ClientId } from '../../oauth/ids.ts'
import type { ManifestApi, ManifestClient } from './schema.ts'

/** An API as the manifest describes it. */
export const toApi = ({ audience, name, scopes, token, require }: ManifestApi): Api => ({
  audience: Audience(audience),
  name,
  scopes: scopes.map(toScope),
  token: withoutUndefined(token),
  require,
})

const toScope = ({
  name,
  description,
  common,
  on_request: onRequest,
  wildcard,
  includes,
}: ManifestApi['scopes'][number]): Scope =>
  withoutUndefined({ name, description, common, onRequest, wildcard, includes })

/** A client as the manifest describes it, without its credentials. */
export const toClient = (wanted: ManifestClient): Omit<Client, 'credentials'> => ({
  id: ClientId(wanted.client_id),
  name: wanted.name,
  description: wanted.description,
  owner: wanted.owner,
  tags: wanted.tags,
  metadata: wanted.metadata,
  enabled: wanted.enabled,
  subject: wanted.subject,
  grantTypes: wanted.grant_types,
  scopes: wanted.scopes,
  restrictScopes: wanted.restrict_scopes,
  defaultScopes: wanted.default_scopes,
  grants: wanted.grants.map(({ api, scopes, default_scopes: defaultScopes }) => ({
    api: Audience(api),
    scopes,
    defaultScopes,
  })),
  defaultApi: wanted.default_api === undefined ? undefined : Audience(wanted.default_api),
  token: withoutUndefined(wanted.token),
  introspects: wanted.introspects === 'all' ? 'all' : wanted.introspects.map(Audience),
  authentication: withoutUndefined({ methods: wanted.auth_methods, assertion_audience: wanted.assertion_audience }),
  require: wanted.require,
  bindsToCertificate: wanted.tls_client_certificate_bound_access_tokens,
})

type Defined<Shape> = { [Key in keyof Shape]: Exclude<Shape[Key], undefined> }

/** A copy without the members that are undefined, so that it compares equal to the value that the database returns. */
export const withoutUndefined = <Shape extends object>(shape: Shape): Defined<Shape> =>
  Object.fromEntries(Object.entries(shape).filter(([, value]) => value !== undefined)) as Defined<Shape>
