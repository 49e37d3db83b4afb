import { explainFailure } from './failure.ts'

/** Prints a line of what was asked for. */
export const print = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

/** Says something beside that, where a pipe doesn't see it. */
export const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

/** Ends the process with what went wrong. */
export function fail(error: unknown): never {
  say(`tessera: ${explain(error)}`)
  process.exit(1)
}

/** Says what went wrong, for a person. */
export const explain = (error: unknown): string => explainFailure(error, process.env)

/** Control characters, and those that turn the direction of writing: they could forge what a terminal shows. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
const UNPRINTABLE = /[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

/** Text from outside, safe to show on a terminal: what can't be printed is escaped. */
export const printable = (text: string): string =>
  text.replace(UNPRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
