import type { Command } from 'commander'
import { program } from '../../src/cli/main.ts'

/** The code of a page: its blocks with their languages, and the code within lines. */
export interface Code {
  /** Empty for code within a line. */
  readonly language: string
  readonly text: string
}

export function codeOf(page: string): readonly Code[] {
  const blocks: Code[] = []
  const rest = page.replaceAll(
    /^( *)```(\w*)[^\n]*\n([\s\S]*?)^\1``` *$/gm,
    (_, _indent, language: string, text: string) => {
      blocks.push({ language: language === '' ? 'text' : language, text })
      return ''
    },
  )
  return [...blocks, ...[...rest.matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => ({ language: '', text }))]
}

/** Things that may stand before a command on its line: the prompt, a list of YAML, words of a shell, variables. */
const BEFORE =
  /^\s*(?:(?:[$-]|run:|sudo(?: -\S+ \S+)*|npx|if|then|do|while|!|time|[A-Z_]+=\S*) +)*|[|;&("']\s*|(?:--|exec tessera) /
const COMMAND = new RegExp(`(?<=(?:${BEFORE.source})(?:\\S*/)?)tessera(?= +[a-z-])([^\\n\`]*)`, 'gm')
/** The part of a line that belongs to its first command. A placeholder such as `<file>` is no redirection. */
const FIRST = /^(?:'[^']*'|"[^"]*"|<[\w.-]+>|(?<=\S)#|[^'"|;&()<>#])*/

/** The command lines of a text, without the word `tessera` and without the rest of a pipeline. */
export const commandLinesOf = (text: string): readonly string[] =>
  [...text.replaceAll(/\\\n\s*/g, ' ').matchAll(COMMAND)].map(([, rest = '']) => FIRST.exec(rest)?.[0].trim() ?? '')

/** Words that stand for any others. */
const isPlaceholder = (word: string): boolean => /^(?:…|\.\.\.|<.*>|\[.*\]|\$.*)$/.test(word)

/** The reason why no such command exists, or undefined. Values and arguments are not checked. */
export function faultOfCommand(line: string): string | undefined {
  let command: Command = program
  const words = [...line.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g)].map(([word]) =>
    word.replaceAll(/^["'`]|["'`,.]+$/g, ''),
  )
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? ''
    if (word === '--') return undefined
    if (word.startsWith('-') && word !== '-') {
      const [name = ''] = word.split('=')
      const option = [...command.options, ...program.options].find(({ long, short }) => name === long || name === short)
      if (option === undefined && !['--help', '-h'].includes(name)) return `tessera ${line}: no option ${name}`
      if (option !== undefined && (option.required || option.optional) && !word.includes('=')) index += 1
      continue
    }
    if (command.commands.length === 0 || isPlaceholder(word)) continue
    const next = command.commands.find((sub) => sub.name() === word || sub.aliases().includes(word))
    if (next === undefined) return `tessera ${line}: no command ${word}`
    command = next
  }
  return undefined
}
