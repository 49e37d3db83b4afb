import { shortJson } from '../platform/json.ts'
import { cut, LONGEST_SHOWN } from '../platform/text.ts'

/** The claims of a token (RFC 7519 §4) whose signature was verified; nothing else about them was. */
export type OutsideClaims = Readonly<Record<string, unknown>>

/** Deeper than any issuer nests its claims: Kubernetes comes to three. */
const DEEPEST_CLAIM = 16
/** So many characters are as much work to look through as one value. */
const CHARACTERS_A_VALUE = 16
/** The cost of comparing two maps, in values, and again for each of their members. */
const VALUES_A_MAP = 8
const VALUES_A_MEMBER = 4

/** A value for people to read: text as it is, anything else as JSON, cut. */
export const show = (value: unknown): string => {
  if (value === undefined) return 'absent'
  return typeof value === 'string' ? cut(value) : shortJson(value, LONGEST_SHOWN)
}

/** A claim, or a member of one, by its own name: what every object has, such as `constructor`, is no claim. */
export const claimOf = (claims: object, name: string): unknown => Object.getOwnPropertyDescriptor(claims, name)?.value

/** Stands in for a value that no condition can be sure of. Evaluation fails where it is touched, and nowhere else. */
class Unusable {}
const unusable = new Unusable()

/** Claims as CEL takes them, and what it may cost to look through them. */
interface CelClaims extends ClaimsSize {
  readonly values: ReadonlyMap<string, unknown>
  /** The work done on the claims by all conditions up to now, in steps. */
  work: number
}

/** The number of values in the claims. */
export interface ClaimsSize {
  /** Values, with long text counted as several. */
  readonly weight: number
  /** The same of the heaviest element of a list. */
  readonly heaviest: number
  /** Entries of the longest list or map. */
  readonly longest: number
}

/** A token of an outside issuer, once its signature is verified. Each credential that it is held against asks for the same values. */
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

  /** As `show`. @param value a claim */
  show(value: unknown): string {
    if (typeof value !== 'object' || value === null) return show(value)
    const known = this.#shown.get(value) ?? show(value)
    this.#shown.set(value, known)
    return known
  }
}

/**
 * Converts claims for CEL: objects become maps, in which no name is special, and whole numbers become BigInt, which is what `1`
 * is there. A number beyond 2^53 is not the one that the issuer wrote, so none can be compared.
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
