import type { Dropped } from '../draft/fields.ts'
import { LOG_IN } from '../draft/reasons.ts'

/**
 * A realm of Keycloak, as `kc.sh export` or the partial export of its console writes it.
 * @see https://www.keycloak.org/docs-api/latest/rest-api/index.html#RealmRepresentation
 * @see https://www.keycloak.org/server/importExport
 */
export const EXPECTED =
  'it must be the JSON of one realm, with its clients, as `kc.sh export --realm` writes it (docs/migrating/keycloak.md)'

/** The clients that each realm has for Keycloak itself. */
export const BUILT_IN: ReadonlySet<string> = new Set([
  'account',
  'account-console',
  'admin-cli',
  'broker',
  'realm-management',
  'security-admin-console',
])

const OWN = 'is known to Keycloak alone'

/** The fields of a client (ClientRepresentation) that have no meaning here. */
export const DROPPED: Dropped = {
  [LOG_IN]: [
    'rootUrl',
    'baseUrl',
    'adminUrl',
    'redirectUris',
    'webOrigins',
    'standardFlowEnabled',
    'implicitFlowEnabled',
    'directAccessGrantsEnabled',
    'directGrantsOnly',
    'consentRequired',
    'alwaysDisplayInConsole',
    'frontchannelLogout',
    'authenticationFlowBindingOverrides',
    'origin',
  ],
  [OWN]: [
    'id',
    'surrogateAuthRequired',
    'nodeReRegistrationTimeout',
    'registeredNodes',
    'registrationAccessToken',
    'access',
    'type',
    'clientTemplate',
    'useTemplateConfig',
    'useTemplateScope',
    'useTemplateMappers',
    'defaultRoles',
  ],
  'is about roles, which are no scopes: grant scopes instead': ['fullScopeAllowed'],
  'is the authorization service of Keycloak, which Tessera does not have': [
    'authorizationServicesEnabled',
    'authorizationSettings',
  ],
}

/** The attributes of a client that have no meaning here (OIDCConfigAttributes). */
export const DROPPED_ATTRIBUTES: Dropped = {
  [LOG_IN]: [
    'acr.loa.map',
    'acr.uri.map',
    'backchannel.logout.url',
    'backchannel.logout.session.required',
    'backchannel.logout.revoke.offline.tokens',
    'frontchannel.logout.url',
    'frontchannel.logout.session.required',
    'post.logout.redirect.uris',
    'pkce.code.challenge.method',
    'login_theme',
    'display.on.consent.screen',
    'consent.screen.text',
    'logoUri',
    'policyUri',
    'tosUri',
    'request.uris',
    'request.object.required',
    'request.object.signature.alg',
    'request.object.encryption.alg',
    'request.object.encryption.enc',
    'require.pushed.authorization.requests',
    'authorization.signed.response.alg',
    'authorization.encrypted.response.alg',
    'authorization.encrypted.response.enc',
    'id.token.signed.response.alg',
    'id.token.encrypted.response.alg',
    'id.token.encrypted.response.enc',
    'id.token.as.detached.signature',
    'user.info.response.signature.alg',
    'user.info.encrypted.response.alg',
    'user.info.encrypted.response.enc',
    'oauth2.device.authorization.grant.enabled',
    'oidc.ciba.grant.enabled',
    'exclude.session.state.from.auth.response',
    'client.session.idle.timeout',
    'client.session.max.lifespan',
    'client.offline.session.idle.timeout',
    'client.offline.session.max.lifespan',
    'use.refresh.tokens',
    'realm_client',
  ],
  [OWN]: ['client.secret.creation.time', 'client.introspection.response.allow.jwt.claim.enabled'],
  'no refresh token comes with client credentials (RFC 6749 §4.4.3)': ['client_credentials.use_refresh_token'],
  'the API decides the algorithm of its tokens: token.algorithm of the API': ['access.token.signed.response.alg'],
  'the API decides the `typ` of its tokens: token.typ of the API': ['access.token.header.type.rfc9068'],
  'token exchange is a grant that Tessera does not have': [
    'standard.token.exchange.enabled',
    'standard.token.exchange.enableRefreshRequestedTokenType',
  ],
}

/** Parts of a realm with settings of clients in general. Everything else of it is about people, or about Keycloak. */
export const REALM_PARTS = ['clients', 'clientScopes', 'users', 'realm'] as const
