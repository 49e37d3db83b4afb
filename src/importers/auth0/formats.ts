import type { Dropped } from '../draft/fields.ts'
import { LOG_IN } from '../draft/reasons.ts'

/**
 * Applications of Auth0, as its Management API or its Deploy CLI writes them, with client grants and resource servers.
 * @see https://auth0.com/docs/api/management/v2/clients/get-clients
 * @see https://auth0.com/docs/api/management/v2/client-grants/get-client-grants
 * @see https://auth0.com/docs/api/management/v2/resource-servers/get-resource-servers
 */
export const EXPECTED =
  'it must be the JSON of the applications, or an object with clients, clientGrants and resourceServers (docs/migrating/auth0.md)'

const OWN = 'is known to Auth0 alone'

/** The fields of an application that have no meaning here. */
export const DROPPED: Dropped = {
  [LOG_IN]: [
    'callbacks',
    'allowed_origins',
    'web_origins',
    'allowed_logout_urls',
    'initiate_login_uri',
    'logo_uri',
    'refresh_token',
    'default_organization',
    'organization_usage',
    'organization_require_behavior',
    'organization_discovery_methods',
    'oidc_logout',
    'oidc_backchannel_logout',
    'cross_origin_auth',
    'cross_origin_authentication',
    'cross_origin_loc',
    'custom_login_page',
    'custom_login_page_on',
    'custom_login_page_preview',
    'form_template',
    'sso',
    'sso_disabled',
    'addons',
    'mobile',
    'native_social_login',
    'client_aliases',
    'session_transfer',
    'require_pushed_authorization_requests',
    'signed_request_object',
    'skip_non_verifiable_callback_uri_confirmation_prompt',
    'async_approval_notification_channels',
    'compliance_level',
  ],
  'signs ID tokens, which Tessera does not have': ['jwt_configuration', 'encryption_key', 'signing_keys'],
  [OWN]: [
    'tenant',
    'global',
    'callback_url_template',
    'is_first_party',
    'oidc_conformant',
    'app_type',
    'owners',
    'created_at',
    'updated_at',
  ],
  'has no counterpart here': ['is_token_endpoint_ip_header_trusted'],
  'limits the number of tokens; Tessera does not': ['token_quota'],
  'token exchange is a grant that Tessera does not have': ['token_exchange'],
}

/** The fields of a resource server that have no meaning here. */
export const DROPPED_OF_APIS: Dropped = {
  [LOG_IN]: [
    'allow_offline_access',
    'skip_consent_for_verifiable_first_party_clients',
    'token_lifetime_for_web',
    'consent_policy',
  ],
  [OWN]: ['id', 'is_system', 'client', 'client_id', 'created_at', 'updated_at'],
  'is a key of Auth0: Tessera has keys of its own': ['signing_secret'],
  'adds permissions of people to tokens': ['enforce_policies'],
  'is not encrypted here': ['token_encryption'],
  'has no counterpart here': ['authorization_details', 'subject_type_authorization', 'verificationLocation', 'options'],
}

/** The fields of a client grant that have no meaning here. */
export const DROPPED_OF_GRANTS: Dropped = {
  [LOG_IN]: ['organization_usage', 'allow_any_organization'],
  [OWN]: ['id', 'is_system', 'created_at', 'updated_at'],
  'has no counterpart here': ['authorization_details_types'],
}
