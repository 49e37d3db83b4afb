import type { Dropped } from '../draft/fields.ts'
import { LOG_IN } from '../draft/reasons.ts'

/**
 * OAuth clients of PingFederate's administrative API, `GET /pf-admin-api/v1/oauth/clients`.
 * @see https://docs.pingidentity.com/pingfederate/latest/developers_reference_guide/pf_admin_api.html
 * @see https://registry.terraform.io/providers/pingidentity/pingfederate/latest/docs/resources/oauth_client
 */
export const EXPECTED =
  'it must be the JSON of GET /pf-admin-api/v1/oauth/clients, a list of clients or one client with a clientId (docs/migrating/pingfederate.md)'

const REFRESH = 'is about refresh tokens and persistent grants, which client credentials do not have'

/** The fields of a client that have no meaning here. */
export const DROPPED: Dropped = {
  [LOG_IN]: [
    'redirectUris',
    'logoUrl',
    'oidcPolicy',
    'bypassApprovalPage',
    'requirePushedAuthorizationRequests',
    'requireProofKeyForCodeExchange',
    'requireJwtSecuredAuthorizationResponseMode',
    'restrictedResponseTypes',
    'requireSignedRequests',
    'requestObjectSigningAlgorithm',
    'allowAuthenticationApiInit',
    'enableCookielessAuthenticationApi',
    'requestPolicyRef',
    'cibaDeliveryMode',
    'cibaNotificationEndpoint',
    'cibaPollingInterval',
    'cibaRequireSignedRequests',
    'cibaRequestObjectSigningAlgorithm',
    'cibaUserCodeSupported',
    'deviceFlowSettingType',
    'devicePollingIntervalOverride',
    'bypassActivationCodeConfirmationOverride',
    'pendingAuthorizationTimeoutOverride',
    'userAuthorizationUrlOverride',
    'jwtSecuredAuthorizationResponseModeSigningAlgorithm',
    'jwtSecuredAuthorizationResponseModeEncryptionAlgorithm',
    'jwtSecuredAuthorizationResponseModeContentEncryptionAlgorithm',
    'lockoutMaxMaliciousActions',
    'lockoutMaxMaliciousActionsType',
    'offlineAccessRequireConsentPrompt',
  ],
  [REFRESH]: [
    'refreshRolling',
    'refreshTokenRollingInterval',
    'refreshTokenRollingIntervalType',
    'refreshTokenRollingIntervalTimeUnit',
    'refreshTokenRollingGracePeriod',
    'refreshTokenRollingGracePeriodType',
    'requireOfflineAccessScopeToIssueRefreshTokens',
    'persistentGrantExpirationType',
    'persistentGrantExpirationTime',
    'persistentGrantExpirationTimeUnit',
    'persistentGrantIdleTimeoutType',
    'persistentGrantIdleTimeout',
    'persistentGrantIdleTimeoutTimeUnit',
    'persistentGrantReuseType',
    'persistentGrantReuseGrantTypes',
  ],
  'the API decides the lifetime, claims and format of its tokens: token of the API': [
    'defaultAccessTokenManagerRef',
    'restrictToDefaultAccessTokenManager',
  ],
  'Tessera keeps a former secret for the overlap of `tessera credentials rotate`': [
    'clientSecretRetentionPeriod',
    'clientSecretRetentionPeriodType',
  ],
  'token exchange is a grant that Tessera does not have': ['tokenExchangeProcessorPolicyRef'],
  'has no counterpart here': [
    'authorizationDetailTypes',
    'tokenIntrospectionSigningAlgorithm',
    'tokenIntrospectionEncryptionAlgorithm',
    'tokenIntrospectionContentEncryptionAlgorithm',
  ],
  'is known to PingFederate alone': [
    'modificationDate',
    'creationDate',
    'clientSecretChangedTime',
    'replicationStatus',
  ],
}
