import { Mistakes } from '../platform/user-error.ts'
import { codeOfError, EXIT_CODES } from './exit-codes.ts'
import { asksForData } from './format.ts'
import { CommandLineMistake } from './mistakes.ts'
import { explain, say } from './output.ts'

/** Ends the process with the error. @param args the command line, which may ask for errors as JSON */
export function fail(error: unknown, args: readonly string[]): never {
  if (asksForData(args)) say(JSON.stringify({ error: asJson(error) }))
  else if (error instanceof CommandLineMistake) for (const line of error.lines) say(line)
  else say(`tessera: ${explain(error)}`)
  process.exit(exitCodeOf(error, args))
}

/** With `--detailed-exitcode`, 2 says that something changes, so that a wrong command line can't have it. */
function exitCodeOf(error: unknown, args: readonly string[]): number {
  const code = codeOfError(error)
  return EXIT_CODES[code === 'usage' && args.includes('--detailed-exitcode') ? 'failed' : code]
}

/** An error for a program: a closed `code`, and the text that a person would read. */
function asJson(error: unknown) {
  const code = codeOfError(error)
  if (error instanceof CommandLineMistake) {
    const { message, suggestion, help } = error
    return { code, message, suggestion, help }
  }
  return {
    code,
    message: explain(error),
    ...(error instanceof Mistakes && { mistakes: error.all }),
  }
}
