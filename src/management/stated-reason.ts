import { UserError } from '../platform/user-error.ts'

/** Characters of a stated reason. */
const LONGEST_REASON = 512

/** A reason that the author of a change gives, such as the number of a ticket. @throws UserError if it is too long, or not one line */
export function statedReason(text: string): string {
  const reason = text.trim()
  if (reason === '') throw new UserError('the reason is empty')
  if (reason.length > LONGEST_REASON)
    throw new UserError(`the reason has ${reason.length} characters: it may have ${LONGEST_REASON}`)
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(reason)) throw new UserError('the reason must be one line of text')
  return reason
}
