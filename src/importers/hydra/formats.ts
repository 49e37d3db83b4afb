import type { Dropped } from '../draft/fields.ts'
import { LOG_IN } from '../draft/reasons.ts'

/**
 * The OAuth 2.0 client of Ory Hydra's admin API, `GET /admin/clients` or `hydra list oauth2-clients --format json`.
 * @see https://www.ory.com/docs/hydra/reference/api#tag/oAuth2/operation/listOAuth2Clients
 */
export const EXPECTED =
  'it must be the JSON of `hydra list oauth2-clients`, a list of clients or one client with a client_id (docs/migrating/hydra.md)'

const ELSEWHERE = 'is a lifetime of another grant'

/** The fields that have no meaning here. */
export const DROPPED: Dropped = {
  [LOG_IN]: [
    'redirect_uris',
    'response_types',
    'post_logout_redirect_uris',
    'request_uris',
    'request_object_signing_alg',
    'userinfo_signed_response_alg',
    'sector_identifier_uri',
    'frontchannel_logout_uri',
    'frontchannel_logout_session_required',
    'backchannel_logout_uri',
    'backchannel_logout_session_required',
    'skip_consent',
    'skip_logout_consent',
    'consent_uri',
    'policy_uri',
    'tos_uri',
    'client_uri',
    'logo_uri',
    'allowed_cors_origins',
  ],
  [ELSEWHERE]: [
    'authorization_code_grant_access_token_lifespan',
    'authorization_code_grant_id_token_lifespan',
    'authorization_code_grant_refresh_token_lifespan',
    'implicit_grant_access_token_lifespan',
    'implicit_grant_id_token_lifespan',
    'jwt_bearer_grant_access_token_lifespan',
    'refresh_token_grant_access_token_lifespan',
    'refresh_token_grant_id_token_lifespan',
    'refresh_token_grant_refresh_token_lifespan',
    'device_authorization_grant_access_token_lifespan',
    'device_authorization_grant_id_token_lifespan',
    'device_authorization_grant_refresh_token_lifespan',
  ],
  'is known to Hydra alone': ['created_at', 'updated_at', 'pk', 'registration_access_token', 'registration_client_uri'],
  'has no place here: put it into the description or the metadata': ['contacts'],
}
