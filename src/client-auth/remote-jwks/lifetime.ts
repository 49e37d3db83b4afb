import type { FetchedJson } from './fetch-json.ts'

export const SECOND = 1_000
const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE

/** Milliseconds; the source's own word counts within these bounds. */
const SHORTEST = MINUTE
const LONGEST = 24 * HOUR
/** Milliseconds; where the source says nothing. */
const DEFAULT = 10 * MINUTE

const DIRECTIVE = /^\s*(no-store|no-cache|max-age)\s*(?:=\s*"?(\d+)"?\s*)?$/i

/**
 * For how long a document may be used without asking again: milliseconds from when it arrived, as its headers say (RFC 9111
 * §4.2), between one minute and a day. A source that forbids to keep it is asked each minute all the same.
 * @param now milliseconds since the epoch; for an `Expires` without a `Date`
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
  // RFC 9111 §5.3: a date that is none, such as 0, lies in the past.
  return Number.isNaN(expires) ? 0 : expires - (Number.isNaN(date) ? now : date) - age
}
