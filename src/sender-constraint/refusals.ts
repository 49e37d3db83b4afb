import { BAD_REQUEST, type RefusalTable, refusing } from '../oauth/refusal.ts'

const BAD_PROOF = { error: 'invalid_dpop_proof', status: 400 } as const
/** RFC 9449 §8. */
const NONCE_NEEDED = {
  error: 'use_dpop_nonce',
  status: 400,
  description: 'The DPoP proof must have the nonce of the server',
} as const

export const proofRefusals = {
  dpop_required: {
    ...BAD_PROOF,
    description: 'A DPoP proof is required',
    meaning: 'The client or the API has require: dpop, and the request has no DPoP header (RFC 9449 §5.2).',
  },
  certificate_required: {
    ...BAD_REQUEST,
    description: 'A client certificate is required',
    meaning: 'The client or the API has require: certificate_bound, and the request came without a client certificate.',
  },
  dpop_refused: {
    ...BAD_REQUEST,
    description: 'The token must be bound to the client certificate: send no DPoP proof',
    meaning:
      'The client or the API has require: certificate_bound, and the request has a DPoP proof. The token would be bound to the key of the proof alone.',
  },
  sender_constraint_required: {
    ...BAD_REQUEST,
    description: 'A DPoP proof or a client certificate is required',
    meaning:
      'The client or the API has require: sender_constrained, and the request has neither a DPoP header nor a certificate.',
  },
  dpop_proof_repeated: {
    ...BAD_PROOF,
    description: 'There is more than one DPoP proof',
    meaning: 'The request has more than one DPoP header (RFC 9449 §4.3).',
  },
  dpop_proof_malformed: {
    ...BAD_PROOF,
    description: 'The DPoP proof is not a well-formed JWT',
    meaning:
      'The DPoP header is not a signed JWT in compact form, or its JWT has a header that this server can not process (RFC 7515).',
  },
  dpop_proof_typ: {
    ...BAD_PROOF,
    description: 'typ of the DPoP proof must be dpop+jwt',
    meaning: 'The JWT in the DPoP header has another typ (RFC 9449 §4.2).',
  },
  dpop_proof_algorithm: {
    ...BAD_PROOF,
    description: 'alg of the DPoP proof is not supported',
    meaning:
      'The algorithm is symmetric, unknown, not in dpop.algorithms, or not for this kind of key (RFC 9449 §4.3).',
  },
  dpop_proof_key: {
    ...BAD_PROOF,
    description: 'jwk of the DPoP proof is not a suitable public key',
    meaning: 'The key in the proof is missing, private, weak, or not for signatures (RFC 9449 §4.3).',
  },
  dpop_proof_signature: {
    ...BAD_PROOF,
    description: 'The signature of the DPoP proof is wrong',
    meaning: 'The key in the proof did not sign it, or somebody changed the proof afterwards.',
  },
  dpop_proof_claims: {
    ...BAD_PROOF,
    description: 'A claim of the DPoP proof is missing or of the wrong kind',
    meaning:
      'A claim of the proof is missing or wrong. jti, htm, htu and iat are required (RFC 9449 §4.2); jti has at most 256 characters; iat, nbf and exp are numbers.',
  },
  dpop_proof_htm: {
    ...BAD_PROOF,
    description: 'htm of the DPoP proof is not the method of the request',
    meaning: 'The proof was made for a request with another method.',
  },
  dpop_proof_htu: {
    ...BAD_PROOF,
    description: 'htu of the DPoP proof is not the URI of the request',
    meaning: 'The proof was made for another URI. Its htu must be the address of the endpoint in the metadata.',
  },
  dpop_proof_ath: {
    ...BAD_PROOF,
    description: 'ath of the DPoP proof is not the hash of the access token',
    meaning:
      'The proof was made for another access token, or for none. Its ath must be the SHA-256 of the token (RFC 9449 §4.2).',
  },
  dpop_proof_time: {
    ...BAD_PROOF,
    description: 'iat, nbf or exp of the DPoP proof does not fit the time of the server',
    meaning: 'The proof is too old, or the clock of the client is wrong (RFC 9449 §11.1, RFC 7519 §4.1).',
  },
  dpop_proof_replayed: {
    ...BAD_PROOF,
    description: 'The DPoP proof was used before',
    meaning: 'A proof by this key with this jti was used before (RFC 9449 §11.1).',
  },
  dpop_nonce_missing: {
    ...NONCE_NEEDED,
    meaning: 'The proof has no nonce. The client must try again with the nonce in the answer (RFC 9449 §8).',
  },
  dpop_nonce_stale: {
    ...NONCE_NEEDED,
    meaning:
      'The nonce of the proof is old, or not from this server. The client must try again with the nonce in the answer.',
  },
} as const satisfies RefusalTable

export const refusal = refusing(proofRefusals)
