import { isUtf8 } from 'node:buffer'
import { cut, hasControl, withoutEnd } from '../platform/text.ts'
import { refusal } from './refusals.ts'

/** Parameters that may be repeated (RFC 8707 §2). */
const REPEATABLE = new Set(['resource', 'audience'])
/** Unknown parameters are ignored (RFC 6749 §3.2), but each costs a microsecond. */
const MOST_PARAMETERS = 6_000
const MEDIA_TYPE = /^application\/x-www-form-urlencoded[ \t]*(?:;|$)/i

/** The parameters of a request. A parameter with an empty value counts as absent (RFC 6749 §3.2). */
export class Form {
  readonly #values: ReadonlyMap<string, readonly string[]>

  constructor(values: ReadonlyMap<string, readonly string[]>) {
    this.#values = values
  }

  get(name: string): string | undefined {
    return this.#values.get(name)?.[0]
  }

  all(name: string): readonly string[] {
    return this.#values.get(name) ?? []
  }
}

/**
 * Parses a body of `application/x-www-form-urlencoded` (RFC 6749 Appendix B).
 * @throws Refusal `unsupported_content_type`, `content_encoding`, `malformed_parameters`, `too_many_parameters` or
 * `repeated_parameter`
 */
export function parseForm(
  headers: { readonly 'content-type'?: string | undefined; readonly 'content-encoding'?: string | undefined },
  body: Buffer,
): Form {
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw refusal('content_encoding', { detail: { received: cut(encoding) } })
  }
  if (!MEDIA_TYPE.test(headers['content-type'] ?? '')) {
    throw refusal('unsupported_content_type', { detail: { received: cut(headers['content-type'] ?? '(none)') } })
  }
  const text = body.toString('utf8')
  const problem = problemOf(body, text)
  if (problem !== undefined)
    throw refusal('malformed_parameters', { detail: { parameter: '(the body)', received: problem } })
  const values = new Map<string, string[]>()
  let parameters = 0
  // A call of split() would take as long as the rest of this function.
  for (let from = 0, to = 0; from < text.length; from = to + 1) {
    to = endOfPair(text, from)
    if (to === from) continue
    parameters += 1
    if (parameters > MOST_PARAMETERS) throw refusal('too_many_parameters')
    const pair = text.slice(from, to)
    const equals = pair.indexOf('=')
    const name = decode(equals === -1 ? pair : pair.slice(0, equals))
    const value = equals === -1 ? '' : decode(pair.slice(equals + 1), name)
    const earlier = values.get(name)
    if (earlier === undefined) values.set(name, value === '' ? [] : [value])
    else if (!REPEATABLE.has(name)) throw refusal('repeated_parameter', { detail: { parameter: shown(name) } })
    else if (value !== '') earlier.push(value)
  }
  return new Form(values)
}

function endOfPair(text: string, from: number): number {
  const ampersand = text.indexOf('&', from)
  return ampersand === -1 ? text.length : ampersand
}

/**
 * @param parameter the name, if a value is decoded
 * @throws Refusal `malformed_parameters` if the decoded text is not UTF-8 or holds a control character
 */
function decode(encoded: string, parameter = ''): string {
  if (!encoded.includes('%')) return decodeFormComponent(encoded) ?? ''
  const decoded = decodeFormComponent(encoded)
  const problem = decoded === undefined ? NOT_UTF8 : controlIn(decoded)
  if (decoded !== undefined && problem === undefined) return decoded
  throw refusal('malformed_parameters', { detail: { parameter: shown(parameter), received: problem } })
}

const NOT_UTF8 = 'bytes that are not UTF-8'

/** The reason why no parameter or header may have this text; undefined if there is none. */
export const problemOf = (bytes: Buffer, text: string): string | undefined =>
  isUtf8(bytes) ? controlIn(text) : NOT_UTF8

function controlIn(text: string): string | undefined {
  if (!hasControl(text)) return undefined
  return hasControl(withoutEnd(text, '\r\n')) ? 'a control character' : 'a line end at its end'
}

/** Parameters of the endpoints. Any other name may be a secret in the wrong place, and is not kept. */
const NAMED = new Set([
  'grant_type',
  'scope',
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
  'token',
  'token_type_hint',
  ...REPEATABLE,
])

const shown = (parameter: string): string => (NAMED.has(parameter) ? parameter : '(another)')

/**
 * Decodes one name or value. A `+` is a space. A `%` without two hexadecimal digits after it stands for itself, as in
 * the URL Standard (https://url.spec.whatwg.org/#urlencoded-parsing), since many clients send secrets unencoded.
 * @returns undefined if the decoded text is not UTF-8
 */
export function decodeFormComponent(encoded: string): string | undefined {
  const spaced = encoded.includes('+') ? encoded.replaceAll('+', ' ') : encoded
  if (!spaced.includes('%')) return spaced
  try {
    return decodeURIComponent(spaced.replace(/%(?![0-9a-f]{2})/gi, '%25'))
  } catch {
    return undefined
  }
}
