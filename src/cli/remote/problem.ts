import { z } from 'zod'
import { Conflict, NotAllowed, NotFound, UserError } from '../../platform/user-error.ts'

/** A problem as the admin API sends it (RFC 9457). */
const problemSchema = z.looseObject({
  title: z.string().optional(),
  detail: z.string().optional(),
  request_id: z.string().optional(),
  errors: z
    .array(z.looseObject({ detail: z.string(), pointer: z.string().optional(), parameter: z.string().optional() }))
    .optional(),
})

/** Whether an answer is a problem. Errors of other servers, and of the OAuth listener, are not. */
export const isProblem = (body: unknown): boolean => problemSchema.required({ title: true }).safeParse(body).success

/** The error that a problem stands for. Its kind decides the exit code, as for the same command on a database. */
export function errorOfProblem(status: number, body: unknown): UserError {
  const { data } = problemSchema.safeParse(body)
  const said = data?.detail ?? data?.title ?? `the server answered ${status}`
  const errors = data?.errors?.map(
    ({ pointer, parameter, detail }) => `${pointer?.slice(1) || parameter || 'the input'} ${detail}`,
  )
  const id = data?.request_id === undefined ? '' : ` (request ${data.request_id})`
  const message = `${errors === undefined || errors.length === 0 ? said : errors.join('; ')}${status >= 500 ? id : ''}`
  switch (status) {
    case 404:
      return new NotFound(message)
    case 401:
      return new NotAllowed(`${message}: log in again, with tessera login`)
    case 403:
      return new NotAllowed(message)
    case 409:
    case 412:
      return new Conflict(message)
    default:
      return new UserError(message)
  }
}
