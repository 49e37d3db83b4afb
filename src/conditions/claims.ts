import { shortJson } from '../platform/json.ts'
import { cut, LONGEST_SHOWN } from '../platform/text.ts'

/** The claims of a token (RFC 7519 §4). Only its signature was verified. */
export type OutsideClaims = Readonly<Record<string, unknown>>

/** The deepest nesting of claims that a condition can read. Kubernetes nests three levels. */
const DEEPEST_CLAIM = 16
/** The number of characters that take as long to compare as one value. */
const CHARACTERS_A_VALUE = 16
/** The cost of comparing two maps, counted in values: a fixed part, and a part for each member. */
const VALUES_A_MAP = 8
const VALUES_A_MEMBER = 4

/** A value for people to read: text as it is, anything else as JSON, cut to a limit. */
export const show = (value: unknown): string => {
  if (value === undefined) return 'absent'
  return typeof value === 'string' ? cut(value) : shortJson(value, LONGEST_SHOWN)
}

/** A claim, or a member of one. Properties that every object inherits, such as `constructor`, are not claims. */
export const claimOf = (claims: object, name: string): unknown => Object.getOwnPropertyDescriptor(claims, name)?.value

/** Stands in for a value that conditions can't rely on. Evaluation fails only if a condition reads it. */
class Unusable {}
const unusable = new Unusable()

/** Claims as values of CEL, with their size, which limits the cost of conditions. */
interface CelClaims extends ClaimsSize {
  readonly values: ReadonlyMap<string, unknown>
  /** The work done on the claims by all conditions up to now, in steps. */
  work: number
}

/** The size of claims, which determines the cost of reading them. */
export interface ClaimsSize {
  /** The number of values. A long text counts as several. */
  readonly weight: number
  /** The weight of the heaviest element of a list. */
  readonly heaviest: number
  /** The number of entries of the longest list or map. */
  readonly longest: number
}

/**
 * A verified token of an outside issuer. It remembers its converted claims, since each credential that it is compared
 * with needs them.
 */
export class OutsideToken {
  readonly claims: OutsideClaims
  #cel: CelClaims | undefined
  readonly #shown = new Map<object, string>()

  constructor(claims: OutsideClaims) {
    this.claims = claims
  }

  /** The claims for CEL. */
  get cel(): CelClaims {
    this.#cel ??= celClaims(this.claims)
    return this.#cel
  }

  /** Like the function `show`, but converts each object only once. @param value a claim */
  show(value: unknown): string {
    if (typeof value !== 'object' || value === null) return show(value)
    const known = this.#shown.get(value) ?? show(value)
    this.#shown.set(value, known)
    return known
  }
}

/**
 * Converts claims for CEL. Objects become maps, in which no name is special. Whole numbers become BigInt, the type of
 * `1` in CEL. Parsing may have rounded a number beyond 2^53, so no condition can compare it.
 */
function celClaims(claims: OutsideClaims): CelClaims {
  const size = { weight: 0, heaviest: 0, longest: 0 }
  const values = convertObject(claims, 0, size)
  return { values, ...size, work: 0 }
}

interface Size {
  weight: number
  heaviest: number
  longest: number
}

function convertObject(object: object, depth: number, size: Size): Map<string, unknown> {
  const entries = Object.entries(object)
  size.longest = Math.max(size.longest, entries.length)
  size.weight += VALUES_A_MAP
  return new Map(
    entries.map(([name, value]) => {
      size.weight += VALUES_A_MEMBER + name.length / CHARACTERS_A_VALUE
      return [name, convert(value, depth + 1, size)]
    }),
  )
}

function convert(value: unknown, depth: number, size: Size): unknown {
  size.weight += 1
  switch (typeof value) {
    case 'string':
      size.weight += value.length / CHARACTERS_A_VALUE
      return value
    case 'number':
      if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) return unusable
      return Number.isInteger(value) ? BigInt(value) : value
    case 'boolean':
      return value
    case 'object':
      if (value === null) return null
      if (depth > DEEPEST_CLAIM) return unusable
      if (!Array.isArray(value)) return convertObject(value, depth, size)
      size.longest = Math.max(size.longest, value.length)
      return value.map((element) => {
        const before = size.weight
        const result = convert(element, depth + 1, size)
        size.heaviest = Math.max(size.heaviest, size.weight - before)
        return result
      })
    default:
      return unusable
  }
}
