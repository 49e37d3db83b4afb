import { fstatSync, fsyncSync } from 'node:fs'
import { redactText } from '../oauth/redact.ts'
import { standardError, standardOutput } from '../platform/standard-streams.ts'
import { codeOf, fileFault } from '../platform/system-error.ts'
import { UserError } from '../platform/user-error.ts'
import { visibleValue } from '../platform/visible.ts'
import { explainFailure } from './failure.ts'

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

/** Ends the process with what went wrong. */
export function fail(error: unknown): never {
  say(`tessera: ${explain(error)}`)
  process.exit(1)
}

/** Says what went wrong, for a person. */
export const explain = (error: unknown): string => explainFailure(error, process.env)

/** Why standard output can't be written, in our words. */
const reasonOf = (error: unknown): string => (codeOf(error) === 'EPIPE' ? 'nobody reads it' : fileFault(error))
