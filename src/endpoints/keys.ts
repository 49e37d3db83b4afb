/**
 * The OAuth endpoints, each a short list of steps. May import `oauth`, `platform`, `http`, `audit`, `client-auth`,
 * `grants`, `policy`, `tokens`, `keys`.
 */

import type { Endpoint, HttpResponse } from '../http/message.ts'
import type { Keyring } from '../keys/keyring.ts'

/** Seconds for which a verifier may use the key set without asking again. */
const KEYS_MAX_AGE = 300

/** The key set (RFC 7517 §5), public and cacheable. */
export function keysEndpoint(keyring: Keyring): Endpoint {
  return ({ headers }): HttpResponse => {
    const { body, etag } = keyring.published
    const caching = { 'Cache-Control': `public, max-age=${KEYS_MAX_AGE}`, ETag: etag }
    if (isCurrent(headers['if-none-match'], etag)) return { status: 304, headers: caching, body: '' }
    return { status: 200, headers: { 'Content-Type': 'application/json', ...caching }, body }
  }
}

/** RFC 9110 §13.1.2: a weak comparison with any of those listed. */
function isCurrent(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false
  return ifNoneMatch.split(',').some((listed) => ['*', etag].includes(listed.trim().replace(/^W\//, '')))
}
