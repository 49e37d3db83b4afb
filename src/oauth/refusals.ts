/** The error codes of RFC 6749 §5.2 and §4.1.2.1, RFC 8707 §2, and ours for what is wrong on our side. */
export type ErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'
  | 'invalid_scope'
  | 'invalid_target'
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
    meaning: 'The body is over 64 KiB.',
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
  headers_too_large: {
    ...BAD_REQUEST,
    status: 431,
    description: 'The headers are too large',
    meaning: 'The headers are over 16 KiB.',
  },
  repeated_header: {
    ...BAD_REQUEST,
    description: 'A header is included more than once',
    meaning:
      'The request has more than one Authorization header, of which a proxy may have read another than we would.',
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
  expired_secret: { ...NOT_AUTHENTICATED, meaning: 'The secret sent is one of the client, but has expired.' },
  secret_queue_full: {
    error: 'temporarily_unavailable',
    status: 429,
    description: 'Too many requests; try again later',
    meaning: 'More human-chosen secrets wait to be hashed than the queue holds: somebody is guessing.',
  },
  malformed_scope: {
    error: 'invalid_scope',
    status: 400,
    description: 'The requested scope is not well-formed',
    meaning: 'The scope breaks the grammar of RFC 6749 §3.3, or names over 500 scopes.',
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
  unexpected: {
    error: 'server_error',
    status: 500,
    description: 'Something went wrong; quote the request id',
    meaning: 'A defect: the log has its cause under the request id.',
  },
} as const satisfies Record<string, Refusal>

/** Why a request was refused. */
export type Reason = keyof typeof refusals
