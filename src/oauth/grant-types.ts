/** PingFederate's grant type to introspect a token at the token endpoint. */
export const VALIDATE_BEARER = 'urn:pingidentity.com:oauth2:grant_type:validate_bearer'

/** The grants that a client may be allowed, by their RFC 6749 `grant_type`. */
export const grantTypes = ['client_credentials'] as const

export type GrantType = (typeof grantTypes)[number]

/** Every `grant_type` of the token endpoint. */
export const tokenGrantTypes = [...grantTypes, VALIDATE_BEARER] as const

/** The values of `grant_type` that RFCs and OpenID register. */
export const registeredGrantTypes: readonly string[] = [
  ...tokenGrantTypes,
  'authorization_code',
  'implicit',
  'password',
  'refresh_token',
  'urn:ietf:params:oauth:grant-type:jwt-bearer',
  'urn:ietf:params:oauth:grant-type:saml2-bearer',
  'urn:ietf:params:oauth:grant-type:token-exchange',
  'urn:ietf:params:oauth:grant-type:device_code',
  'urn:openid:params:grant-type:ciba',
]
