import type { HttpRequest, HttpResponse } from '../http/message.ts'
import type { KeySetConsumers } from '../keys/consumers.ts'
import type { Keyring } from '../keys/keyring.ts'

/** The parts of the server on which the key set endpoint depends. */
export interface KeysServices {
  readonly keyring: Keyring
  readonly consumers: KeySetConsumers
  /** How long a verifier may cache the key set; may change. Seconds. */
  readonly maxAge: number
}

/** The key set (RFC 7517 §5), public and cacheable. */
export function keysEndpoint(services: KeysServices): (request: HttpRequest) => HttpResponse {
  const { keyring, consumers } = services
  return ({ headers, remoteAddress }) => {
    consumers.record(remoteAddress, headers['user-agent'])
    const { body, etag } = keyring.published
    const caching = { 'Cache-Control': `public, max-age=${services.maxAge}`, ETag: etag }
    if (isCurrent(headers['if-none-match'], etag)) return { status: 304, headers: caching, body: '' }
    return { status: 200, headers: { 'Content-Type': 'application/json', ...caching }, body }
  }
}

/** The most entries of an `If-None-Match` header that are read. */
const MOST_TAGS = 50

/** Whether one of the listed tags matches, by weak comparison (RFC 9110 §13.1.2). */
function isCurrent(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false
  return ifNoneMatch.split(',', MOST_TAGS).some((listed) => ['*', etag].includes(listed.trim().replace(/^W\//, '')))
}
