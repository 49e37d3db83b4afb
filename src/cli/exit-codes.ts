import { type MistakeKind, UserError } from '../platform/user-error.ts'

/** The exit code of each kind of error. A command that did its work ends with 0. */
export const EXIT_CODES = { failed: 1, usage: 2, not_found: 3, refused: 4, conflict: 5 } as const

type ErrorCode = keyof typeof EXIT_CODES

const CODES = {
  invalid: 'failed',
  usage: 'usage',
  not_found: 'not_found',
  refused: 'refused',
  conflict: 'conflict',
} as const satisfies Record<MistakeKind, ErrorCode>

/** The code of anything thrown. */
export const codeOfError = (error: unknown): ErrorCode => (error instanceof UserError ? CODES[error.kind] : 'failed')
