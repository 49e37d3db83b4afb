import { NOT_AUTHENTICATED, type RefusalTable, refusing } from '../../oauth/refusal.ts'

export const federationRefusals = {
  federated_issuer_unknown: {
    ...NOT_AUTHENTICATED,
    meaning: 'The client has no federated credential for the issuer of the token.',
  },
  federated_expired: {
    ...NOT_AUTHENTICATED,
    meaning: 'The token of the outside issuer fits a credential of the client, but it has expired or is too old.',
  },
  federated_no_match: {
    ...NOT_AUTHENTICATED,
    meaning: 'The token of the outside issuer does not meet the conditions of any federated credential of the client.',
  },
} as const satisfies RefusalTable

export const refusal = refusing(federationRefusals)
