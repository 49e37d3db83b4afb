import { z } from 'zod'
import { signatureAlgorithms } from '../keys/algorithms.ts'
import type { Keyring } from '../keys/keyring.ts'
import type { KeyId } from '../oauth/ids.ts'
import { Audience, ClientId, Jti } from '../oauth/ids.ts'
import { decodeBase64url } from '../platform/base64url.ts'
import { type Clock, toSeconds } from '../platform/clock.ts'
import { JsonError, parseJson } from '../platform/json.ts'
import { uuidv7Time } from '../platform/random.ts'
import { type AccessTokenClaims, LONGEST_TOKEN } from './claims.ts'
import type { Unsealer } from './sealed.ts'

/** A token that we issued and that has not expired. It may have been revoked. */
export interface VerifiedToken {
  readonly claims: AccessTokenClaims
  /** The key that signed or sealed it. */
  readonly kid: KeyId
}

/** The dependencies of verification. */
export interface Verifier {
  readonly issuer: string
  readonly keyring: Keyring
  readonly unsealer: Unsealer
  readonly clock: Clock
}

const JWT_FORM = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/

const headerSchema = z.object({
  alg: z.string(),
  kid: z.string(),
  typ: z.enum(['at+jwt', 'JWT']),
  // RFC 7515 §4.1.11: a verifier must reject critical extensions that it does not understand.
  crit: z.undefined().optional(),
  b64: z.undefined().optional(),
})

const audience = z.string().transform(Audience)

/** The claims of every token of ours. Other claims are kept. Introspection shows them in this order, and `cnf` last. */
const claimsSchema = z
  .looseObject({
    iss: z.string(),
    sub: z.string(),
    aud: z.union([audience, z.array(audience)]),
    client_id: z.string().transform(ClientId),
    iat: z.int(),
    exp: z.int(),
    jti: z.string().transform(Jti),
    scope: z.string().optional(),
    scp: z.array(z.string()).optional(),
    cnf: z.union([z.looseObject({ jkt: z.string() }), z.looseObject({ 'x5t#S256': z.string() })]).optional(),
  })
  .transform(({ cnf, ...claims }) => ({ ...claims, ...(cnf && { cnf }) }))

/** Verifies one of our tokens in either format. Undefined for any other text. */
export function verifyToken(verifier: Verifier, token: string): VerifiedToken | undefined {
  const opened = openSealed(verifier, token) ?? openJwt(verifier, token)
  if (opened === undefined) return undefined
  const claims = claimsSchema.safeParse(opened.claims)
  if (!claims.success || claims.data.iss !== verifier.issuer) return undefined
  const verified = { claims: claims.data, kid: opened.kid }
  return isAlive(verifier, verified) ? verified : undefined
}

/** The time at which a token was issued, in milliseconds. The time in `jti` is more exact than `iat`. */
export const issuedAt = ({ claims: { jti, iat } }: VerifiedToken): number => uuidv7Time(jti) ?? iat * 1000

/** The APIs that a token is for. */
export const audiencesOf = ({ claims: { aud } }: VerifiedToken): readonly Audience[] =>
  typeof aud === 'string' ? [aud] : aud

/** Whether a token that was verified before has not expired, and its key is still valid. */
export function isAlive({ keyring, clock }: Verifier, { claims, kid }: VerifiedToken): boolean {
  return claims.exp > toSeconds(clock.now()) && keyring.isLive(kid)
}

function openSealed({ keyring, unsealer }: Verifier, token: string) {
  const opened = unsealer.unseal(token, (reference) => keyring.sealingKeyOf(reference))
  return opened === undefined ? undefined : { claims: opened.claims, kid: opened.key.kid }
}

function openJwt({ keyring }: Verifier, token: string) {
  if (token.length > LONGEST_TOKEN) return undefined
  const [, header = '', payload = '', signature = ''] = JWT_FORM.exec(token) ?? []
  const parsed = headerSchema.safeParse(decodeHeader(header))
  if (!parsed.success) return undefined
  const key = keyring.verificationKey(parsed.data.kid)
  // The key determines the algorithm, and the header must agree (RFC 8725 §3.1).
  if (key === undefined || key.algorithm !== parsed.data.alg) return undefined
  const bytes = decodeBase64url(signature)
  // An ECDSA signature has a valid twin, so text does not identify a token.
  if (bytes === undefined) return undefined
  if (!signatureAlgorithms[key.algorithm].verify(`${header}.${payload}`, key.publicKey, bytes)) return undefined
  return { claims: decodeClaims(payload), kid: key.kid }
}

/** Parses a header that a stranger may have written; undefined if it is not JSON or exceeds a limit. */
function decodeHeader(encoded: string): unknown {
  try {
    return parseJson(Buffer.from(encoded, 'base64url').toString('utf8'))
  } catch (error) {
    if (error instanceof JsonError) return undefined
    throw error
  }
}

/** Parses claims that this server has signed; undefined if they are not JSON. */
function decodeClaims(encoded: string): unknown {
  try {
    return JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
}
