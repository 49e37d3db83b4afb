import type { Command, Option } from 'commander'
import { placeNames } from '../secrets/destinations.ts'

/** A command as a completion sees it. */
export interface Node {
  /** The words of the command, each after a blank: ` clients list`. The program itself has none. */
  readonly path: string
  readonly subcommands: readonly Item[]
  readonly flags: readonly Flag[]
}

/** A word that may come next. */
export interface Item {
  readonly word: string
  readonly description: string
}

/** An option. */
export interface Flag extends Item {
  readonly short: string | undefined
  /** Undefined if the option takes no value. */
  readonly value:
    | { readonly kind: 'choice'; readonly choices: readonly string[] }
    | { readonly kind: 'file' | 'text' }
    | undefined
}

/** Names of values that are files. */
const FILE = /<(?:file|folder|path)(?:\.\.\.)?>/

/** Every command of a program, the program first. */
export const nodesOf = (command: Command, path = ''): readonly Node[] => [
  {
    path,
    subcommands: command.commands.map((sub) => ({ word: sub.name(), description: firstPart(sub.description()) })),
    flags: [
      ...command.options.map(flagOf),
      { word: '--help', short: '-h', description: 'show the help', value: undefined },
    ],
  },
  ...command.commands.flatMap((sub) => nodesOf(sub, `${path} ${sub.name()}`)),
]

const flagOf = (option: Option): Flag => ({
  word: option.long ?? option.flags,
  short: option.short,
  description: firstPart(option.description),
  value: expectedValue(option),
})

function expectedValue({ required, optional, argChoices, flags }: Option): Flag['value'] {
  if (!required && !optional) return undefined
  if (argChoices !== undefined) return { kind: 'choice', choices: argChoices }
  if (flags.endsWith(' <place>')) return { kind: 'choice', choices: placeNames }
  return { kind: FILE.test(flags) ? 'file' : 'text' }
}

/** A description short enough for a list: up to the first sentence, semicolon or bracket. */
const firstPart = (text: string): string =>
  text
    .split(/[.;:(\n]/)[0]
    ?.trim()
    .slice(0, 80) ?? ''
