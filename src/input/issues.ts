import { z } from 'zod'
import { nearest } from '../platform/nearest.ts'
import { visibleValue } from '../platform/visible.ts'
import type { Path } from './yaml-nodes.ts'

/** A value that a schema refuses, with the reason in words that follow its name. */
export interface Issue {
  readonly path: Path
  readonly value: unknown
  readonly message: string
  /** Whether the schema has no field of that name. */
  readonly isUnknown: boolean
  /** For an unknown field: the known one that was probably meant. */
  readonly meant?: string | undefined
}

type RawIssue = Parameters<z.core.$ZodErrorMap>[0]

/** Gives every issue a message of ours, unless the schema has its own. */
const options = { error: wordsOf, reportInput: true } as const

/** Parses a value. Every issue has a message of ours. */
export function parseInOurWords<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): z.ZodSafeParseResult<z.output<Schema>> {
  try {
    return schema.safeParse(value, options)
  } catch (error) {
    // The issues of a list are the arguments of one call. Some hundred thousand of them overflow the stack.
    if (!(error instanceof RangeError)) throw error
    return z.custom<z.output<Schema>>(() => false, TOO_MANY).safeParse(value)
  }
}

const TOO_MANY = 'has too many mistakes to list them: check the form of its lists'

const kinds: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping of names to values',
  record: 'a mapping of names to values',
}

function wordsOf(issue: RawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(isWhole(issue) ? 'int' : issue.expected, issue.input)
    case 'too_small':
      return tooSmall(issue.origin, Number(issue.minimum))
    case 'too_big':
      return tooBig(issue.origin, Number(issue.maximum))
    case 'invalid_value':
      return isMissing(issue.input) ?? `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.join(', ')}`
    case 'invalid_union':
      return isMissing(issue.input) ?? 'has none of the allowed forms'
    case 'invalid_format':
      return 'does not have the required form'
    // A line for each unknown field, in their order: the field that was probably meant.
    case 'unrecognized_keys':
      return issue.keys
        .slice(0, MOST_ISSUES)
        .map((key) => nearest(key, fieldsOf(issue)) ?? '')
        .join('\n')
    default:
      return 'is not what must stand here'
  }
}

/** The fields of the mapping that an issue is about. */
function fieldsOf({ inst }: RawIssue): readonly string[] {
  const def = inst?._zod.def
  const isShape = def !== undefined && 'shape' in def && typeof def.shape === 'object' && def.shape !== null
  return isShape ? Object.keys(Object(def.shape)) : []
}

/** Whether a schema accepts whole numbers only. Its issue says just `number`. */
function isWhole({ inst }: RawIssue): boolean {
  const def = inst?._zod.def
  return def !== undefined && 'format' in def && def.format === 'safeint'
}

function isMissing(input: unknown): string | undefined {
  if (input === undefined) return 'is required'
  return input === null ? 'is blank: give it a value, or leave it out' : undefined
}

function wrongType(expected: string, input: unknown): string {
  const missing = isMissing(input)
  if (missing !== undefined) return missing
  const kind = kinds[expected]
  if (expected === 'string' && (typeof input === 'number' || typeof input === 'boolean'))
    return 'must be text: put it in quotes'
  return kind === undefined ? 'is not what must stand here' : `must be ${kind}`
}

function tooSmall(origin: string, minimum: number): string {
  if (origin === 'string') return minimum === 1 ? 'must not be blank' : `must have at least ${minimum} characters`
  if (origin === 'array') return minimum === 1 ? 'must have an entry' : `must have at least ${minimum} entries`
  return `must be ${minimum} or more`
}

function tooBig(origin: string, maximum: number): string {
  if (origin === 'string') return `must have at most ${maximum} characters`
  if (origin === 'array') return `must have at most ${maximum} entries`
  return `must be ${maximum} or less`
}

/** Issues beyond which no more are explained. A text of a megabyte can have hundreds of thousands. */
const MOST_ISSUES = 1_000

/** The first values that a schema refuses, in its order, once for each value. */
export function issuesOf(error: z.ZodError): readonly Issue[] {
  const all = error.issues
    .slice(0, MOST_ISSUES)
    .flatMap((issue) => unfold(issue, []))
    .slice(0, MOST_ISSUES)
  return [...new Map(all.toReversed().map((issue) => [formatPath(issue.path), issue])).values()].toReversed()
}

function unfold(issue: z.core.$ZodIssue, before: Path): readonly Issue[] {
  const path = [...before, ...issue.path]
  const { input: value } = issue
  if (issue.code === 'unrecognized_keys') {
    const meant = issue.message.split('\n')
    return issue.keys.slice(0, MOST_ISSUES).map((key, index) => ({
      path: [...path, key],
      value: undefined,
      message: '',
      isUnknown: true,
      meant: meant[index] || undefined,
    }))
  }
  // The schema of the name says what is wrong with it.
  if (issue.code === 'invalid_key') {
    const message = issue.issues[0]?.message ?? issue.message
    return [{ path, value: undefined, message, isUnknown: false }]
  }
  if (issue.code === 'invalid_union') {
    // Report the form that matched furthest, since it is most likely the intended one.
    const furthest = issue.errors
      .map((issues) => issues.flatMap((inner) => unfold(inner, path)))
      .toSorted((one, other) => depthOf(other) - depthOf(one))[0]
    if (furthest !== undefined && depthOf(furthest) > path.length) return furthest
  }
  return [{ path, value, message: issue.message, isUnknown: false }]
}

const depthOf = (issues: readonly Issue[]): number => Math.min(...issues.map(({ path }) => path.length))

/** A path as people write it: `clients[0].scopes[1]`. */
export const formatPath = (path: Path): string =>
  path
    .map((part, index) =>
      typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${visibleValue(String(part))}`,
    )
    .join('')
