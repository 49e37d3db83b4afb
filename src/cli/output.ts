import { fstatSync, fsyncSync } from 'node:fs'
import { redactText } from '../platform/redact.ts'
import { type Styled, standardError, standardOutput } from '../platform/standard-streams.ts'
import { codeOf, fileFault } from '../platform/system-error.ts'
import { fitted } from '../platform/text-width.ts'
import { UserError } from '../platform/user-error.ts'
import { visibleValue } from '../platform/visible.ts'
import { explainFailure } from './failure.ts'

/** Makes text from outside safe within a line of a terminal: it escapes characters that can't be seen. */
export const printable = visibleValue

const STDOUT = 1
/** Whether standard output holds a manifest alone. */
let isReserved = false
/** The error that closed standard output; undefined while it accepts text. */
let failure: unknown

/**
 * Prints a line of the result. If the reader has gone (`| head`), the rest is dropped and the command goes on to its end. This is
 * no failure, even under `set -o pipefail`, and the effect of a command must not depend on the reader. Any other failure makes
 * the exit code 1 and is reported once.
 */
export function print(text: string): void {
  if (isReserved) say(text)
  else printWith(() => standardOutput.write(`${text}\n`))
}

/** Runs work whose results go to standard error, because standard output holds a manifest alone. */
export async function resultsOnStandardError<Result>(work: () => Promise<Result>): Promise<Result> {
  isReserved = true
  try {
    return await work()
  } finally {
    isReserved = false
  }
}

/** Like `print`, for a line with styles. They are dropped where no person would see them, or wants to (https://no-color.org). */
export function printLine(texts: readonly Styled[]): void {
  const isStyled = standardOutput.isTerminal && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb'
  printWith(() => standardOutput.writeLine(isStyled ? texts : texts.map(({ text }) => ({ text }))))
}

function printWith(write: () => void): void {
  const isFirst = failure === undefined
  if (isFirst) put(write)
  if (!isFirst || failure === undefined || codeOf(failure) === 'EPIPE') return
  say(`tessera: standard output can't be written, so what was printed is not whole: ${reasonOf(failure)}`)
  process.once('exit', () => {
    process.exitCode ||= 1
  })
}

/**
 * Prints text that must not be lost: a new secret, before it takes effect.
 * @throws UserError if it was not printed whole
 */
export function printSurely(text: string): void {
  if (failure === undefined)
    put(() => {
      standardOutput.write(`${text}\n`)
      flushFile()
    })
  if (failure === undefined) return
  const why = reasonOf(failure)
  throw new UserError(`standard output can't be written (${why})`)
}

/** Whether standard output no longer accepts text. A command that prints for ever must then end. */
export const isOutputGone = (): boolean => failure !== undefined

function put(write: () => void): void {
  try {
    write()
  } catch (error) {
    failure = error
  }
}

/** Some file systems report a full disk only when a file is flushed. */
function flushFile(): void {
  if (fstatSync(STDOUT).isFile()) fsyncSync(STDOUT)
}

/** Writes a line to standard error, so that it stays out of a pipe. */
export const say = (text: string): void => prompt(`${text}\n`)

/**
 * Like `say`, without a line end. Text that looks like a secret is never shown: messages quote arguments, and people put secrets
 * where names belong. A failure to write to standard error can't be reported anywhere.
 */
export function prompt(text: string): void {
  try {
    standardError.write(redactText(text))
  } catch {}
}

/**
 * Runs long work. On a terminal, its last line says how far the work is; elsewhere nothing does.
 * @param work gets a function that takes the present state
 */
export async function withProgress<Result>(
  work: (state: (text: string) => void) => Result | Promise<Result>,
): Promise<Result> {
  if (!standardError.isTerminal) return work(() => {})
  const put = (text: string) => {
    try {
      standardError.overwrite(fitted(redactText(text), (standardError.columns ?? 0) - 1))
    } catch {}
  }
  try {
    return await work(put)
  } finally {
    put('')
  }
}

/** Explains an error to a person. */
export const explain = (error: unknown): string => explainFailure(error, process.env)

/** Explains in our words why standard output can't be written. */
const reasonOf = (error: unknown): string => (codeOf(error) === 'EPIPE' ? 'nobody reads it' : fileFault(error))
