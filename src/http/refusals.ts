import { BAD_REQUEST, NOT_AUTHENTICATED, type Refusal, type RefusalTable, refusing } from '../oauth/refusal.ts'
import type { DomainReason } from '../platform/domain-error.ts'

export const httpRefusals = {
  unsupported_content_type: {
    ...BAD_REQUEST,
    description: 'The content type must be application/x-www-form-urlencoded',
    meaning: 'The Content-Type of the request is not that of a form (RFC 6749 §4.4.2).',
  },
  malformed_parameters: {
    ...BAD_REQUEST,
    description: 'The parameters are not well-formed',
    meaning: 'A parameter or header is not UTF-8, or contains a control character.',
  },
  too_many_parameters: {
    ...BAD_REQUEST,
    description: 'At most 6,000 parameters are taken',
    meaning: 'The body has over 6,000 parameters.',
  },
  repeated_parameter: {
    ...BAD_REQUEST,
    description: 'A parameter is included more than once',
    meaning: 'A parameter other than resource and audience is repeated (RFC 6749 §3.2, RFC 8707 §2).',
  },
  body_too_large: {
    ...BAD_REQUEST,
    status: 413,
    description: 'The body is too large',
    meaning: 'The body is over 64 KiB, or arrives in over 256 chunks or TLS records.',
  },
  content_encoding: {
    ...BAD_REQUEST,
    status: 415,
    description: 'The body must not be compressed',
    meaning:
      'The request has a Content-Encoding. The server decompresses nothing, since a few bytes could fill the memory.',
  },
  malformed_request: {
    ...BAD_REQUEST,
    description: 'The request is not well-formed HTTP',
    meaning: 'The HTTP parser refused the request.',
  },
  // The status is not 505 (RFC 9110 §15.6.6), which would count as a fault of the server.
  http_version: {
    ...BAD_REQUEST,
    description: 'This server speaks HTTP/1.1 and HTTP/1.0',
    meaning: 'The request line has no HTTP version, or one other than HTTP/1.1 and HTTP/1.0.',
  },
  https_required: {
    ...BAD_REQUEST,
    description: 'This port takes TLS only: the address begins with https://',
    meaning: 'The client sent plain HTTP to a port with TLS.',
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
    meaning: 'The request target has over 8,000 characters. With over 16 KiB, the reason is headers_too_large instead.',
  },
  expectation_failed: {
    ...BAD_REQUEST,
    status: 417,
    description: 'The only expectation that can be met is 100-continue',
    meaning: 'The Expect header is not 100-continue (RFC 9110 §10.1.1).',
  },
  too_many_at_once: {
    error: 'temporarily_unavailable',
    status: 429,
    description: 'Too many requests at once on this connection: wait for their answers',
    meaning:
      'The client sent many requests over one connection without reading the answers. The server closed the connection.',
  },
  headers_too_large: {
    ...BAD_REQUEST,
    status: 431,
    description: 'The headers are too large',
    meaning: 'The headers are over 16 KiB, or over 32 KiB if proxies pass on certificates.',
  },
  repeated_header: {
    ...BAD_REQUEST,
    description: 'A header is included more than once',
    meaning:
      'The request has several Authorization or Content-Type headers. A proxy may have read another one than this server.',
  },
  request_timeout: {
    ...BAD_REQUEST,
    status: 408,
    description: 'The request took too long to arrive',
    meaning: 'The headers or the body arrived too slowly. The server closed the connection.',
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
    meaning: 'The endpoint does not support the method. The Allow header lists those that it supports.',
  },
  not_from_proxy: {
    ...BAD_REQUEST,
    status: 403,
    description: 'TLS is required',
    meaning:
      'The server accepts plain HTTP only from runtime.trusted_proxies, and the peer is not one of them (RFC 6749 §3.2 requires TLS).',
  },
  unexpected: {
    error: 'server_error',
    status: 500,
    description: 'Something went wrong; quote the request id',
    meaning: 'The server has a defect. The log gives the cause under the request id.',
  },
} as const satisfies RefusalTable

export type HttpReason = keyof typeof httpRefusals

/** The answers to the errors of folders that know no HTTP. */
export const domainRefusals = {
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
      'The record of the client, or of an API that it requests, can not be read. The detail names the record. Apply a manifest that contains it to replace it.',
  },
  no_signing_key: {
    error: 'temporarily_unavailable',
    status: 503,
    description: 'The server cannot answer now; try again later',
    meaning: 'No key for the algorithm is active. The first key does not exist yet, or could not be created.',
  },
  key_unusable: {
    error: 'temporarily_unavailable',
    status: 503,
    description: 'The server cannot answer now; try again later',
    meaning:
      'This process can not use the active key of the algorithm, or the key of the token in the request. The key is damaged, or encrypted under another master key. The detail names it; tessera keys repair says how to repair it.',
  },
  too_many_guesses: {
    error: 'temporarily_unavailable',
    status: 429,
    description: 'Too many requests; try again later',
    meaning:
      'Too many wrong secrets came for this client from this address, for this client, from this address, or from its IPv6 /48. The server answers them more and more slowly.',
  },
  secret_queue_full: {
    error: 'temporarily_unavailable',
    status: 429,
    description: 'Too many requests; try again later',
    meaning:
      'The queue of human-chosen secrets to be hashed is full. Most of them come from the same networks: somebody is guessing.',
  },
  certificate_malformed: {
    ...NOT_AUTHENTICATED,
    meaning:
      'The certificate, or the header in which a proxy passed it on, can not be read. The detail gives the reason.',
  },
} as const satisfies RefusalTable & Record<DomainReason, unknown>

export const refusal = refusing({ ...httpRefusals, ...domainRefusals })

/** The refusals of a request that was sent to a wrong address. */
const WRONG_ADDRESS: ReadonlySet<HttpReason> = new Set(['not_found', 'https_required', 'not_from_proxy'])

/** Makes the function that creates refusals whose description names the token endpoint if the request had a wrong address. */
export const showingAddress =
  (tokenEndpoint: string | undefined) =>
  (reason: HttpReason): Refusal => {
    if (tokenEndpoint === undefined || !WRONG_ADDRESS.has(reason)) return refusal(reason)
    return refusal(reason, {
      description: `${httpRefusals[reason].description}; the token endpoint is ${tokenEndpoint}`,
    })
  }
