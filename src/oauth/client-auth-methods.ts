/**
 * The ways in which a client may authenticate, by their registered names (RFC 8414 §5); `federated_jwt` is ours: a token of
 * an outside issuer for which the client has a credential. Some clients take the first that they know.
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

export type ClientAuthMethodName = (typeof clientAuthMethodNames)[number]
