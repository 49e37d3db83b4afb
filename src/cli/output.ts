import { fstatSync, fsyncSync } from 'node:fs'
import { getSystemErrorMap } from 'node:util'
import { OAuthError } from '../oauth/error.ts'
import { redactText } from '../oauth/redact.ts'
import { standardError, standardOutput } from '../platform/standard-streams.ts'
import { UserError } from '../platform/user-error.ts'
import { visibleValue } from '../platform/visible.ts'

/** Text from outside, safe within a line of a terminal: what can't be seen is escaped. */
export const printable = visibleValue

const STDOUT = 1
/** Why standard output takes nothing any more; undefined while it does. */
let failure: unknown

/**
 * Prints a line of what was asked for. Where the reader has gone (`| head`), the rest is dropped and the command goes on to its
 * end: a reader that has what it wanted is no failure, even under `set -o pipefail`, and what a command changes must not depend
 * on who reads its output. Any other failure makes the exit code 1 and is said once.
 */
export function print(text: string): void {
  const isFirst = failure === undefined
  if (isFirst) put(text)
  if (!isFirst || failure === undefined || codeOf(failure) === 'EPIPE') return
  say(`tessera: standard output can't be written, so what was printed is not whole: ${reasonOf(failure)}`)
  process.once('exit', () => {
    process.exitCode ||= 1
  })
}

/**
 * Prints what must not be lost: a new secret, before it counts.
 * @throws UserError where it was not printed whole
 */
export function printSurely(text: string): void {
  if (failure === undefined) put(text, flushFile)
  if (failure === undefined) return
  const why = reasonOf(failure)
  throw new UserError(`standard output can't be written (${why}), and a new secret would be lost: nothing was changed`)
}

/** Whether standard output takes nothing any more: then a command that would print for ever is done. */
export const isOutputGone = (): boolean => failure !== undefined

function put(text: string, afterwards: () => void = () => {}): void {
  try {
    standardOutput.write(`${text}\n`)
    afterwards()
  } catch (error) {
    failure = error
  }
}

/** Some file systems find out only when a file is flushed that they have no room for it. */
function flushFile(): void {
  if (fstatSync(STDOUT).isFile()) fsyncSync(STDOUT)
}

/** Says something beside that, where a pipe doesn't see it. */
export const say = (text: string): void => prompt(`${text}\n`)

/**
 * The same without ending the line. What looks like a secret is never shown there: messages name arguments, and people put
 * secrets where names belong. Where standard error can't be written there is nowhere to say so.
 */
export function prompt(text: string): void {
  try {
    standardError.write(redactText(text))
  } catch {}
}

/** Ends the process with what went wrong: a line where the user can mend it, everything where it is a defect. */
export function fail(error: unknown): never {
  say(`tessera: ${explain(error)}`)
  process.exit(1)
}

/** What went wrong, in a line where the user can mend it: what it quotes of arguments and files makes no line of its own. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return printable(String(error))
  const code = codeOf(error)
  const isMendable = error instanceof UserError || error instanceof OAuthError || code !== undefined
  return isMendable ? printable(explainInLine(error, code)) : (error.stack ?? error.message)
}

function explainInLine(error: Error, code: string | undefined): string {
  if (error instanceof OAuthError)
    return `${error.description} (${error.cause instanceof Error ? error.cause.message : error.reason})`
  if (code === 'EADDRINUSE' && 'port' in error) {
    return `port ${error.port} is in use: stop what uses it, or choose another with TESSERA_RUNTIME_PORT or TESSERA_ADMIN_PORT`
  }
  return error.message
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** The system's own words for its error, such as "no space left on device". */
function reasonOf(error: unknown): string {
  const code = codeOf(error)
  const [, description] = [...getSystemErrorMap().values()].find(([name]) => name === code) ?? []
  return code === 'EPIPE' ? 'nobody reads it' : (description ?? String(error))
}
