import { isUtf8 } from 'node:buffer'
import { decodeFormComponent } from '../http/form.ts'
import { OAuthError } from '../oauth/error.ts'
import { ClientId } from '../oauth/ids.ts'
import { hasControl } from '../oauth/text.ts'
import type { ClientAuthMethod, PresentedSecret } from './request.ts'

/** RFC 9110 §11.4: the scheme is of any case. */
const BASIC = /^basic +([A-Za-z0-9+/]+={0,2})$/i

/**
 * HTTP Basic with id and secret form-encoded (RFC 6749 §2.3.1), and as they are, which curl and most scripts send. Where
 * the two readings differ the encoded one is tried first; only one of them can be the right secret.
 */
export const clientSecretBasic: ClientAuthMethod = {
  present({ headers: { authorization } }) {
    if (authorization === undefined) return undefined
    const credentials = decodeBasic(authorization)
    const colon = credentials.indexOf(':')
    if (colon === -1) throw new OAuthError('malformed_authorization')
    const raw = presented(credentials.slice(0, colon), credentials.slice(colon + 1))
    const clientId = decodeFormComponent(raw.clientId)
    const secret = decodeFormComponent(raw.secret)
    if (clientId === undefined || secret === undefined) return [raw]
    if (clientId === raw.clientId && secret === raw.secret) return [raw]
    return [presented(clientId, secret), raw]
  },
}

function presented(clientId: string, secret: string): PresentedSecret {
  if (hasControl(clientId) || hasControl(secret)) throw new OAuthError('malformed_parameters')
  return { clientId: ClientId(clientId), secret }
}

/** @throws OAuthError where the header is not canonical base64 (RFC 4648 §3.5) of UTF-8 (RFC 7617 §2.1) */
function decodeBasic(authorization: string): string {
  const encoded = BASIC.exec(authorization)?.[1]
  if (encoded === undefined) throw new OAuthError('malformed_authorization')
  const bytes = Buffer.from(encoded, 'base64')
  if (bytes.toString('base64') !== encoded) throw new OAuthError('malformed_authorization')
  if (!isUtf8(bytes)) throw new OAuthError('malformed_parameters')
  return bytes.toString('utf8')
}
