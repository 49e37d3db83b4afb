const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/

/** The trace of the client's own request. */
interface Traceparent {
  readonly traceId: string
  readonly spanId: string
  /** Bit 0: whether the trace is sampled. */
  readonly traceFlags: number
  readonly isRemote: true
}

/** Parses a `traceparent` header (W3C Trace Context §3.2); undefined if it is not valid. */
export function parseTraceparent(header: unknown): Traceparent | undefined {
  const [, traceId, spanId, flags] = match(header) ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true }
}

/** The `trace-id` of a `traceparent` header; undefined if it is not valid. */
export const parseTraceId = (header: unknown): string | undefined => match(header)?.[1]

function match(header: unknown): RegExpExecArray | null {
  if (typeof header !== 'string' || header.length > 512) return null
  if (header.startsWith('00-') && header.length !== 55) return null
  return TRACEPARENT.exec(header)
}
