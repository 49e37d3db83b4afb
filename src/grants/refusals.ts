import { BAD_REQUEST, type RefusalTable, refusing } from '../oauth/refusal.ts'

export const grantRefusals = {
  grant_not_allowed: {
    error: 'unauthorized_client',
    status: 400,
    description: 'The client may not use this grant_type',
    meaning: 'The grant_types of the client do not include this grant.',
  },
  malformed_scope: {
    error: 'invalid_scope',
    status: 400,
    description: 'The requested scope is not well-formed',
    meaning: 'The scope breaks the grammar of RFC 6749 §3.3, has over 500 names, or has a name of over 256 characters.',
  },
  token_missing: { ...BAD_REQUEST, description: 'token is required', meaning: 'The request has no token parameter.' },
  token_not_valid: {
    error: 'invalid_grant',
    status: 400,
    description: 'The token is not valid, or not for an API of the client',
    meaning:
      'The token to be validated is not from this server, has expired or was revoked; or the `introspects` list of the client does not name its API.',
  },
} as const satisfies RefusalTable

export const refusal = refusing(grantRefusals)
