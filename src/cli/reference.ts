import type { Command, Option } from 'commander'
import { isEnvironmentOnly, optionInfos } from '../config/option-infos.ts'
import { examples } from './examples.ts'
import { EXIT_CODES } from './exit-codes.ts'
import { REMOTE } from './global-options.ts'

/** The options that a command with every option of the configuration has. */
const ofConfiguration = new Set(optionInfos.filter(({ key }) => !isEnvironmentOnly(key)).map(({ flag }) => flag))

/** The page about every command, made from the tree of commands. */
export const commandReference = (program: Command): string =>
  [
    '# Commands',
    '',
    'Generated from the tree of commands (`src/cli/main.ts`).',
    '',
    '`tessera help clients list` prints the same in a terminal. [command-line.md](../operating/command-line.md) describes targets,',
    `profiles and forms of output. Exit codes: ${['done 0', ...Object.entries(EXIT_CODES).map(([name, code]) => `${name.replace('_', ' ')} ${code}`)].join(', ')}.`,
    '',
    ...sectionsOf(program, []),
  ].join('\n')

/** Whether a command only groups others. `tessera dev` does not, so it has options. */
export const isGroup = ({ commands, options }: Command): boolean => commands.length > 0 && options.length === 0

function sectionsOf(command: Command, before: readonly string[]): readonly string[] {
  return command.commands.flatMap((sub) => {
    const words = [...before, sub.name()]
    return [...(isGroup(sub) ? [] : sectionOf(sub, words.join(' '))), ...sectionsOf(sub, words)]
  })
}

function sectionOf(command: Command, words: string): readonly string[] {
  const others = command.options.filter(({ long }) => !ofConfiguration.has(long ?? ''))
  const takesAll = command.options.length - others.length === ofConfiguration.size
  const options = takesAll ? others : command.options
  return [
    `## tessera ${words}`,
    '',
    `${sentence(command.description())}${REMOTE.has(words) ? ' It works on a database or on a server.' : ''}`,
    ...(takesAll ? ['Each option of the [configuration](configuration.md) is a flag.'] : []),
    '',
    '```sh',
    ...(examples[words] ?? []),
    '```',
    '',
    ...argumentsOf(command, words),
    ...(options.length === 0 ? [] : ['| option | meaning |', '| --- | --- |', ...options.map(rowOf), '']),
  ]
}

const argumentsOf = (command: Command, words: string): readonly string[] =>
  command.registeredArguments.length === 0
    ? []
    : [`Usage: \`tessera ${words} ${command.usage().replace('[options] ', '')}\``, '']

const rowOf = ({ flags, description, argChoices, defaultValue, mandatory }: Option): string => {
  const more = [
    ...(mandatory ? ['required'] : []),
    ...(argChoices === undefined ? [] : [`one of ${argChoices.join(', ')}`]),
    ...(defaultValue === undefined ? [] : [`default ${String(defaultValue)}`]),
  ]
  const text = more.length === 0 ? description : `${description} (${more.join('; ')})`
  return `| \`${flags}\` | ${text.replaceAll('|', '\\|').replaceAll('<', '&lt;')} |`
}

const sentence = (text: string): string => `${text[0]?.toUpperCase()}${text.slice(1)}.`
