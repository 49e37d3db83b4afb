import { NOT_AUTHENTICATED, type RefusalTable, refusing } from '../../oauth/refusal.ts'

export const certificateRefusals = {
  certificate_untrusted: {
    ...NOT_AUTHENTICATED,
    meaning:
      'The certificate leads to no trust anchor, or may not be used for this purpose. The detail gives the reason.',
  },
  certificate_expired: {
    ...NOT_AUTHENTICATED,
    meaning: 'The certificate, or one between it and the trust anchor, has expired.',
  },
  certificate_not_yet_valid: {
    ...NOT_AUTHENTICATED,
    meaning: 'The certificate, or one between it and the trust anchor, is not valid yet.',
  },
} as const satisfies RefusalTable

export const refusal = refusing(certificateRefusals)
