import { BAD_REQUEST, NOT_AUTHENTICATED, type RefusalTable, refusing } from '../oauth/refusal.ts'

export const clientAuthRefusals = {
  several_methods: {
    ...BAD_REQUEST,
    description: 'The client must authenticate in one way only',
    meaning:
      'The request has several kinds of credentials, such as an Authorization header and a secret in the body (RFC 6749 §2.3).',
  },
  no_credentials: { ...NOT_AUTHENTICATED, meaning: 'The request has no client credentials.' },
  malformed_authorization: {
    ...NOT_AUTHENTICATED,
    meaning: 'The Authorization header is not Basic with canonical base64 of id, colon and secret (RFC 7617 §2).',
  },
  client_id_mismatch: {
    ...NOT_AUTHENTICATED,
    meaning:
      'The client_id in the body differs from the client of the credentials, such as that of the Authorization header.',
  },
  unknown_client: { ...NOT_AUTHENTICATED, meaning: 'No client has this client_id.' },
  client_disabled: { ...NOT_AUTHENTICATED, meaning: 'The client is disabled.' },
  wrong_secret: { ...NOT_AUTHENTICATED, meaning: 'The secret is none of the secrets of the client.' },
  expired_credential: {
    ...NOT_AUTHENTICATED,
    meaning: 'The credential is correct and belongs to the client, but it has expired.',
  },
  revoked_credential: {
    ...NOT_AUTHENTICATED,
    meaning: 'The credential is correct and belongs to the client, but it was revoked.',
  },
  credential_unreadable: {
    ...NOT_AUTHENTICATED,
    meaning:
      'The credential can not be read, or its secret can not be decrypted under the master key, so it proves nothing. The detail names it. Replace it with tessera credentials rotate, or remove it with tessera credentials remove.',
  },
  sample_credential: {
    ...NOT_AUTHENTICATED,
    meaning:
      'The credential belongs to the sample of `tessera dev`, whose secret is published. Only `tessera dev` accepts it.',
  },
  no_such_credential: {
    ...NOT_AUTHENTICATED,
    meaning: 'The client has no credential of the kind that it used.',
  },
  method_not_allowed_here: {
    ...NOT_AUTHENTICATED,
    meaning: 'The auth_methods of the client do not include the method that it used.',
  },
  assertion_type: {
    ...BAD_REQUEST,
    description: 'client_assertion and client_assertion_type belong together, the type being that of RFC 7523',
    meaning:
      'One of the two parameters is missing, or the type is not urn:ietf:params:oauth:client-assertion-type:jwt-bearer.',
  },
  assertion_replayed: {
    ...NOT_AUTHENTICATED,
    meaning: 'The client_assertion was used before. Each assertion needs a jti of its own, and is accepted once.',
  },
  federated_ambiguous: {
    ...NOT_AUTHENTICATED,
    meaning:
      'The token of the outside issuer fits credentials of several clients. The request must name one with client_id.',
  },
  federated_signature: {
    ...NOT_AUTHENTICATED,
    meaning: 'The token is not signed with a key of the outside issuer, or not with an allowed algorithm.',
  },
  certificate_mismatch: {
    ...NOT_AUTHENTICATED,
    meaning: 'The certificate can be read, but it is not one that the client registered.',
  },
} as const satisfies RefusalTable

export const refusal = refusing(clientAuthRefusals)
