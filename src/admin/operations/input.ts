import { z } from 'zod'
import { issuesOf, parseInOurWords } from '../../input/issues.ts'
import { type FieldError, UserError } from '../../platform/user-error.ts'
import { jsonPointer } from './pointer.ts'

/** A wrong value in a body, by its JSON pointer (RFC 6901), or a wrong parameter, by its name. */
export interface InputProblem {
  readonly pointer?: string
  readonly parameter?: string
  readonly detail: string
}

/** An input that can't be accepted. */
export class InvalidInput extends UserError {
  readonly problems: readonly InputProblem[]

  constructor(problems: readonly InputProblem[]) {
    const words = problems.map(
      ({ pointer, parameter, detail }) => `${pointer?.slice(1) || parameter || 'the input'} ${detail}`,
    )
    super(words.join('; '))
    this.problems = problems
  }
}

/** Unknown or wrong parameters of the path or the query. */
export class InvalidParameters extends InvalidInput {}

/** A body that is JSON but not what the operation takes. */
export class InvalidBody extends InvalidInput {}

/** The most problems that an answer lists. */
const MOST_LISTED = 50

export function parsePath<Shape extends z.ZodObject>(schema: Shape, path: Readonly<Record<string, string>>) {
  return parseParameters(schema, path)
}

/** Reads a query. A parameter that takes a list may be repeated; any other may not. @throws InvalidParameters */
export function parseQuery<Shape extends z.ZodObject>(schema: Shape, query: URLSearchParams): z.output<Shape> {
  const given = new Map<string, string | readonly string[]>()
  for (const name of new Set(query.keys())) {
    const values = query.getAll(name)
    const [only = ''] = values
    if (values.length > 1 && !takesList(schema, name)) {
      throw new InvalidParameters([{ parameter: name, detail: 'is given twice' }])
    }
    given.set(name, takesList(schema, name) ? values : only)
  }
  // A parameter `__proto__` is unknown, as any other.
  return parseParameters(schema, Object.fromEntries(given))
}

function takesList(schema: z.ZodObject, name: string): boolean {
  const { shape }: { readonly shape: Readonly<Record<string, unknown>> } = schema
  const field = Object.hasOwn(shape, name) ? shape[name] : undefined
  return isList(field)
}

const isList = (field: unknown): boolean =>
  field instanceof z.ZodArray ||
  ((field instanceof z.ZodOptional || field instanceof z.ZodDefault) && isList(field.unwrap()))

function parseParameters<Shape extends z.ZodObject>(schema: Shape, given: unknown): z.output<Shape> {
  const parsed = parseInOurWords(schema, given)
  if (parsed.success) return parsed.data
  throw new InvalidParameters(
    issuesOf(parsed.error)
      .slice(0, MOST_LISTED)
      .map(({ path, message, isUnknown, meant }) => ({
        parameter: String(path[0] ?? ''),
        detail: isUnknown ? `is no parameter of this operation${didYouMean(meant)}` : message,
      })),
  )
}

const didYouMean = (meant: string | undefined): string => (meant === undefined ? '' : `; did you mean ${meant}?`)

/** @throws InvalidBody that lists every wrong value */
export function parseBody<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const parsed = parseInOurWords(schema, body)
  if (parsed.success) return parsed.data
  throw new InvalidBody(
    issuesOf(parsed.error)
      .slice(0, MOST_LISTED)
      .map(({ path, message, isUnknown, meant }) => ({
        pointer: jsonPointer(path),
        detail: isUnknown ? `is unknown, or read-only: leave it out${didYouMean(meant)}` : message,
      })),
  )
}

/** The problem that an error about one field stands for. */
export const fieldProblem = ({ path, message }: FieldError): InputProblem => ({
  pointer: jsonPointer(path),
  detail: message,
})
