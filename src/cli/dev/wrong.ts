/** A reserved name that nobody has (RFC 2606 §2). */
const NOBODY = 'https://wrong.invalid'
/** Seconds, beyond any tolerance for clocks that differ. */
const LONG_AGO = 3600

/** The ways in which a token may be wrong, so that every API must refuse it. */
export const WRONG = ['expiry', 'audience', 'issuer', 'signature'] as const
export type Wrong = (typeof WRONG)[number]

/** The claims that make a token wrong. A wrong signature needs none. @param now seconds @param lifetime seconds */
export function wrongClaims(wrong: Wrong | undefined, now: number, lifetime: number): object {
  switch (wrong) {
    case 'expiry':
      return { iat: now - lifetime - LONG_AGO, exp: now - LONG_AGO }
    case 'audience':
      return { aud: NOBODY }
    case 'issuer':
      return { iss: NOBODY }
    default:
      return {}
  }
}
