import { inspect } from 'node:util'
import { expectedRefusal } from '../http/respond.ts'
import { codeOf, fileFault, isSystemError, networkFault } from '../platform/system-error.ts'
import { Mistakes, UserError } from '../platform/user-error.ts'
import { visibleText, visibleValue } from '../platform/visible.ts'
import { explainDatabase } from '../store/problems.ts'

const UNFORESEEN = 'an unexpected error occurred: run it again with TESSERA_DEBUG=1 to see the details, and report them'

/**
 * Explains an error in our own words, one line for each mistake. Quoted text can't begin a new line. `TESSERA_DEBUG` adds the errors
 * of libraries and of the system.
 */
export function explainFailure(error: unknown, env: Readonly<Record<string, string | undefined>>): string {
  const words = (error instanceof Mistakes ? error.lines : [wordsOf(error)]).map(visibleValue).join('\n')
  const isWanted = env['TESSERA_DEBUG'] !== undefined && env['TESSERA_DEBUG'] !== '' && env['TESSERA_DEBUG'] !== '0'
  return isWanted ? `${words}\n${visibleText(inspect(error, { depth: 8 }))}` : words
}

function wordsOf(thrown: unknown): string {
  const error = explainDatabase(thrown, undefined)
  if (error instanceof UserError) return error.message
  const refusal = expectedRefusal(error)
  if (refusal !== undefined && refusal.reason !== 'unexpected') return `${refusal.description} (${refusal.reason})`
  if (isSystemError(error)) return ofSystem(error)
  return UNFORESEEN
}

function ofSystem(error: NodeJS.ErrnoException): string {
  const { path } = error
  if (path !== undefined) return `${path}: ${fileFault(error)}`
  return networkFault(error) ?? (codeOf(error) === undefined ? UNFORESEEN : fileFault(error))
}
