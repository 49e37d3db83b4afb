import { clientAuthMethodNames } from '../client-auth/methods.ts'
import type { Endpoint } from '../http/message.ts'
import { tokenGrantTypes } from '../oauth/grant-types.ts'
import { endpointPaths } from './paths.ts'

/** Authorization server metadata (RFC 8414 §2), from the tables that the endpoints themselves use. */
export function metadataEndpoint(issuer: string): Endpoint {
  const url = (path: string): string => issuer + path
  const body = JSON.stringify({
    issuer,
    token_endpoint: url(endpointPaths.token),
    // Some clients refuse metadata without one (docs/decisions/0004-authorization-endpoint.md).
    authorization_endpoint: url(endpointPaths.authorization),
    jwks_uri: url(endpointPaths.keys[0]),
    response_types_supported: [],
    grant_types_supported: tokenGrantTypes,
    token_endpoint_auth_methods_supported: clientAuthMethodNames,
    introspection_endpoint: url(endpointPaths.introspection),
    introspection_endpoint_auth_methods_supported: clientAuthMethodNames,
    introspection_signing_alg_values_supported: ['ES256'],
    revocation_endpoint: url(endpointPaths.revocation),
    revocation_endpoint_auth_methods_supported: clientAuthMethodNames,
  })
  const response = {
    status: 200,
    headers: { 'Content-Type': 'application/json', 'Cache-Control': 'public, max-age=300' },
    body,
  }
  return () => response
}
