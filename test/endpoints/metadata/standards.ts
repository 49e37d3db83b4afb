/** The members that metadata may and must have, taken only from the texts of the standards. */

import { z } from 'zod'

const https = z.url({ protocol: /^https$/ })
/** RFC 8414 §3.2, OpenID Connect Discovery 1.0 §4.2: an empty list must be left out. */
const some = z.array(z.string().min(1)).min(1)
/** RFC 8414 §2: "none" must not be used. */
const algorithms = z.array(z.string().regex(/^(?!none$)[\w-]+$/)).min(1)
const endpoint = https.refine((url) => !url.includes('#'), 'no fragment (RFC 6749 §3.1, §3.2)')

/**
 * RFC 8414 §2, and names that RFC 8705 §3.3, RFC 9449 §5.1, RFC 9701 §7 and others registered with IANA ("OAuth
 * Authorization Server Metadata"). The standard requires `response_types_supported` and forbids it to be empty. Clients
 * insist on its presence (docs/decisions/0004-authorization-endpoint.md).
 */
const oauth = {
  issuer: https.refine((url) => new URL(url).origin === url, 'no query, no fragment, no slash at its end'),
  authorization_endpoint: endpoint.optional(),
  token_endpoint: endpoint,
  jwks_uri: https.optional(),
  registration_endpoint: endpoint.optional(),
  scopes_supported: some.optional(),
  response_types_supported: z.array(z.string().min(1)),
  response_modes_supported: some.optional(),
  grant_types_supported: some.optional(),
  token_endpoint_auth_methods_supported: some.optional(),
  token_endpoint_auth_signing_alg_values_supported: algorithms.optional(),
  service_documentation: https.optional(),
  ui_locales_supported: some.optional(),
  op_policy_uri: https.optional(),
  op_tos_uri: https.optional(),
  revocation_endpoint: endpoint.optional(),
  revocation_endpoint_auth_methods_supported: some.optional(),
  revocation_endpoint_auth_signing_alg_values_supported: algorithms.optional(),
  introspection_endpoint: endpoint.optional(),
  introspection_endpoint_auth_methods_supported: some.optional(),
  introspection_endpoint_auth_signing_alg_values_supported: algorithms.optional(),
  introspection_signing_alg_values_supported: algorithms.optional(),
  code_challenge_methods_supported: some.optional(),
  signed_metadata: z.string().optional(),
  tls_client_certificate_bound_access_tokens: z.boolean().optional(),
  mtls_endpoint_aliases: z.record(z.string(), endpoint).optional(),
  dpop_signing_alg_values_supported: algorithms.optional(),
  authorization_details_types_supported: some.optional(),
}

/** OpenID Connect Discovery 1.0 §3. */
const openid = {
  ...oauth,
  authorization_endpoint: endpoint,
  jwks_uri: https,
  userinfo_endpoint: https.optional(),
  subject_types_supported: z.array(z.enum(['pairwise', 'public'])).min(1),
  id_token_signing_alg_values_supported: algorithms.refine((list) => list.includes('RS256'), 'RS256 must be included'),
  claims_supported: some.optional(),
  claims_parameter_supported: z.boolean().optional(),
  request_parameter_supported: z.boolean().optional(),
  request_uri_parameter_supported: z.boolean().optional(),
  require_request_uri_registration: z.boolean().optional(),
}

/** RFC 8414 §2: the algorithms are required if a listed method uses signatures. */
const namesAlgorithms = (metadata: Readonly<Record<string, unknown>>): boolean =>
  ['token', 'revocation', 'introspection'].every((name) => {
    const methods = metadata[`${name}_endpoint_auth_methods_supported`]
    const signs = Array.isArray(methods) && methods.some((method) => /^(private_key|client_secret)_jwt$/.test(method))
    return !signs || metadata[`${name}_endpoint_auth_signing_alg_values_supported`] !== undefined
  })

const SIGNS = 'the algorithms of a method that signs are missing'

export const authorizationServerMetadata = z.strictObject(oauth).refine(namesAlgorithms, SIGNS)
export const openidProviderMetadata = z.strictObject(openid).refine(namesAlgorithms, SIGNS)
