/** Texts about a platform's token beside the credentials that trust its issuer. */
export const federation = {
  matches: (client: string, credential: string) => `It proves the client ${client}, by its credential ${credential}`,
  matchesNone: 'It proves no client',
  candidates: 'Compared credentials, the closest first',
  matched: 'matches',
  differs: 'differs',
  ended: { revoked: 'revoked', expired: 'expired' },
  signature: 'Signature',
  good: 'good',
  moreCredentials: 'There are more credentials than those listed.',
  noCandidates: 'No credential trusts its issuer.',
} as const
