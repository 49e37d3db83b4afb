import { NOT_AUTHENTICATED, type RefusalTable, refusing } from '../../oauth/refusal.ts'

export const remoteKeyRefusals = {
  keys_unavailable: {
    ...NOT_AUTHENTICATED,
    meaning: 'The server could not fetch the keys of the credential from their URL.',
  },
} as const satisfies RefusalTable

export const refusal = refusing(remoteKeyRefusals)
