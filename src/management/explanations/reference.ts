/** A request, as a person names it. */
export type RequestReference =
  | { readonly kind: 'request'; readonly id: string }
  /** All requests of one trace (W3C Trace Context §3.2.2.3). */
  | { readonly kind: 'trace'; readonly id: string }

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/
/** The header of our answers, the end of our descriptions, and the member of our logs. */
const NAMED = new RegExp(
  `(?:x-request-id["']?\\s*[:=]\\s*["']?|\\(request |request_id["']?\\s*[:=]\\s*["']?)(${UUID.source})`,
)
/** Our ids are UUIDs of version 7 (RFC 9562 §5.7). */
const OURS = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/
const TRACEPARENT = /\b[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}\b/

/**
 * Finds the request id in text that a person copied: among blanks, in quotation marks, in capitals, with the name of its header, or
 * in a whole answer. An id with its name is preferred to any other. Without an id, the text may be a `traceparent`.
 * @returns undefined if the text has neither
 */
export function requestReferenceIn(text: string): RequestReference | undefined {
  const lower = text.toLowerCase()
  const id = NAMED.exec(lower)?.[1] ?? OURS.exec(lower)?.[0] ?? UUID.exec(lower)?.[0]
  if (id !== undefined) return { kind: 'request', id }
  const trace = TRACEPARENT.exec(lower)?.[1]
  return trace === undefined ? undefined : { kind: 'trace', id: trace }
}
