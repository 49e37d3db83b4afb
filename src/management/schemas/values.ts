import { z } from 'zod'
import { isScopeName, LONGEST_SCOPE } from '../../oauth/scope.ts'
import { hasControl } from '../../platform/text.ts'
import { isReservedClaim } from '../../tokens/claims.ts'

/** Well-formed text without control characters, which is safe on a page, in a URL, in a header and in a log line. */
export const line = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .refine((text) => !hasControl(text), 'must not hold control characters')
    // RFC 7493 §2.1. No URL and no database can hold half of a surrogate pair.
    .refine((text) => text.isWellFormed(), 'must be well-formed Unicode')

/** RFC 8707 §2: an absolute URI without a fragment. */
export const audience = line(1024).refine(
  (text) => /^[a-z][a-z0-9+.-]*:[^\s#]+$/i.test(text),
  'must be an absolute URI without a fragment, for example https://api.example.com',
)

/** The name of a scope. With one `*` the scope is dynamic; with several it is a wildcard scope. */
export const scopeName = line(LONGEST_SCOPE)
  .refine(isScopeName, 'must be a scope name: visible ASCII without space, " or \\ (RFC 6749 §3.3)')
  .refine((name) => /[^*]/.test(name), 'must be more than *')

export const lifetime = z.int().min(1).max(31_536_000)

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
