import type { IncomingMessage } from 'node:http'
import type { Reason } from '../oauth/refusals.ts'

/** Characters of a request target; RFC 9112 §3 wants 8,000 bytes to be taken at the least. */
const LONGEST_TARGET = 8_000
/** A host as in a URI, and perhaps a port (RFC 9110 §7.2, RFC 3986 §3.2.2); a URI without a host is none (RFC 9110 §4.2.2). */
const HOST = /^(?:\[[0-9a-f:.]+\]|(?:[\w.~!$&'()*+,;=-]|%[0-9a-f]{2})+)(?::\d{0,5})?$/i
/**
 * Headers of which Node keeps the first and drops the others. A proxy may have gone by another one than we would. Of other
 * headers it joins the values, and who reads them refuses what is joined.
 */
const SINGLE = new Set(['host', 'authorization', 'content-type'])
const LENGTHS_OF_SINGLE = new Set([...SINGLE].map(({ length }) => length))

let lastHost = ''

/** What is wrong with a request as HTTP, whatever it asks for and whoever would answer it; undefined where nothing is. */
export function httpFault({ httpVersion, headers, rawHeaders, url = '' }: IncomingMessage): Reason | undefined {
  const isFirst = httpVersion === '1.0'
  if (!isFirst && httpVersion !== '1.1') return 'http_version'
  // RFC 9112 §6.1. HTTP/1.0 knows no such header, so where the body ends is uncertain; and no other coding is undone here.
  const coding = headers['transfer-encoding']
  if (coding !== undefined && (isFirst || coding.toLowerCase() !== 'chunked')) return 'malformed_request'
  if (url.length > LONGEST_TARGET) return 'uri_too_long'
  const { host } = headers
  // RFC 9112 §3.2.
  if (host === undefined ? !isFirst : !isHost(host)) return 'bad_host'
  return repeated(rawHeaders)
}

function isHost(host: string): boolean {
  // Nearly every request has the same one.
  if (host === lastHost) return true
  if (host.length > 300 || !HOST.test(host)) return false
  lastHost = host
  return true
}

function repeated(rawHeaders: readonly string[]): Reason | undefined {
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
