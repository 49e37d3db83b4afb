import { type RefusalTable, refusing } from '../../oauth/refusal.ts'

export const introspectionRefusals = {
  introspection_not_allowed: {
    error: 'unauthorized_client',
    status: 403,
    description: 'The client may not introspect tokens',
    meaning: 'The client is not allowed to introspect tokens: its `introspects` list is empty.',
  },
} as const satisfies RefusalTable

export const refusal = refusing(introspectionRefusals)
