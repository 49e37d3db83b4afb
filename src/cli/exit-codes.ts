import { type ErrorKind, UserError } from '../platform/user-error.ts'

/** The exit code of each kind of error. A command that did its work ends with 0. */
export const EXIT_CODES = { failed: 1, usage: 2, not_found: 3, refused: 4, conflict: 5 } as const satisfies Record<
  ErrorKind,
  number
>

/** The kind of anything thrown. */
export const kindOf = (error: unknown): ErrorKind => (error instanceof UserError ? error.kind : 'failed')
