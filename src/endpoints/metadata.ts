import type { Endpoint } from '../http/message.ts'
import { asymmetricAlgorithms, symmetricAlgorithms } from '../jws/algorithms.ts'
import { clientAuthMethodNames } from '../oauth/client-auth-methods.ts'
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
    ...authentication('token_endpoint'),
    introspection_endpoint: url(endpointPaths.introspection),
    ...authentication('introspection_endpoint'),
    introspection_signing_alg_values_supported: ['ES256'],
    revocation_endpoint: url(endpointPaths.revocation),
    ...authentication('revocation_endpoint'),
    dpop_signing_alg_values_supported: asymmetricAlgorithms,
    tls_client_certificate_bound_access_tokens: true,
  })
  const response = {
    status: 200,
    headers: { 'Content-Type': 'application/json', 'Cache-Control': 'public, max-age=300' },
    body,
  }
  return () => response
}

/** Those that are registered (RFC 8414 §5); a token of an outside issuer goes by the name of `private_key_jwt`. */
const registered = clientAuthMethodNames.filter((name) => name !== 'federated_jwt')

/** How clients may authenticate at an endpoint: the same at all of them. */
const authentication = (endpoint: string) => ({
  [`${endpoint}_auth_methods_supported`]: registered,
  [`${endpoint}_auth_signing_alg_values_supported`]: [...asymmetricAlgorithms, ...symmetricAlgorithms],
})
