import type { IncomingMessage } from 'node:http'
import type { HttpReason } from './refusals.ts'

/** Characters of a request target. RFC 9112 §3 asks servers to support at least 8,000. */
const LONGEST_TARGET = 8_000
/** A host as in a URI, perhaps with a port (RFC 9110 §7.2, RFC 3986 §3.2.2). An empty host is not valid (RFC 9110 §4.2.2). */
const HOST = /^(?:\[[0-9a-f:.]+\]|(?:[\w.~!$&'()*+,;=-]|%[0-9a-f]{2})+)(?::\d{0,5})?$/i
/**
 * If these headers are repeated, Node keeps the first and drops the others. A proxy may have read another one. Node joins the
 * values of all other headers, and their readers refuse joined values.
 */
const SINGLE = new Set(['host', 'authorization', 'content-type'])
const LENGTHS_OF_SINGLE = new Set([...SINGLE].map(({ length }) => length))

let lastHost = ''

/** The fault of a request as HTTP, for any endpoint; undefined if there is none. */
export function httpFault({
  httpVersion,
  headers,
  rawHeaders,
  url = '',
}: Pick<IncomingMessage, 'httpVersion' | 'headers' | 'rawHeaders' | 'url'>): HttpReason | undefined {
  const isFirst = httpVersion === '1.0'
  if (!isFirst && httpVersion !== '1.1') return 'http_version'
  // RFC 9112 §6.1. HTTP/1.0 has no such header, so the end of the body is uncertain. No other coding is supported here.
  const coding = headers['transfer-encoding']
  if (coding !== undefined && (isFirst || coding.toLowerCase() !== 'chunked')) return 'malformed_request'
  if (url.length > LONGEST_TARGET) return 'uri_too_long'
  const { host } = headers
  // RFC 9112 §3.2.
  if (host === undefined ? !isFirst : !isHost(host)) return 'bad_host'
  return repeated(rawHeaders)
}

function isHost(host: string): boolean {
  // Nearly every request has the same host.
  if (host === lastHost) return true
  if (host.length > 300 || !HOST.test(host)) return false
  lastHost = host
  return true
}

function repeated(rawHeaders: readonly string[]): HttpReason | undefined {
  const seen: string[] = []
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? ''
    if (!LENGTHS_OF_SINGLE.has(name.length)) continue
    const lower = name.toLowerCase()
    if (!SINGLE.has(lower)) continue
    if (seen.includes(lower)) return lower === 'host' ? 'bad_host' : 'repeated_header'
    seen.push(lower)
  }
  return undefined
}
