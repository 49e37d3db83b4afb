import { BAD_REQUEST, type RefusalTable, refusing } from '../oauth/refusal.ts'

export const endpointRefusals = {
  query_parameters: {
    ...BAD_REQUEST,
    description: 'Parameters belong in the body',
    meaning: 'The request has a query string, which is not read: it would stand in access logs (RFC 6749 §2.3.1).',
  },
  grant_type_missing: { ...BAD_REQUEST, description: 'grant_type is required', meaning: 'There is no grant_type.' },
  grant_not_allowed: {
    error: 'unauthorized_client',
    status: 400,
    description: 'The client may not use this grant_type',
    meaning: 'The grant is not among the grant_types of the client.',
  },
  unsupported_grant_type: {
    error: 'unsupported_grant_type',
    status: 400,
    description: 'grant_type is not supported',
    meaning: 'No such grant is offered here; the metadata lists those that are.',
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
} as const satisfies RefusalTable

export const refusal = refusing(endpointRefusals)
