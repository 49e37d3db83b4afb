import { spanInWords } from '../management/explanations/advice/case.ts'
import { decodeToken } from '../management/tokens/decode.ts'
import { systemClock } from '../platform/clock.ts'
import { UsageError, UserError } from '../platform/user-error.ts'
import { alignedFacts } from './facts.ts'
import { type OutputOptions, show } from './format.ts'
import { print, printable } from './output.ts'
import { LONGEST_TOKEN_INPUT, nameOfInput, readTextInput } from './read-input.ts'

/** `tessera decode`: prints the content of a JWT. Nothing is checked. */
export async function decode(file: string | undefined, options: OutputOptions): Promise<void> {
  const { header, claims, times } = decodeToken(await readTokenFile(file), systemClock.now())
  const words = new Map(
    times.map(({ claim, time, seconds }) => [
      claim,
      `${claims[claim]}  (${time}, ${seconds > 0 ? `in ${spanInWords(seconds)}` : `${spanInWords(seconds)} ago`})`,
    ]),
  )
  const shown = Object.fromEntries(Object.entries(claims).map(([name, value]) => [name, words.get(name) ?? value]))
  const lines = ['header', ...alignedFacts(header), 'claims, which nobody has checked', ...alignedFacts(shown)]
  const forPeople = () => {
    for (const line of lines) print(printable(line))
  }
  show(options, { data: { header, claims }, forPeople })
}

/** Reads a token from a file or from standard input. An argument would show it to everybody on the machine. @throws UserError */
export async function readTokenFile(file = '-'): Promise<string> {
  // Messages name the file, so a token in its place must not get there.
  if (/^(?:eyJ|tsa_)/.test(file))
    throw new UsageError('give the token in a file or on standard input, not as an argument')
  const token = (await readTextInput(file, LONGEST_TOKEN_INPUT)).trim()
  if (token === '') throw new UserError(`${nameOfInput(file)} has no token`)
  return token
}
