import { decodeFormComponent, problemOf } from '../http/form.ts'
import { refusal as httpRefusal } from '../http/refusals.ts'
import { ClientId } from '../oauth/ids.ts'
import { hasControl } from '../platform/text.ts'
import type { SecretReading } from './presented.ts'
import { refusal } from './refusals.ts'

/** The scheme may be in any case (RFC 9110 §11.4). */
const BASIC = /^basic +([A-Za-z0-9+/]+={0,2})$/i
const ESCAPED = /[%+]/

/**
 * The possible meanings of a Basic `Authorization` header, likeliest first. RFC 6749 §2.3.1 form-encodes the id and the
 * secret; curl and most scripts don't. If the decoded reading differs from the raw one, it comes first. Only one can
 * have the right secret.
 * @throws Refusal if the header is not Basic, or not well-formed
 */
export function readBasic(authorization: string): readonly [SecretReading, ...SecretReading[]] {
  const credentials = decodeBasic(authorization)
  const colon = credentials.indexOf(':')
  if (colon === -1) throw malformed('no colon between the id and the secret')
  const raw = { clientId: ClientId(credentials.slice(0, colon)), secret: credentials.slice(colon + 1) }
  const decoded = decode(raw)
  return decoded === undefined ? [raw] : [decoded, raw]
}

/** The decoded reading; undefined if it equals the raw one, or if no client can have meant it. */
function decode(raw: SecretReading): SecretReading | undefined {
  if (!ESCAPED.test(raw.clientId) && !ESCAPED.test(raw.secret)) return undefined
  const clientId = decodeFormComponent(raw.clientId)
  const secret = decodeFormComponent(raw.secret)
  if (clientId === undefined || secret === undefined || hasControl(clientId + secret)) return undefined
  return clientId === raw.clientId && secret === raw.secret ? undefined : { clientId: ClientId(clientId), secret }
}

/**
 * @throws Refusal if the header is not canonical base64 (RFC 4648 §3.5) of UTF-8 (RFC 7617 §2.1) without control
 * characters
 */
function decodeBasic(authorization: string): string {
  const encoded = BASIC.exec(authorization)?.[1]
  if (encoded === undefined) throw malformed(schemeOf(authorization))
  const bytes = Buffer.from(encoded, 'base64')
  if (bytes.toString('base64') !== encoded) throw malformed('base64 that is not canonical')
  const credentials = bytes.toString('utf8')
  const problem = problemOf(bytes, credentials)
  if (problem !== undefined)
    throw httpRefusal('malformed_parameters', { detail: { parameter: 'Authorization', received: problem } })
  return credentials
}

const malformed = (received: string) => refusal('malformed_authorization', { detail: { received } })

/** Names a scheme that libraries use (RFC 9110 §11.1). Any other word may be a secret, and is not kept. */
function schemeOf(authorization: string): string {
  const [, scheme] = /^(basic|bearer|digest|dpop|negotiate)\b/i.exec(authorization) ?? []
  if (scheme === undefined) return 'no known scheme'
  return /^basic$/i.test(scheme) ? 'Basic without base64' : scheme
}
