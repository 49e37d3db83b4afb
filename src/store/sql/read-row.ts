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

/** Transforms a column with `read`. If `read` throws, the row is unreadable. */
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

/** Milliseconds since the epoch, within the range of a `Date` (ECMA-262 §21.4.1.1), so that it can be shown. */
export const time = z.number().min(-8.64e15).max(8.64e15)

/**
 * A column of bytes, of either database, in memory of its own. Node cuts small buffers from a pool, so that a secret in memory would
 * keep 64 KiB that requests have used.
 */
export const bytes = z.instanceof(Uint8Array).transform((value) => {
  const own = Buffer.allocUnsafeSlow(value.length)
  own.set(value)
  return own
})

/**
 * Reads one row by itself, so that a broken row does not stop the others. A later version, a broken disk or a person may have changed it.
 * @param named identifies the row; a problem is added to it if the row can't be read
 */
export function readRow<Output extends object, Named extends object>(
  schema: z.ZodType<Output>,
  row: object,
  named: Named,
): Output | (Named & { readonly problem: string }) {
  const parsed = schema.safeParse(row)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  // A message of the library may quote the content of the row.
  const problem = issue?.code === 'custom' ? issue.message : 'is not what it should be'
  return { ...named, problem: `${String(issue?.path[0] ?? 'the row')} ${problem}` }
}
