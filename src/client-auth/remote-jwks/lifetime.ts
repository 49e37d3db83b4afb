import type { FetchedJson } from './fetch-json.ts'

export const SECOND = 1_000
const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE

/** The bounds of the lifetime that a source states. Milliseconds. */
const SHORTEST = MINUTE
const LONGEST = 24 * HOUR
/** The lifetime if the source states none. Milliseconds. */
const DEFAULT = 10 * MINUTE

const DIRECTIVE = /^\s*(no-store|no-cache|max-age)\s*(?:=\s*"?(\d+)"?\s*)?$/i

/**
 * The milliseconds for which a document may be used after its arrival. Its headers say so (RFC 9111 §4.2), within one minute and
 * one day. Even a source that forbids caching is asked only once a minute.
 * @param now milliseconds since the epoch; needed for an `Expires` without a `Date`
 */
export function lifetimeOf(headers: FetchedJson['headers'], now: number): number {
  return Math.min(Math.max(stated(headers, now), SHORTEST), LONGEST)
}

function stated(headers: FetchedJson['headers'], now: number): number {
  const directives = new Map<string, string>()
  for (const directive of headers['cache-control']?.split(',') ?? []) {
    const [, name, seconds = ''] = DIRECTIVE.exec(directive) ?? []
    if (name !== undefined) directives.set(name.toLowerCase(), seconds)
  }
  if (directives.has('no-store') || directives.has('no-cache')) return 0
  const age = /^\d+$/.test(headers.age ?? '') ? Number(headers.age) * SECOND : 0
  const maxAge = directives.get('max-age')
  if (maxAge !== undefined) return Number(maxAge) * SECOND - age
  if (headers.expires === undefined) return DEFAULT
  const expires = Date.parse(headers.expires)
  const date = Date.parse(headers.date ?? '')
  // RFC 9111 §5.3: an invalid date, such as 0, counts as past.
  return Number.isNaN(expires) ? 0 : expires - (Number.isNaN(date) ? now : date) - age
}
