import { BAD_REQUEST, type RefusalTable, refusing } from '../oauth/refusal.ts'

export const grantRefusals = {
  malformed_scope: {
    error: 'invalid_scope',
    status: 400,
    description: 'The requested scope is not well-formed',
    meaning: 'The scope breaks the grammar of RFC 6749 §3.3, names over 500 scopes, or one of over 256 characters.',
  },
  token_missing: { ...BAD_REQUEST, description: 'token is required', meaning: 'There is no token to look at.' },
  token_not_valid: {
    error: 'invalid_grant',
    status: 400,
    description: 'The token is not valid, or not for an API of the client',
    meaning:
      'The token to be validated is not ours, has expired, was revoked, or is for an API that is not among introspects.',
  },
} as const satisfies RefusalTable

export const refusal = refusing(grantRefusals)
