import { type RefusalTable, refusing } from '../oauth/refusal.ts'

export const grantRefusals = {
  grant_not_allowed: {
    error: 'unauthorized_client',
    status: 400,
    description: 'The client may not use this grant_type',
    meaning: 'The grant is not among the grant_types of the client.',
  },
  token_not_valid: {
    error: 'invalid_grant',
    status: 400,
    description: 'The token is not valid, or not for an API of the client',
    meaning:
      'The token to be validated is not ours, has expired, was revoked, or is for an API that is not among introspects.',
  },
} as const satisfies RefusalTable

export const refusal = refusing(grantRefusals)
