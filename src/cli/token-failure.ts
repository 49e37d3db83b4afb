import * as openid from 'openid-client'
import { z } from 'zod'
import { isUntrusted, networkFault } from '../platform/system-error.ts'
import { NotAllowed, UserError } from '../platform/user-error.ts'
import { printable } from './output.ts'

/** Explanations of the client library's error codes. Each follows the issuer in the message. */
const words: Readonly<Record<string, string>> = {
  OAUTH_TIMEOUT: 'no answer came in time',
  OAUTH_ABORT: 'no answer came in time',
  OAUTH_HTTP_REQUEST_FORBIDDEN: 'its metadata name an address that is not https://',
  OAUTH_REQUEST_PROTOCOL_FORBIDDEN: 'its metadata name an address that is not https://',
  OAUTH_RESPONSE_IS_NOT_JSON: 'this is no authorization server: its answer is not JSON',
  OAUTH_PARSE_ERROR: 'this is no authorization server: its answer is not JSON',
  OAUTH_INVALID_RESPONSE: 'the answer is not what an authorization server sends (RFC 6749 §5.1, RFC 8414 §3.2)',
  OAUTH_MISSING_SERVER_METADATA: 'its metadata lack the token endpoint (RFC 8414 §2)',
  OAUTH_INVALID_SERVER_METADATA: 'its metadata are not what RFC 8414 §2 asks for',
}

/** RFC 6749 §5.2. */
const refusalBody = z
  .object({ error: z.string().default('invalid_client'), error_description: z.string().optional() })
  .catch({ error: 'invalid_client' })

/** Explains a refusal by the server, or a failure of the network. @returns any other error as it is */
export async function explainTokenFailure(error: unknown, issuer: string): Promise<unknown> {
  if (error instanceof openid.ResponseBodyError) {
    return refusal(error.response, error.error, error.error_description)
  }
  if (error instanceof openid.WWWAuthenticateChallengeError) {
    // The library reads only the challenge of a 401. The body says more.
    const body = refusalBody.parse(await error.response.json().catch(() => ({})))
    return refusal(error.response, body.error, body.error_description)
  }
  if (!(error instanceof openid.ClientError) && !(error instanceof TypeError)) return error
  return new UserError(printable(`${issuer}: ${reasonOf(error)}`), { cause: error })
}

function reasonOf(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (code === 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED') return mismatch(error)
  if (code === 'OAUTH_RESPONSE_IS_NOT_CONFORM') {
    const status = error.cause instanceof Response ? error.cause.status : 'another one'
    return `this is no authorization server: its answer has status ${status}, not 200`
  }
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const fault = networkFault(cause)
    if (fault !== undefined) return isUntrusted(cause) ? `${fault}: name its authority with --ca` : fault
  }
  if (error.cause instanceof Error && error.cause.message === 'bad port')
    return 'no HTTP client may use that port (Fetch standard, § port blocking)'
  return words[code] ?? 'it could not be asked for a token'
}

/** Explains metadata that name another issuer (RFC 8414 §3.3). */
function mismatch(error: Error): string {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const detail = cause.cause
    if (typeof detail !== 'object' || detail === null || !('body' in detail)) continue
    const { body } = detail
    if (typeof body === 'object' && body !== null && 'issuer' in body && typeof body.issuer === 'string')
      return `the server there says that its issuer is ${JSON.stringify(body.issuer)}: give --issuer that, letter by letter`
  }
  return 'the server there says that it is another issuer'
}

function refusal(response: Response, code: string, description: string | undefined): NotAllowed {
  const id = response.headers.get('x-request-id')
  const said = description === undefined ? code : `${code}: ${description}`
  return new NotAllowed(printable(id === null || said.includes(id) ? said : `${said} (request ${id})`))
}
