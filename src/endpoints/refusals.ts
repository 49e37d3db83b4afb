import { BAD_REQUEST, type RefusalTable, refusing } from '../oauth/refusal.ts'

export const endpointRefusals = {
  query_parameters: {
    ...BAD_REQUEST,
    description: 'Parameters belong in the body',
    meaning:
      'The request has a query string. The server does not read it, since access logs would hold it (RFC 6749 §2.3.1).',
  },
  grant_type_missing: {
    ...BAD_REQUEST,
    description: 'grant_type is required',
    meaning: 'The request has no grant_type.',
  },
  unsupported_grant_type: {
    error: 'unsupported_grant_type',
    status: 400,
    description: 'grant_type is not supported',
    meaning: 'The server does not support this grant. The metadata lists the supported ones.',
  },
  not_the_clients_token: {
    ...BAD_REQUEST,
    description: 'The token was not revoked',
    meaning: 'The client tried to revoke a token of another client. The answer does not reveal that (RFC 7009 §2.2).',
  },
  no_authorization_endpoint: {
    error: 'unsupported_response_type',
    status: 400,
    description: 'This server has no log-in flow: machines use the token endpoint',
    meaning: 'The metadata names an authorization endpoint for clients that insist on one. It refuses every request.',
  },
  audit_full: {
    error: 'temporarily_unavailable',
    status: 503,
    description: 'The server cannot answer now; try again later',
    meaning: 'The database has not accepted audit events for so long that the memory has no room for more.',
  },
} as const satisfies RefusalTable

export const refusal = refusing(endpointRefusals)
