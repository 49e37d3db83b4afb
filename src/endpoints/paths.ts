/** The path of each endpoint, below the issuer. The routes and the metadata both use this table. */
export const endpointPaths = {
  token: '/as/token.oauth2',
  introspection: '/as/introspect.oauth2',
  revocation: '/as/revoke_token.oauth2',
  authorization: '/as/authorization.oauth2',
  keys: ['/pf/JWKS', '/.well-known/jwks.json'],
  metadata: '/.well-known/oauth-authorization-server',
  /** Many clients and verifiers know only this path. */
  openidConfiguration: '/.well-known/openid-configuration',
  heartbeat: '/pf/heartbeat.ping',
} as const
