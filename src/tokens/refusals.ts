import { type RefusalTable, refusing } from '../oauth/refusal.ts'

export const tokenRefusals = {
  token_too_large: {
    error: 'invalid_scope',
    status: 400,
    description: 'The token would be too large: ask for fewer scopes',
    meaning: 'With all its scopes and claims the token is over 16,000 characters, too long for an HTTP header.',
  },
  incompatible_targets: {
    error: 'invalid_target',
    status: 400,
    description: 'These APIs take tokens of different kinds: ask for one token for each',
    meaning: 'The profiles of the APIs differ in format, algorithm, typ or claims.',
  },
} as const satisfies RefusalTable

export const refusal = refusing(tokenRefusals)
