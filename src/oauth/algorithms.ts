/** The JWS algorithms (RFC 7518 §3.1, RFC 8037 §3.1) that an API's tokens can be signed with. */
export const signingAlgorithms = ['ES256', 'RS256', 'PS256', 'EdDSA'] as const

export type SigningAlgorithm = (typeof signingAlgorithms)[number]
