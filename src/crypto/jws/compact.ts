import { isUtf8 } from 'node:buffer'
import { decodeBase64url } from '../../platform/base64url.ts'
import { isObject, JsonError, parseJson } from '../../platform/json.ts'
import { received } from './received.ts'

/** The reason why a text is not an acceptable JWS. */
export type JwsFault =
  | 'too_long'
  | 'encrypted'
  | 'segments'
  | 'base64url'
  | 'utf8'
  | 'header'
  | 'claims'
  | 'algorithm_missing'
  | 'algorithm_none'
  | 'critical'
  | 'b64'
  | 'kid'
  | 'typ'

/** A text is not an acceptable JWS. */
export class JwsError extends Error {
  override readonly name = 'JwsError'
  readonly fault: JwsFault
  /** The wrong value, for an administrator; never a whole token or a signature. */
  readonly detail: string | undefined

  constructor(fault: JwsFault, detail?: string) {
    super(fault)
    this.fault = fault
    this.detail = detail
  }
}

/** The JOSE header (RFC 7515 §4.1). */
interface JwsHeader {
  readonly alg: string
  readonly kid: string | undefined
  readonly typ: string | undefined
  /** The `jwk`, unchecked. Only a DPoP proof is verified with it (RFC 9449 §4.2). */
  readonly jwk: unknown
  readonly raw: Readonly<Record<string, unknown>>
}

/** A JWT whose signature is not checked yet. */
export interface CompactJws {
  readonly header: JwsHeader
  readonly claims: Readonly<Record<string, unknown>>
  /** The signed text, in ASCII (RFC 7515 §5.1). */
  readonly signingInput: string
  readonly signature: Buffer
}

/** The most characters of a JWS. Each is one byte. */
const LONGEST = 16 * 1024
export const LONGEST_KID = 1024

/**
 * Parses a JWT in compact form (RFC 7515 §7.1, RFC 7519 §7.2) without checking its signature.
 * @throws JwsError for anything else, including an encrypted token: nothing is ever decrypted
 */
export function parseCompact(token: string): CompactJws {
  if (token.length > LONGEST) throw new JwsError('too_long', `${token.length} characters`)
  const [header = '', payload = '', signature = '', ...more] = token.split('.', 6)
  // RFC 7516 §9: five segments are a JWE.
  if (more.length === 2) throw new JwsError('encrypted')
  if (more.length > 0 || !token.includes('.', header.length + 1)) throw new JwsError('segments')
  return {
    header: parseHeader(parseObject(header, 'header')),
    claims: parseObject(payload, 'claims'),
    signingInput: token.slice(0, header.length + 1 + payload.length),
    signature: decode(signature, 'signature'),
  }
}

/** @throws JwsError if the segment is not canonical base64url */
function decode(segment: string, name: string): Buffer {
  const bytes = decodeBase64url(segment)
  if (bytes === undefined) throw new JwsError('base64url', name)
  return bytes
}

function parseObject(segment: string, name: 'header' | 'claims'): Readonly<Record<string, unknown>> {
  const bytes = decode(segment, name)
  if (!isUtf8(bytes)) throw new JwsError('utf8', name)
  try {
    const value = parseJson(bytes.toString('utf8'))
    if (isObject(value)) return value
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    throw new JwsError(name, error.message)
  }
  throw new JwsError(name, 'no JSON object')
}

function parseHeader(raw: Readonly<Record<string, unknown>>): JwsHeader {
  const { alg, kid, typ, jwk } = raw
  if (typeof alg !== 'string' || alg === '') throw new JwsError('algorithm_missing', received(alg))
  if (alg.toLowerCase() === 'none') throw new JwsError('algorithm_none', received(alg))
  // RFC 7515 §4.1.11: refuse a JWS with critical extensions. No extension is supported, not even RFC 7797.
  if (Object.hasOwn(raw, 'crit')) throw new JwsError('critical', received(raw['crit']))
  if (Object.hasOwn(raw, 'b64')) throw new JwsError('b64', received(raw['b64']))
  if (kid !== undefined && typeof kid !== 'string') throw new JwsError('kid', received(kid))
  if (kid !== undefined && kid.length > LONGEST_KID) throw new JwsError('kid', `${kid.length} characters`)
  if (typ !== undefined && typeof typ !== 'string') throw new JwsError('typ', received(typ))
  return { alg, kid, typ, jwk, raw }
}

/** The media type in `typ`, for comparison: in lower case, without `application/` (RFC 7515 §4.1.9). */
export const mediaType = (typ: string): string => typ.toLowerCase().replace(/^application\/(?=[^/]*$)/, '')
