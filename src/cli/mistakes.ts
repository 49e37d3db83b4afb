import type { Command } from 'commander'
import { nearest } from '../platform/nearest.ts'
import { redactText } from '../platform/redact.ts'
import { print, printable, say } from './output.ts'

/**
 * Makes a command and its subcommands explain a wrong command line in one line, and point to the help. Unexpected arguments and
 * values of options are never shown, since people put tokens and secrets there.
 */
export function explainMistakes(command: Command): void {
  const hint = command.commands.length > 0 ? 'lists the commands' : 'lists the arguments'
  command
    .configureOutput({
      writeOut: (text) => print(withoutLineEnd(text)),
      writeErr: (text) => say(withoutLineEnd(text)),
      outputError: (message, write) => write(reword(withoutLineEnd(message), command)),
    })
    .showSuggestionAfterError(false)
    .showHelpAfterError(`(${wordsOf(command)} --help ${hint})`)
  for (const sub of command.commands) explainMistakes(sub)
}

const withoutLineEnd = (text: string): string => text.replace(/\n$/, '')

/** The words that call a command: `tessera credentials rotate`. */
const wordsOf = (command: Command): string =>
  command.parent === null ? command.name() : `${wordsOf(command.parent)} ${command.name()}`

/** The parser's message without the text that it echoes, and with a suggestion. */
function reword(message: string, command: Command): string {
  const [, excess] = /^(error: too many arguments.* but got \d+): /s.exec(message) ?? []
  if (excess !== undefined) return `${excess}.`
  const [, kind, given = ''] = /^error: unknown (command|option) '(.*)'$/s.exec(message) ?? []
  if (kind === 'command') return `error: unknown command '${shown(given)}'${meant(given, namesOf(command))}`
  if (kind === 'option') return rewordOption(given, command)
  return redactText(message)
}

function rewordOption(given: string, command: Command): string {
  // Text after `=` or after a single-letter option is a value, even if the parser took it otherwise.
  const flag = given.startsWith('--') ? given.replace(/=.*/s, '') : given.slice(0, 2)
  const flags = flagsOf(command)
  if (flag !== given && flags.includes(flag)) return `error: option '${flag}' takes no value`
  return `error: unknown option '${shown(flag)}'${meant(flag, flags)}`
}

const shown = (word: string): string => printable(redactText(word))

const namesOf = (command: Command): readonly string[] => command.commands.map((sub) => sub.name())

const flagsOf = (command: Command): readonly string[] =>
  command.options.flatMap(({ long, short }) => [long, short]).filter((flag) => flag !== undefined && flag !== null)

function meant(given: string, candidates: readonly string[]): string {
  const found = nearest(given, candidates)
  return found === undefined ? '' : `\n(Did you mean ${found}?)`
}
