/** The error codes of RFC 6749 §5.2 and §4.1.2.1, RFC 8707 §2, RFC 9449 §5 and §8, and ours for what is wrong on our side. */
export type ErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'
  | 'invalid_scope'
  | 'invalid_target'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce'
  | 'temporarily_unavailable'
  | 'server_error'

interface Refusal {
  readonly error: ErrorCode
  readonly status: number
  /** What the wire says: the same for every reason that must not be told apart. */
  readonly description: string
  /** What an administrator is told, beyond the description. */
  readonly meaning: string
}

/** One text for every failed authentication: who guesses learns nothing (RFC 6749 §5.2). */
const NOT_AUTHENTICATED = {
  error: 'invalid_client',
  status: 401,
  description: 'Invalid client or client credentials',
} as const
const BAD_REQUEST = { error: 'invalid_request', status: 400 } as const
const BAD_PROOF = { error: 'invalid_dpop_proof', status: 400 } as const
/** RFC 9449 §8. */
const NONCE_NEEDED = {
  error: 'use_dpop_nonce',
  status: 400,
  description: 'The DPoP proof must have the nonce of the server',
} as const

/** Every reason for which a request is refused: the audit log has the reason, the wire only the code and description. */
export const refusals = {
  unsupported_content_type: {
    ...BAD_REQUEST,
    description: 'The content type must be application/x-www-form-urlencoded',
    meaning: 'The body was not sent as a form (RFC 6749 §4.4.2).',
  },
  malformed_parameters: {
    ...BAD_REQUEST,
    description: 'The parameters are not well-formed',
    meaning: 'A parameter or header is not UTF-8, or holds a control character.',
  },
  too_many_parameters: {
    ...BAD_REQUEST,
    description: 'At most 6,000 parameters are taken',
    meaning: 'The body has over 6,000 parameters.',
  },
  repeated_parameter: {
    ...BAD_REQUEST,
    description: 'A parameter is included more than once',
    meaning: 'Only resource and audience may be repeated (RFC 6749 §3.2, RFC 8707 §2).',
  },
  query_parameters: {
    ...BAD_REQUEST,
    description: 'Parameters belong in the body',
    meaning: 'The request has a query string, which is not read: it would stand in access logs (RFC 6749 §2.3.1).',
  },
  body_too_large: {
    ...BAD_REQUEST,
    status: 413,
    description: 'The body is too large',
    meaning: 'The body is over 64 KiB, or comes in over 256 chunks or TLS records.',
  },
  content_encoding: {
    ...BAD_REQUEST,
    status: 415,
    description: 'The body must not be compressed',
    meaning: 'The request has a Content-Encoding, which is not undone: a few bytes could fill the memory.',
  },
  malformed_request: {
    ...BAD_REQUEST,
    description: 'The request is not well-formed HTTP',
    meaning: 'The HTTP parser refused the request.',
  },
  // Not 505 (RFC 9110 §15.6.6), which would count as a fault of the server.
  http_version: {
    ...BAD_REQUEST,
    description: 'This server speaks HTTP/1.1 and HTTP/1.0',
    meaning: 'The request line has no version, or another one than HTTP/1.1 and HTTP/1.0.',
  },
  https_required: {
    ...BAD_REQUEST,
    description: 'This port takes TLS only: the address begins with https://',
    meaning: 'The request came as plain HTTP to a port with TLS.',
  },
  bad_host: {
    ...BAD_REQUEST,
    description: 'The Host header must be there once, with a host and perhaps a port',
    meaning: 'The Host header is missing, empty, included more than once, or not well-formed (RFC 9112 §3.2).',
  },
  uri_too_long: {
    ...BAD_REQUEST,
    status: 414,
    description: 'The address is too long',
    meaning:
      'The request target has over 8,000 characters. With over 16 KiB the headers are too large before that is seen.',
  },
  expectation_failed: {
    ...BAD_REQUEST,
    status: 417,
    description: 'The only expectation that can be met is 100-continue',
    meaning: 'The Expect header has something else than 100-continue (RFC 9110 §10.1.1).',
  },
  too_many_at_once: {
    error: 'temporarily_unavailable',
    status: 429,
    description: 'Too many requests at once on this connection: wait for their answers',
    meaning: 'The client sent more requests over one connection than it took answers, and the connection was closed.',
  },
  headers_too_large: {
    ...BAD_REQUEST,
    status: 431,
    description: 'The headers are too large',
    meaning: 'The headers are over 16 KiB; over 32 KiB where proxies pass on certificates.',
  },
  repeated_header: {
    ...BAD_REQUEST,
    description: 'A header is included more than once',
    meaning:
      'The request has more than one Authorization or Content-Type header, and a proxy may have read another one than this server.',
  },
  request_timeout: {
    ...BAD_REQUEST,
    status: 408,
    description: 'The request took too long to arrive',
    meaning: 'Headers or body came too slowly, and the connection was closed.',
  },
  not_found: {
    ...BAD_REQUEST,
    status: 404,
    description: 'There is no such endpoint',
    meaning: 'No endpoint has this path.',
  },
  method_not_allowed: {
    ...BAD_REQUEST,
    status: 405,
    description: 'The endpoint does not answer this method',
    meaning: 'The Allow header says which methods the endpoint answers.',
  },
  not_from_proxy: {
    ...BAD_REQUEST,
    status: 403,
    description: 'TLS is required',
    meaning: 'Plain HTTP is on, and the peer is not one of runtime.trusted_proxies (RFC 6749 §3.2 requires TLS).',
  },
  grant_type_missing: { ...BAD_REQUEST, description: 'grant_type is required', meaning: 'There is no grant_type.' },
  unsupported_grant_type: {
    error: 'unsupported_grant_type',
    status: 400,
    description: 'grant_type is not supported',
    meaning: 'No such grant is offered here; the metadata lists those that are.',
  },
  grant_not_allowed: {
    error: 'unauthorized_client',
    status: 400,
    description: 'The client may not use this grant_type',
    meaning: 'The grant is not among the grant_types of the client.',
  },
  several_methods: {
    ...BAD_REQUEST,
    description: 'The client must authenticate in one way only',
    meaning: 'Credentials came in the Authorization header and in the body (RFC 6749 §2.3).',
  },
  no_credentials: { ...NOT_AUTHENTICATED, meaning: 'The request carries no client credentials.' },
  malformed_authorization: {
    ...NOT_AUTHENTICATED,
    meaning: 'The Authorization header is not Basic with canonical base64 of id, colon and secret (RFC 7617 §2).',
  },
  client_id_mismatch: {
    ...NOT_AUTHENTICATED,
    meaning: 'client_id in the body is not that of the Authorization header.',
  },
  unknown_client: { ...NOT_AUTHENTICATED, meaning: 'No client has this client_id.' },
  client_disabled: { ...NOT_AUTHENTICATED, meaning: 'The client is disabled.' },
  wrong_secret: { ...NOT_AUTHENTICATED, meaning: 'None of the secrets of the client is the one sent.' },
  expired_credential: {
    ...NOT_AUTHENTICATED,
    meaning: 'The credential is one of the client, and what was sent is right, but it has expired.',
  },
  revoked_credential: {
    ...NOT_AUTHENTICATED,
    meaning: 'The credential is one of the client, and what was sent is right, but it was revoked.',
  },
  credential_unreadable: {
    ...NOT_AUTHENTICATED,
    meaning:
      'The credential can not be read, or its secret can not be decrypted under the master key: it proves nothing. The detail names it; replace it with tessera credentials rotate, or remove it with tessera credentials remove.',
  },
  sample_credential: {
    ...NOT_AUTHENTICATED,
    meaning:
      'The credential belongs to the sample of `tessera dev`, whose secret is published. Only `tessera dev` accepts it.',
  },
  no_such_credential: {
    ...NOT_AUTHENTICATED,
    meaning: 'The client has no credential of the kind that it authenticates with.',
  },
  method_not_allowed_here: {
    ...NOT_AUTHENTICATED,
    meaning: 'The client has auth_methods, and the one that it used is not among them.',
  },
  assertion_type: {
    ...BAD_REQUEST,
    description: 'client_assertion and client_assertion_type belong together, the type being that of RFC 7523',
    meaning:
      'One of the two parameters is missing, or the type is not urn:ietf:params:oauth:client-assertion-type:jwt-bearer.',
  },
  assertion_replayed: {
    ...NOT_AUTHENTICATED,
    meaning: 'The client_assertion was used before: each has a jti of its own, and counts once.',
  },
  federated_ambiguous: {
    ...NOT_AUTHENTICATED,
    meaning:
      'The token of the outside issuer fits credentials of several clients: the request must name one by client_id.',
  },
  dpop_required: {
    ...BAD_PROOF,
    description: 'A DPoP proof is required',
    meaning: 'The client, or the API, has require: dpop, and the request has no DPoP header (RFC 9449 §5.2).',
  },
  certificate_required: {
    ...BAD_REQUEST,
    description: 'A client certificate is required',
    meaning: 'The client, or the API, has require: certificate_bound, and no certificate came with the request.',
  },
  dpop_refused: {
    ...BAD_REQUEST,
    description: 'The token must be bound to the client certificate: send no DPoP proof',
    meaning:
      'The client, or the API, has require: certificate_bound, and the request has a DPoP proof: the token would be bound to that alone.',
  },
  sender_constraint_required: {
    ...BAD_REQUEST,
    description: 'A DPoP proof or a client certificate is required',
    meaning:
      'The client, or the API, has require: sender_constrained, and the request has neither a DPoP header nor a certificate.',
  },
  certificate_malformed: {
    ...NOT_AUTHENTICATED,
    meaning: 'The certificate, or the header in which a proxy passed it on, can not be read. The detail says why.',
  },
  certificate_untrusted: {
    ...NOT_AUTHENTICATED,
    meaning: 'The certificate leads to no trust anchor, or may not be used for this. The detail says why.',
  },
  certificate_expired: {
    ...NOT_AUTHENTICATED,
    meaning: 'The certificate, or one between it and the trust anchor, has expired.',
  },
  certificate_not_yet_valid: {
    ...NOT_AUTHENTICATED,
    meaning: 'The certificate, or one between it and the trust anchor, is not valid yet.',
  },
  certificate_mismatch: {
    ...NOT_AUTHENTICATED,
    meaning: 'The certificate is valid, but not the one that the client registered.',
  },
  assertion_malformed: {
    ...NOT_AUTHENTICATED,
    meaning:
      'The client_assertion is no signed JWT in compact form, or has a header that is not understood (RFC 7515).',
  },
  assertion_typ: {
    ...NOT_AUTHENTICATED,
    meaning: 'The typ of the client_assertion is of something else: it is JWT, client-authentication+jwt, or left out.',
  },
  assertion_claims: {
    ...NOT_AUTHENTICATED,
    meaning: 'A claim of the client_assertion is missing, or of the wrong kind (RFC 7523 §3).',
  },
  assertion_subject: {
    ...NOT_AUTHENTICATED,
    meaning: 'iss and sub of the client_assertion differ: both must be the client_id (RFC 7523 §3).',
  },
  assertion_audience: {
    ...NOT_AUTHENTICATED,
    meaning:
      'aud of the client_assertion is not this server: one value, nearly always the issuer (RFC 7523 §3). Many libraries send the token endpoint, or both: give such a client assertion_audience: compatible.',
  },
  assertion_expired: {
    ...NOT_AUTHENTICATED,
    meaning: 'The client_assertion has expired, by more than the minute that clocks may differ by.',
  },
  assertion_not_yet_valid: {
    ...NOT_AUTHENTICATED,
    meaning: 'iat or nbf of the client_assertion is more than a minute ahead: the clock of the client is fast.',
  },
  assertion_too_long_lived: {
    ...NOT_AUTHENTICATED,
    meaning: 'exp of the client_assertion is further ahead than an assertion may live.',
  },
  assertion_algorithm: {
    ...NOT_AUTHENTICATED,
    meaning:
      'The client_assertion is signed with an algorithm that is not among assertions.algorithms, that the client may not use, or that it has no key for.',
  },
  assertion_key: {
    ...NOT_AUTHENTICATED,
    meaning: 'The kid of the client_assertion is that of no key of the client.',
  },
  assertion_signature: {
    ...NOT_AUTHENTICATED,
    meaning: 'The client_assertion was not signed with a key of the client, or was changed since.',
  },
  keys_unavailable: {
    ...NOT_AUTHENTICATED,
    meaning: 'The keys that the credential is checked with are at a URL from which they could not be fetched.',
  },
  too_many_guesses: {
    error: 'temporarily_unavailable',
    status: 429,
    description: 'Too many requests; try again later',
    meaning:
      'Too many wrong secrets for this client from this address, for this client, from this address, or from its IPv6 /48: they are answered more and more slowly.',
  },
  federated_issuer_unknown: {
    ...NOT_AUTHENTICATED,
    meaning: 'The client has no federated credential for the issuer of the token sent.',
  },
  federated_signature: {
    ...NOT_AUTHENTICATED,
    meaning: 'The token sent is not signed by a key of the outside issuer, or not with an algorithm that is allowed.',
  },
  federated_expired: {
    ...NOT_AUTHENTICATED,
    meaning: 'The token of the outside issuer fits a credential of the client, but has expired or is too old.',
  },
  federated_no_match: {
    ...NOT_AUTHENTICATED,
    meaning: 'The token of the outside issuer meets the conditions of no federated credential of the client.',
  },
  dpop_proof_repeated: {
    ...BAD_PROOF,
    description: 'There is more than one DPoP proof',
    meaning: 'The request has more than one DPoP header (RFC 9449 §4.3).',
  },
  dpop_proof_malformed: {
    ...BAD_PROOF,
    description: 'The DPoP proof is not a well-formed JWT',
    meaning: 'The DPoP header is no signed JWT in compact form, or has a header that is not understood (RFC 7515).',
  },
  dpop_proof_typ: {
    ...BAD_PROOF,
    description: 'typ of the DPoP proof must be dpop+jwt',
    meaning: 'The JWT in the DPoP header is of another kind (RFC 9449 §4.2).',
  },
  dpop_proof_algorithm: {
    ...BAD_PROOF,
    description: 'alg of the DPoP proof is not supported',
    meaning:
      'The algorithm is symmetric, unknown, not among dpop.algorithms, or does not go with the key (RFC 9449 §4.3).',
  },
  dpop_proof_key: {
    ...BAD_PROOF,
    description: 'jwk of the DPoP proof is not a suitable public key',
    meaning: 'The key in the proof is missing, private, weak, or not for signatures (RFC 9449 §4.3).',
  },
  dpop_proof_signature: {
    ...BAD_PROOF,
    description: 'The signature of the DPoP proof is wrong',
    meaning: 'The proof was not signed with the key in it, or was changed since.',
  },
  dpop_proof_claims: {
    ...BAD_PROOF,
    description: 'A claim of the DPoP proof is missing or of the wrong kind',
    meaning:
      'jti, htm, htu and iat are required (RFC 9449 §4.2); jti has at most 256 characters; iat, nbf and exp are numbers.',
  },
  dpop_proof_htm: {
    ...BAD_PROOF,
    description: 'htm of the DPoP proof is not the method of the request',
    meaning: 'The proof was made for a request with another method.',
  },
  dpop_proof_htu: {
    ...BAD_PROOF,
    description: 'htu of the DPoP proof is not the URI of the request',
    meaning: 'The proof was made for another URI: what counts is the address of the endpoint in the metadata.',
  },
  dpop_proof_time: {
    ...BAD_PROOF,
    description: 'iat, nbf or exp of the DPoP proof does not fit the time of the server',
    meaning: 'The proof is too old, or the clock of the client is wrong (RFC 9449 §11.1, RFC 7519 §4.1).',
  },
  dpop_proof_token: {
    ...BAD_PROOF,
    description: 'ath of the DPoP proof is not the hash of the access token',
    meaning: 'The proof was made for another access token, or for none (RFC 9449 §4.2).',
  },
  dpop_proof_replayed: {
    ...BAD_PROOF,
    description: 'The DPoP proof was used before',
    meaning: 'A proof of this key with this jti was seen already (RFC 9449 §11.1).',
  },
  dpop_nonce_missing: {
    ...NONCE_NEEDED,
    meaning: 'The proof has no nonce. The client tries again with the one that it was sent (RFC 9449 §8).',
  },
  dpop_nonce_stale: {
    ...NONCE_NEEDED,
    meaning: 'The nonce of the proof is old or not ours. The client tries again with the one that it was sent.',
  },
  secret_queue_full: {
    error: 'temporarily_unavailable',
    status: 429,
    description: 'Too many requests; try again later',
    meaning:
      'More human-chosen secrets wait to be hashed than the queue holds, most of them from the same networks: somebody is guessing.',
  },
  malformed_scope: {
    error: 'invalid_scope',
    status: 400,
    description: 'The requested scope is not well-formed',
    meaning: 'The scope breaks the grammar of RFC 6749 §3.3, names over 500 scopes, or one of over 256 characters.',
  },
  scope_not_allowed: {
    error: 'invalid_scope',
    status: 400,
    description: 'The requested scope(s) must be blank or a subset of the provided scopes.',
    meaning: 'The client asked for a scope that it was not given.',
  },
  no_scope: {
    error: 'invalid_scope',
    status: 400,
    description: 'The client has no scope to be granted',
    meaning: 'The client was given no scope at any API, or none that is granted unless it is asked for.',
  },
  unknown_target: {
    error: 'invalid_target',
    status: 400,
    description: 'resource or audience names no API that this client may use',
    meaning:
      'The value is not an absolute URI without a fragment, or not the audience of an API at which the client has a scope.',
  },
  too_many_targets: {
    error: 'invalid_target',
    status: 400,
    description: 'A token is for at most 10 APIs: ask for several tokens',
    meaning: 'The request has over 10 values of resource and audience, or asks for scopes of over 10 APIs.',
  },
  ambiguous_target: {
    error: 'invalid_target',
    status: 400,
    description: 'The request fits several APIs: name one with resource',
    meaning: 'Without a resource, the scopes asked (or all that the client has) belong to more than one API.',
  },
  token_too_large: {
    error: 'invalid_scope',
    status: 400,
    description: 'The token would be too large: ask for fewer scopes',
    meaning: 'With all its scopes and claims the token is over 16,000 characters, which no HTTP header takes.',
  },
  scope_of_other_target: {
    error: 'invalid_target',
    status: 400,
    description: 'A scope is not granted at every API that knows it: send a request for each API, with resource',
    meaning:
      'The token would have several audiences, and one of them would read a scope that the client was granted at another (RFC 8707 §2).',
  },
  incompatible_targets: {
    error: 'invalid_target',
    status: 400,
    description: 'These APIs take tokens of different kinds: ask for one token for each',
    meaning: 'The profiles of the APIs differ in format, algorithm, typ or claims.',
  },
  no_signing_key: {
    error: 'temporarily_unavailable',
    status: 503,
    description: 'The server cannot answer now; try again later',
    meaning: 'There is no active key for the algorithm: the first one was not made, or could not be.',
  },
  key_unusable: {
    error: 'temporarily_unavailable',
    status: 503,
    description: 'The server cannot answer now; try again later',
    meaning:
      'The active key of the algorithm, or the key of the token in the request, can not be used by this process: it is damaged, or encrypted under another master key. The detail names the key; tessera keys repair says how to repair it.',
  },
  token_missing: { ...BAD_REQUEST, description: 'token is required', meaning: 'There is no token to look at.' },
  introspection_not_allowed: {
    error: 'unauthorized_client',
    status: 403,
    description: 'The client may not introspect tokens',
    meaning: 'The client has no introspects.',
  },
  token_not_valid: {
    error: 'invalid_grant',
    status: 400,
    description: 'The token is not valid, or not for an API of the client',
    meaning:
      'The token to be validated is not ours, has expired, was revoked, or is for an API that is not among introspects.',
  },
  not_the_clients_token: {
    ...BAD_REQUEST,
    description: 'The token was not revoked',
    meaning: 'The client tried to revoke a token of another client. It was told nothing (RFC 7009 §2.2).',
  },
  no_authorization_endpoint: {
    error: 'unsupported_response_type',
    status: 400,
    description: 'This server has no log-in flow: machines use the token endpoint',
    meaning:
      'The authorization endpoint is named in the metadata for clients that insist on one, and refuses everything.',
  },
  audit_full: {
    error: 'temporarily_unavailable',
    status: 503,
    description: 'The server cannot answer now; try again later',
    meaning: 'The database has taken no audit event for so long that no more can be kept in memory.',
  },
  storage_unavailable: {
    error: 'temporarily_unavailable',
    status: 503,
    description: 'The server cannot answer now; try again later',
    meaning: 'The database did not answer.',
  },
  out_of_date: {
    error: 'temporarily_unavailable',
    status: 503,
    description: 'The server cannot answer now; try again later',
    meaning:
      'The database answers, but for more than a second this process could not load changes of keys, clients or APIs. The log gives the reason; /readyz names the part.',
  },
  record_unreadable: {
    error: 'temporarily_unavailable',
    status: 503,
    description: 'The server cannot answer now; try again later',
    meaning:
      'The record of the client, or of an API that it asks for, can not be read. The detail names it; applying a manifest that names it puts another in its place.',
  },
  unexpected: {
    error: 'server_error',
    status: 500,
    description: 'Something went wrong; quote the request id',
    meaning: 'A defect: the log has its cause under the request id.',
  },
} as const satisfies Record<string, Refusal>

/** Why a request was refused. */
export type Reason = keyof typeof refusals
