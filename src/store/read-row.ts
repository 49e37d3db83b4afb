import { z } from 'zod'

/** A column of JSON. */
export const json = <Shape extends z.ZodType>(shape: Shape) =>
  z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text)
      } catch {
        context.addIssue('is not JSON')
        return z.NEVER
      }
    })
    .pipe(shape)

/** For a column that `read` understands; whatever it throws, the column is not what it should be. */
export const understoodBy =
  <Input, Output>(read: (value: Input) => Output) =>
  (value: Input, context: z.RefinementCtx): Output => {
    try {
      return read(value)
    } catch {
      context.addIssue('is not what it should be')
      return z.NEVER
    }
  }

/** Milliseconds since the epoch that are a date (ECMA-262 §21.4.1.1): whatever shows it must be able to. */
export const time = z.number().min(-8.64e15).max(8.64e15)

/** The bytes of either database. */
export const bytes = z.instanceof(Uint8Array).transform((value) => Buffer.from(value))

/**
 * Reads one row, by itself: not only this program may have written it, and what is wrong with one row must not keep the others
 * from being read.
 * @param named what the row is, for a problem with it to be told by
 */
export function readRow<Output extends object, Named extends object>(
  schema: z.ZodType<Output>,
  row: object,
  named: Named,
): Output | (Named & { readonly problem: string }) {
  const parsed = schema.safeParse(row)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  // A library's message may quote what the row holds.
  const problem = issue?.code === 'custom' ? issue.message : 'is not what it should be'
  return { ...named, problem: `${String(issue?.path[0] ?? 'the row')} ${problem}` }
}
