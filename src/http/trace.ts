const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/

/** The `trace-id` of a `traceparent` header (W3C Trace Context §3.2); undefined where it is not valid. */
export function parseTraceId(header: string | string[] | undefined): string | undefined {
  if (typeof header !== 'string' || header.length > 512) return undefined
  if (header.startsWith('00-') && header.length !== 55) return undefined
  return TRACEPARENT.exec(header)?.[1]
}
