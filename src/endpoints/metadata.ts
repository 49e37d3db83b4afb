import type { HttpResponse } from '../http/message.ts'
import { signingAlgorithms } from '../oauth/algorithms.ts'
import { clientAuthMethodNames } from '../oauth/client-auth-methods.ts'
import { tokenGrantTypes } from '../oauth/grant-types.ts'
import { endpointPaths } from './paths.ts'

/** The configured parts of the metadata; they may change. */
export interface MetadataServices {
  readonly issuer: string
  /** The algorithms that may sign a client assertion. */
  readonly assertionAlgorithms: readonly string[]
  /** The algorithms that may sign a DPoP proof. */
  readonly proofAlgorithms: readonly string[]
}

/** Authorization server metadata (RFC 8414 §2). */
export const authorizationServerMetadata = (services: MetadataServices) => answering(() => metadata(services))

/**
 * The same as an OpenID Connect Discovery 1.0 §3 document, with the members that it requires beyond RFC 8414. There are no ID
 * tokens. Clients that require their algorithms take them for those of access tokens, so all of these are listed, even if no API
 * uses one yet.
 */
export const openidConfiguration = (services: MetadataServices) =>
  answering(() => ({
    ...metadata(services),
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: signingAlgorithms,
    // The default is true (§3).
    request_uri_parameter_supported: false,
  }))

/** From the tables that the endpoints themselves use. */
function metadata({ issuer, assertionAlgorithms, proofAlgorithms }: MetadataServices) {
  const url = (path: string): string => issuer + path
  const authentication = (endpoint: string) => authenticationAt(endpoint, assertionAlgorithms)
  return {
    issuer,
    token_endpoint: url(endpointPaths.token),
    // Some clients refuse metadata without these two (docs/decisions/0004-authorization-endpoint.md).
    authorization_endpoint: url(endpointPaths.authorization),
    response_types_supported: [],
    jwks_uri: url(endpointPaths.keys[0]),
    grant_types_supported: tokenGrantTypes,
    ...authentication('token_endpoint'),
    introspection_endpoint: url(endpointPaths.introspection),
    ...authentication('introspection_endpoint'),
    introspection_signing_alg_values_supported: ['ES256'],
    revocation_endpoint: url(endpointPaths.revocation),
    ...authentication('revocation_endpoint'),
    dpop_signing_alg_values_supported: proofAlgorithms,
    tls_client_certificate_bound_access_tokens: true,
  }
}

/** Those that are registered (RFC 8414 §5); a token of an outside issuer goes by the name of `private_key_jwt`. */
const registered = clientAuthMethodNames.filter((name) => name !== 'federated_jwt')

/** How clients may authenticate at an endpoint: the same at all of them. */
const authenticationAt = (endpoint: string, algorithms: readonly string[]) => ({
  [`${endpoint}_auth_methods_supported`]: registered,
  [`${endpoint}_auth_signing_alg_values_supported`]: algorithms,
})

const answering = (document: () => object) => (): HttpResponse => ({
  status: 200,
  headers: { 'Content-Type': 'application/json', 'Cache-Control': 'public, max-age=300' },
  body: JSON.stringify(document()),
})
