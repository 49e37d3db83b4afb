import { NOT_AUTHENTICATED, type RefusalTable, refusing } from '../../oauth/refusal.ts'

export const assertionRefusals = {
  assertion_malformed: {
    ...NOT_AUTHENTICATED,
    meaning:
      'The client_assertion is no signed JWT in compact form, or has a header that is not understood (RFC 7515).',
  },
  assertion_typ: {
    ...NOT_AUTHENTICATED,
    meaning: 'The typ of the client_assertion is of something else: it is JWT, client-authentication+jwt, or left out.',
  },
  assertion_claims: {
    ...NOT_AUTHENTICATED,
    meaning: 'A claim of the client_assertion is missing, or of the wrong kind (RFC 7523 §3).',
  },
  assertion_subject: {
    ...NOT_AUTHENTICATED,
    meaning: 'iss and sub of the client_assertion differ: both must be the client_id (RFC 7523 §3).',
  },
  assertion_audience: {
    ...NOT_AUTHENTICATED,
    meaning:
      'aud of the client_assertion is not this server: one value, nearly always the issuer (RFC 7523 §3). Many libraries send the token endpoint, or both: give such a client assertion_audience: compatible.',
  },
  assertion_expired: {
    ...NOT_AUTHENTICATED,
    meaning: 'The client_assertion has expired, by more than the minute that clocks may differ by.',
  },
  assertion_not_yet_valid: {
    ...NOT_AUTHENTICATED,
    meaning: 'iat or nbf of the client_assertion is more than a minute ahead: the clock of the client is fast.',
  },
  assertion_too_long_lived: {
    ...NOT_AUTHENTICATED,
    meaning: 'exp of the client_assertion is further ahead than an assertion may live.',
  },
  assertion_algorithm: {
    ...NOT_AUTHENTICATED,
    meaning:
      'The client_assertion is signed with an algorithm that is not among assertions.algorithms, that the client may not use, or that it has no key for.',
  },
  assertion_key: {
    ...NOT_AUTHENTICATED,
    meaning: 'The kid of the client_assertion is that of no key of the client.',
  },
  assertion_signature: {
    ...NOT_AUTHENTICATED,
    meaning: 'The client_assertion was not signed with a key of the client, or was changed since.',
  },
} as const satisfies RefusalTable

export const refusal = refusing(assertionRefusals)
