import { NOT_AUTHENTICATED, type RefusalTable, refusing } from '../../oauth/refusal.ts'

export const remoteKeyRefusals = {
  keys_unavailable: {
    ...NOT_AUTHENTICATED,
    meaning: 'The keys that the credential is checked with are at a URL from which they could not be fetched.',
  },
} as const satisfies RefusalTable

export const refusal = refusing(remoteKeyRefusals)
