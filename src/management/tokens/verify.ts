import type { PublicKey } from '../../crypto/jws/public-key.ts'
import { received } from '../../crypto/jws/received.ts'
import { findSigner, whyNoSigner } from '../../crypto/jws/verify.ts'
import { CLOCK_SKEW, isNumericDate, toSeconds } from '../../platform/clock.ts'
import type { Check } from '../explanations/advice/advice.ts'
import { comparison, spanInWords } from '../explanations/advice/case.ts'
import { parseToken } from './decode.ts'

/** The knowledge of an API that checks a token. */
interface Verifying {
  readonly issuer: string
  /** The API's own audience; undefined to accept any. */
  readonly audience: string | undefined
  /** The published keys of the issuer. */
  readonly keys: readonly PublicKey[]
  /** Milliseconds. */
  readonly now: number
}

/** The types of access tokens (RFC 9068 §2.1), of which `JWT` is for older verifiers. */
const TYPES = ['at+jwt', 'application/at+jwt', 'JWT']

/** Checks a JWT as an API does (RFC 9068 §4), and says the result of each check. @throws UserError if it is no JWT */
export function verifyAsApi(token: string, { issuer, audience, keys, now }: Verifying): readonly Check[] {
  const jws = parseToken(token)
  const { header, claims } = jws
  const { iss, aud, exp, nbf, iat } = claims
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  return [
    signatureCheck(),
    comparison('typ', header.typ !== undefined && TYPES.includes(header.typ), 'at+jwt or JWT', received(header.typ)),
    comparison('iss', iss === issuer, issuer, received(iss), slashNote(issuer, iss)),
    ...(audience === undefined ? [] : [comparison('aud', audiences.includes(audience), audience, received(aud))]),
    timeCheck('exp', exp, (left) => left > 0, 'a later time'),
    ...(nbf === undefined ? [] : [timeCheck('nbf', nbf, (left) => left <= CLOCK_SKEW, 'an earlier time')]),
    timeCheck('iat', iat, (left) => left <= CLOCK_SKEW, 'an earlier time'),
  ]

  function signatureCheck(): Check {
    const { alg, kid } = header
    const came = `alg ${received(alg)}, kid ${received(kid)}`
    const known = keys.map((key) => key.kid ?? '(no kid)').join(', ') || 'none'
    if (findSigner(jws, keys) !== undefined) return comparison('signature', true, 'a published key', came)
    const note = {
      kid: 'the issuer publishes no key with this kid: the key was revoked or is gone, or the token is from another issuer',
      algorithm: 'no published key has this algorithm',
      signature: 'the token was changed after it was signed',
    }[whyNoSigner(jws, keys)]
    return comparison('signature', false, `one by a published key (${known})`, came, note)
  }

  function timeCheck(claim: string, value: unknown, isGood: (left: number) => boolean, expected: string): Check {
    if (!isNumericDate(value)) return comparison(claim, false, 'seconds since 1970', received(value))
    const left = value - toSeconds(now)
    const words = left > 0 ? `in ${spanInWords(left)}` : `${spanInWords(left)} ago`
    return comparison(claim, isGood(left), expected, `${value}, ${words}`)
  }
}

/** Says that two issuers differ by a slash alone, since they look equal. */
function slashNote(issuer: string, iss: unknown): string | undefined {
  if (typeof iss !== 'string' || iss === issuer) return undefined
  return iss.replace(/\/$/, '') === issuer.replace(/\/$/, '') ? 'they differ by the slash at the end' : undefined
}
