import type { HttpResponse } from '../http/message.ts'
import { STATEMENT_ALGORITHM, signingAlgorithms } from '../oauth/algorithms.ts'
import { clientAuthMethodNames } from '../oauth/client-auth-methods.ts'
import type { EndpointAddresses, EndpointName } from '../oauth/endpoints.ts'
import { tokenGrantTypes } from '../oauth/grant-types.ts'

/** The configured parts of the metadata; they may change. */
export interface MetadataServices {
  readonly issuer: string
  readonly addresses: EndpointAddresses
  /** The algorithms that may sign a client assertion. */
  readonly assertionAlgorithms: readonly string[]
  /** The algorithms that may sign a DPoP proof. */
  readonly proofAlgorithms: readonly string[]
}

/** Authorization server metadata (RFC 8414 §2). */
export const authorizationServerMetadata = (services: MetadataServices) => answering(() => metadataOf(services))

/**
 * The metadata as an OpenID Connect Discovery 1.0 §3 document, with the members that it requires beyond RFC 8414. The
 * server issues no ID tokens. Some clients read the ID token algorithms as those of access tokens, so all of these are
 * listed, even if no API uses one yet.
 */
export const openidConfiguration = (services: MetadataServices) =>
  answering(() => ({
    ...metadataOf(services),
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: signingAlgorithms,
    // The default is true (§3).
    request_uri_parameter_supported: false,
  }))

/** The metadata of the authorization server, built from the tables that the endpoints use, so that the two can't differ. */
export function metadataOf({ issuer, addresses, assertionAlgorithms, proofAlgorithms }: MetadataServices) {
  const url = (name: EndpointName): string => addresses.urlsOf(name)[0]
  const authentication = (endpoint: string) => authenticationAt(endpoint, assertionAlgorithms)
  return {
    issuer,
    token_endpoint: url('token'),
    // Some clients refuse metadata without these two (docs/decisions/0004-authorization-endpoint.md).
    authorization_endpoint: url('authorization'),
    response_types_supported: [],
    jwks_uri: url('keys'),
    grant_types_supported: tokenGrantTypes,
    ...authentication('token_endpoint'),
    introspection_endpoint: url('introspection'),
    ...authentication('introspection_endpoint'),
    introspection_signing_alg_values_supported: [STATEMENT_ALGORITHM],
    revocation_endpoint: url('revocation'),
    ...authentication('revocation_endpoint'),
    dpop_signing_alg_values_supported: proofAlgorithms,
    tls_client_certificate_bound_access_tokens: true,
  }
}

/** The registered methods (RFC 8414 §5). A token of an outside issuer is announced as `private_key_jwt`. */
const registered = clientAuthMethodNames.filter((name) => name !== 'federated_jwt')

/** The methods by which clients may authenticate. Every endpoint has the same. */
const authenticationAt = (endpoint: string, algorithms: readonly string[]) => ({
  [`${endpoint}_auth_methods_supported`]: registered,
  [`${endpoint}_auth_signing_alg_values_supported`]: algorithms,
})

const answering = (document: () => object) => (): HttpResponse => ({
  status: 200,
  headers: { 'Content-Type': 'application/json', 'Cache-Control': 'public, max-age=300' },
  body: JSON.stringify(document()),
})
