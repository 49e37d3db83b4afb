import type { Command, CommanderError } from 'commander'
import { nearest } from '../platform/nearest.ts'
import { redactText } from '../platform/redact.ts'
import { UsageError } from '../platform/user-error.ts'
import { EXIT_CODES } from './exit-codes.ts'
import { print, printable, say } from './output.ts'

/** A command line that the parser refuses. */
export class CommandLineMistake extends UsageError {
  /** The command line that shows the right ones. */
  readonly help: string
  /** The word that was probably meant. */
  readonly suggestion: string | undefined
  /** The mistake as it is shown to a person. */
  readonly lines: readonly string[]

  constructor(message: string, command: Command, suggestion: string | undefined) {
    super(message)
    this.help = `${wordsOf(command)} --help`
    this.suggestion = suggestion
    this.lines = [
      `error: ${message}`,
      ...(suggestion === undefined ? [] : [`(Did you mean ${suggestion}?)`]),
      `(${this.help} ${command.commands.length > 0 ? 'lists the commands' : 'lists the arguments'})`,
    ]
  }
}

/**
 * Makes a command and its subcommands explain a wrong command line in one line, and point to the help. Unexpected arguments and
 * values of options are never shown, since people put tokens and secrets there.
 */
export function explainMistakes(command: Command): void {
  command
    .configureOutput({
      writeOut: (text) => print(withoutLineEnd(text)),
      writeErr: (text) => say(withoutLineEnd(text)),
      // The exit handler has the same message.
      outputError: () => {},
    })
    .showSuggestionAfterError(false)
    .exitOverride((end) => refuse(end, command))
  for (const sub of command.commands) explainMistakes(sub)
}

/** Ends the process after help was shown. @throws CommandLineMistake in all other cases */
function refuse({ code, exitCode, message }: CommanderError, command: Command): never {
  if (exitCode === 0) process.exit(0)
  // A group without a command has shown its help.
  if (code === 'commander.help') process.exit(EXIT_CODES.usage)
  const { text, suggestion } = reword(withoutLineEnd(message).replace(/^error: /, ''), command)
  throw new CommandLineMistake(text, command, suggestion)
}

const withoutLineEnd = (text: string): string => text.replace(/\n$/, '')

/** The words that call a command: `tessera credentials rotate`. */
const wordsOf = (command: Command): string =>
  command.parent === null ? command.name() : `${wordsOf(command.parent)} ${command.name()}`

interface Reworded {
  readonly text: string
  readonly suggestion?: string | undefined
}

/** The parser's message without the text that it echoes, and with a suggestion. */
function reword(message: string, command: Command): Reworded {
  const [, excess] = /^(too many arguments.* but got \d+): /s.exec(message) ?? []
  if (excess !== undefined) return { text: `${excess}.` }
  const [, kind, given = ''] = /^unknown (command|option) '(.*)'$/s.exec(message) ?? []
  if (kind === 'command')
    return { text: `unknown command '${shown(given)}'`, suggestion: nearest(given, namesOf(command)) }
  if (kind === 'option') return rewordOption(given, command)
  // The message of a wrong choice repeats the value.
  const [, option, argument, allowed] =
    /^(?:(option '.*') argument|command-argument value) '.*' is invalid(?: for (argument '.*'))?\. (Allowed .*)$/s.exec(
      message,
    ) ?? []
  if (allowed !== undefined) return { text: `${option ?? argument}: this value is not allowed. ${allowed}` }
  return { text: redactText(message) }
}

function rewordOption(given: string, command: Command): Reworded {
  // Text after `=` or after a single-letter option is a value, even if the parser took it otherwise.
  const flag = given.startsWith('--') ? given.replace(/=.*/s, '') : given.slice(0, 2)
  const flags = flagsOf(command)
  if (flag !== given && flags.includes(flag)) return { text: `option '${flag}' takes no value` }
  return { text: `unknown option '${shown(flag)}'`, suggestion: nearest(flag, flags) }
}

const shown = (word: string): string => printable(redactText(word))

const namesOf = (command: Command): readonly string[] => command.commands.map((sub) => sub.name())

const flagsOf = (command: Command): readonly string[] =>
  command.options.flatMap(({ long, short }) => [long, short]).filter((flag) => flag !== undefined && flag !== null)
