/** The JWS algorithms that can sign an API's tokens (RFC 7518 §3.1, RFC 8037 §3.1). */
export const signingAlgorithms = ['ES256', 'RS256', 'PS256', 'EdDSA'] as const

export type SigningAlgorithm = (typeof signingAlgorithms)[number]

/** The algorithm of the server's own statements, such as introspection responses (RFC 9701 §5). */
export const STATEMENT_ALGORITHM = 'ES256' satisfies SigningAlgorithm
