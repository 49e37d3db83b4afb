import type { HttpRequest, HttpResponse } from '../http/message.ts'
import type { KeySetConsumers } from '../keys/consumers.ts'
import type { Keyring } from '../keys/keyring.ts'

/** What serving the key set needs of the process. */
export interface KeysServices {
  readonly keyring: Keyring
  readonly consumers: KeySetConsumers
  /** Seconds for which a verifier may use the key set without asking again; may change. */
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

/** RFC 9110 §13.1.2: a weak comparison with any of those listed. */
function isCurrent(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false
  return ifNoneMatch.split(',').some((listed) => ['*', etag].includes(listed.trim().replace(/^W\//, '')))
}
