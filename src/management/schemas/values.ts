import { z } from 'zod'
import { readDuration } from '../../input/duration.ts'
import { isScopeName, LONGEST_SCOPE } from '../../oauth/scope.ts'
import { hasControl, hasTurning } from '../../platform/text.ts'
import { isReservedClaim } from '../../tokens/claims.ts'

/** Well-formed text without control characters, which is safe on a page, in a URL, in a header and in a log line. */
export const line = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .refine((text) => !hasControl(text), 'must not hold control characters')
    // A person who is asked to delete something must see which.
    .refine((text) => !hasTurning(text), 'must not hold characters that change the direction of text')
    // RFC 7493 §2.1. No URL and no database can hold half of a surrogate pair.
    .refine((text) => text.isWellFormed(), 'must be well-formed Unicode')

/** A duration, as text. */
export const duration = z.string().regex(/^[1-9]\d{0,5}[smhd]$/, 'must be a duration such as 90s, 10m, 24h or 90d')

/** RFC 8707 §2: an absolute URI without a fragment. */
export const audience = line(1024).refine(
  (text) => /^[a-z][a-z0-9+.-]*:[^\s#]+$/i.test(text),
  'must be an absolute URI without a fragment, for example https://api.example.com',
)

/** The name of a scope. With one `*` the scope is dynamic; with several it is a wildcard scope. */
export const scopeName = line(LONGEST_SCOPE)
  .refine(isScopeName, 'must be a scope name: visible ASCII without space, " or \\ (RFC 6749 §3.3)')
  .refine((name) => /[^*]/.test(name), 'must be more than *')

const wholeSeconds = z.int().min(1)

/** A whole number of seconds, or a duration such as `10m`. The output is a number. */
export const seconds = z.union(
  [wholeSeconds, duration.transform((text) => (readDuration(text) ?? 0) / 1_000).pipe(wholeSeconds)],
  {
    error: 'must be a whole number of seconds, or a duration such as 10m',
  },
)

/** At most a year. */
export const lifetime = seconds.refine((value) => value <= 31_536_000, 'must be 31536000 seconds or less')

/** The most levels of lists and maps. Readers of tokens limit the depth, as `platform/json.ts` does. */
const DEEPEST = 16

const isShallow = (value: unknown, levels = DEEPEST): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (levels > 0 && Object.values(value).every((one) => isShallow(one, levels - 1)))

export const json = z
  .unknown()
  .refine((value) => isShallow(value), `must not have over ${DEEPEST} levels of lists and maps`)
  .pipe(z.json())

export const claimName = line(256).refine((name) => !isReservedClaim(name), 'is a claim that only the server sets')
const MOST_CLAIMS = 4_096
export const claims = z
  .record(claimName, json)
  .refine((all) => JSON.stringify(all).length <= MOST_CLAIMS, 'must be less than 4 KiB of JSON')

export const url = line(2_000)

type Defined<Shape> = { [Key in keyof Shape]: Exclude<Shape[Key], undefined> }

/** Removes undefined members, so that the object equals the one that is read back from the database. */
export const withoutUndefined = <Shape extends object>(shape: Shape): Defined<Shape> =>
  Object.fromEntries(Object.entries(shape).filter(([, value]) => value !== undefined)) as Defined<Shape>
