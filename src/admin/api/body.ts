import type { HttpRequest } from '../../http/message.ts'
import { JsonError, parseJson } from '../../platform/json.ts'
import { refusal } from '../refusals.ts'

/** The most bytes of a body. */
export const ADMIN_BODY_LIMIT = 1024 * 1024

const JSON_TYPE = /^application\/(?:merge-patch\+)?json *(?:; *charset="?utf-8"? *)?$/i

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * The JSON of a body; undefined if there is none. A form of another site can't send this content type without being asked for
 * permission first (Fetch Standard, CORS-safelisted request headers).
 * @throws Refusal `admin_content_type`, `admin_body`
 */
export function readJsonBody({ headers, body }: HttpRequest): unknown {
  if (body.length === 0) return undefined
  if (!JSON_TYPE.test(headers['content-type'] ?? '')) throw refusal('admin_content_type')
  try {
    return parseJson(utf8.decode(body))
  } catch (error) {
    if (error instanceof JsonError || error instanceof TypeError) throw refusal('admin_body')
    throw error
  }
}
