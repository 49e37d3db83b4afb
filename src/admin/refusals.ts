import { BAD_REQUEST, NOT_AUTHENTICATED, type RefusalTable, refusing } from '../oauth/refusal.ts'

export const adminRefusals = {
  admin_not_authenticated: {
    ...NOT_AUTHENTICATED,
    description: 'Send an access token for the audience urn:tessera:admin, or sign in',
    meaning: 'The request to the admin API has no authentication.',
  },
  admin_token_inactive: {
    ...NOT_AUTHENTICATED,
    description: 'The access token is not valid here',
    meaning: 'The token has expired, was revoked, is not one of ours, or has another audience than urn:tessera:admin.',
  },
  admin_token_bound: {
    ...NOT_AUTHENTICATED,
    description: 'The access token is bound to a key that the request does not prove',
    meaning:
      'The token is bound to a key (RFC 9449, RFC 8705). The request has no DPoP proof of that key. The admin listener asks for no client certificate, so a certificate-bound token can not be used here.',
  },
  admin_not_allowed: {
    ...BAD_REQUEST,
    status: 403,
    description: 'This takes a permission that the caller does not have',
    meaning: 'The caller of the admin API lacks a permission. The detail names it.',
  },
  admin_content_type: {
    ...BAD_REQUEST,
    status: 415,
    description: 'The content type must be application/json, or application/merge-patch+json to PATCH',
    meaning: 'The body of a request to the admin API is not declared as JSON.',
  },
  admin_body: {
    ...BAD_REQUEST,
    description: 'The body is not JSON in UTF-8, or exceeds a limit',
    meaning: 'The body of a request to the admin API is not JSON, is too deep, or has too many values.',
  },
  admin_too_many_calls: {
    ...BAD_REQUEST,
    status: 429,
    description: 'Too many of your calls are under way: wait for their answers',
    meaning:
      'The caller of the admin API has 6 calls under way, and 64 that wait for them; or the call waited for over 10 seconds.',
  },
} as const satisfies RefusalTable

export const refusal = refusing<keyof typeof adminRefusals>(adminRefusals)
