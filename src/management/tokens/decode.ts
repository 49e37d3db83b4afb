import { type CompactJws, JwsError, type JwsFault, parseCompact } from '../../crypto/jws/compact.ts'
import { isNumericDate } from '../../platform/clock.ts'
import { UserError } from '../../platform/user-error.ts'
import { SEALED_FORM } from '../../tokens/sealed.ts'

/** The content of a JWT whose signature nobody has checked. */
export interface DecodedToken {
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
  /** The times among the claims, in words. */
  readonly times: readonly TimeClaim[]
}

interface TimeClaim {
  readonly claim: string
  /** ISO 8601. */
  readonly time: string
  /** The distance from now, in seconds; negative in the past. */
  readonly seconds: number
}

/** The claims with a time (RFC 7519 §4.1, OpenID Connect Core §2). */
const TIMES = ['iat', 'nbf', 'exp', 'auth_time'] as const
/** The largest time that a date can have, in seconds (ECMA-262 §21.4.1.1). */
const LAST_TIME = 8.64e12

const FAULTS: Partial<Readonly<Record<JwsFault, string>>> = {
  encrypted: 'it is encrypted (RFC 7516): only its recipient can read it',
  segments: 'it has not three parts with dots between them',
  too_long: 'it has over 16,384 characters',
}

/** Parses a JWT without checking its signature. @throws UserError, which never repeats the token */
export function parseToken(token: string): CompactJws {
  if (SEALED_FORM.test(token)) {
    throw new UserError('the token is sealed: only the server can read it; `tessera introspect` shows its content')
  }
  try {
    return parseCompact(token)
  } catch (error) {
    if (!(error instanceof JwsError)) throw error
    const words = FAULTS[error.fault] ?? error.fault
    throw new UserError(`the token is not a signed JWT that can be decoded (${words})`)
  }
}

/** Decodes a JWT, and checks nothing. @param now milliseconds @throws UserError */
export function decodeToken(token: string, now: number): DecodedToken {
  const { header, claims } = parseToken(token)
  return {
    header: header.raw,
    claims,
    times: TIMES.flatMap((claim): TimeClaim[] => {
      const value = claims[claim]
      if (!isNumericDate(value) || Math.abs(value) > LAST_TIME) return []
      const seconds = Math.round(value - now / 1000)
      return [{ claim, time: new Date(value * 1000).toISOString(), seconds }]
    }),
  }
}
