/**
 * The client authentication methods, by their registered names (RFC 8414 §5). `federated_jwt` is our name for a token
 * of an outside issuer for which the client has a credential. The order matters: some clients take the first method
 * that they know.
 */
export const clientAuthMethodNames = [
  'client_secret_basic',
  'client_secret_post',
  'client_secret_jwt',
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
  'federated_jwt',
] as const

/** The type of an assertion that a client signed (RFC 7523 §2.2). */
export const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

export type ClientAuthMethodName = (typeof clientAuthMethodNames)[number]
