import { parseCondition } from '../../conditions/conditions.ts'
import { UserError } from '../../platform/user-error.ts'

/** A value that a claim is compared with directly. */
export type JsonScalar = string | number | boolean | null

/**
 * The tokens of an outside issuer (RFC 7523 §3) that authenticate a client. A key of this issuer must have signed the token: the
 * credential does not apply to tokens of any other issuer.
 */
export interface FederatedTrust {
  /** An https URL, compared exactly (RFC 8414 §2); or `spiffe://` and a trust domain, for tokens without `iss`. */
  readonly issuer: string
  /** The accepted audiences. `aud` must have at least one of them. */
  readonly audience: string | readonly string[]
  /** The exact `sub`. */
  readonly subject?: string | undefined
  /** The exact values of top-level claims. */
  readonly claims?: Readonly<Record<string, JsonScalar>> | undefined
  /** A condition in CEL: see `parseCondition`. */
  readonly when?: string | undefined
  /** The only accepted JWS algorithms. */
  readonly algorithms?: readonly string[] | undefined
  /** The URL of the keys, if the issuer's metadata does not name it. */
  readonly jwksUri?: string | undefined
  /** The public JWKs of an issuer that the server can't reach. With them, it fetches nothing. */
  readonly jwks?: readonly Readonly<Record<string, unknown>>[] | undefined
  /** The greatest age of a token: seconds since `iat` (RFC 7519 §4.1.6). */
  readonly maxAge?: number | undefined
}

/** The claims that `claims` must not name, since a setting of their own checks them, or the server always does. */
const NOT_AMONG_CLAIMS = new Map([
  ['iss', 'issuer'],
  ['aud', 'audience'],
  ['sub', 'subject'],
  ['exp', 'max_age'],
  ['iat', 'max_age'],
  ['nbf', 'max_age'],
])
/** SPIFFE ID §2.1. */
const TRUST_DOMAIN = /^spiffe:\/\/[a-z0-9._-]{1,255}$/

/** Whether an issuer is a SPIFFE trust domain. */
export const isTrustDomain = (issuer: string): boolean => TRUST_DOMAIN.test(issuer)

export const audiencesOf = ({ audience }: FederatedTrust): readonly string[] =>
  typeof audience === 'string' ? [audience] : audience

/**
 * Refuses a credential that could never match, or that would match tokens of strangers.
 * @throws UserError that names the fault; a `ConditionError` if the condition is at fault
 */
export function refuseUnsound(credential: FederatedTrust): void {
  const { issuer, jwksUri, jwks, subject, claims = {}, when, maxAge } = credential
  if (jwks !== undefined && jwksUri !== undefined) throw new UserError('give jwks or jwks_uri, not both')
  if (isTrustDomain(issuer)) {
    if (jwksUri === undefined && jwks === undefined) {
      throw new UserError(`The trust domain ${issuer} needs a jwks_uri, or jwks: it has no metadata`)
    }
  } else if (!isHttpsUrl(issuer) || issuer.includes('?')) {
    throw new UserError('issuer must be an https URL without a query, or spiffe:// and a trust domain')
  }
  if (jwksUri !== undefined && !isHttpsUrl(jwksUri)) throw new UserError('jwks_uri must be an https URL')
  const audiences = audiencesOf(credential)
  if (audiences.length === 0 || audiences.includes(''))
    throw new UserError('audience is required, and must not be empty')
  if (subject === '') throw new UserError('subject must not be empty')
  for (const [name, value] of Object.entries(claims)) {
    const setting = NOT_AMONG_CLAIMS.get(name)
    if (setting !== undefined) throw new UserError(`${name} does not belong among claims: there is ${setting}`)
    if (typeof value === 'number' && !isExact(value)) {
      throw new UserError(`The number for the claim ${name} is beyond 2^53, which JSON does not carry exactly`)
    }
  }
  if (when !== undefined) parseCondition(when)
  // An issuer such as GitHub's gives anybody a token for any audience.
  if (subject === undefined && when === undefined && Object.keys(claims).length === 0) {
    throw new UserError('A subject, claims or a condition is required: the issuer has tokens for others, too')
  }
  if (maxAge !== undefined && !(Number.isSafeInteger(maxAge) && maxAge > 0)) {
    throw new UserError('max_age must be a whole number of seconds, at least 1')
  }
}

/** Whether JSON parsing kept the exact number. Different whole numbers beyond 2^53 can have the same value. */
export const isExact = (value: number): boolean =>
  Number.isFinite(value) && (Number.isSafeInteger(value) || !Number.isInteger(value))

function isHttpsUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return url?.protocol === 'https:' && url.username === '' && url.password === '' && !text.includes('#')
}
