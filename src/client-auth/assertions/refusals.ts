import { NOT_AUTHENTICATED, type RefusalTable, refusing } from '../../oauth/refusal.ts'

export const assertionRefusals = {
  assertion_malformed: {
    ...NOT_AUTHENTICATED,
    meaning:
      'The client_assertion is not a signed JWT in compact form, or has a header that this server can not process (RFC 7515).',
  },
  assertion_typ: {
    ...NOT_AUTHENTICATED,
    meaning:
      'The typ of the client_assertion names another kind of JWT. It must be JWT or client-authentication+jwt, or be left out.',
  },
  assertion_claims: {
    ...NOT_AUTHENTICATED,
    meaning: 'A claim of the client_assertion is missing or has the wrong type (RFC 7523 §3).',
  },
  assertion_subject: {
    ...NOT_AUTHENTICATED,
    meaning: 'The iss and sub of the client_assertion differ. Both must be the client_id (RFC 7523 §3).',
  },
  assertion_audience: {
    ...NOT_AUTHENTICATED,
    meaning:
      'The aud of the client_assertion is not this server. It must be one value, nearly always the issuer (RFC 7523 §3). Many libraries send the token endpoint, or both: give such a client assertion_audience: compatible.',
  },
  assertion_expired: {
    ...NOT_AUTHENTICATED,
    meaning: 'The client_assertion expired over a minute ago. Clocks may differ by up to a minute.',
  },
  assertion_not_yet_valid: {
    ...NOT_AUTHENTICATED,
    meaning: 'The iat or nbf of the client_assertion is more than a minute ahead: the clock of the client is fast.',
  },
  assertion_too_long_lived: {
    ...NOT_AUTHENTICATED,
    meaning: 'The exp of the client_assertion is further ahead than the server allows.',
  },
  assertion_algorithm: {
    ...NOT_AUTHENTICATED,
    meaning:
      'The algorithm of the client_assertion is not in assertions.algorithms, or the client may not use it, or has no key for it.',
  },
  assertion_key: {
    ...NOT_AUTHENTICATED,
    meaning: 'No key of the client has the kid of the client_assertion.',
  },
  assertion_signature: {
    ...NOT_AUTHENTICATED,
    meaning: 'No key of the client signed the client_assertion, or somebody changed it afterwards.',
  },
} as const satisfies RefusalTable

export const refusal = refusing(assertionRefusals)
