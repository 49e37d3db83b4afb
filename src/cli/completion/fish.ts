import type { Flag, Item, Node } from './tree.ts'

/** A script for fish 3 and later. */
export const fish = (
  nodes: readonly Node[],
): string => `# fish completion of tessera. Load it with: tessera completion fish | source
function __tessera_at
  set -l at ''
  set -l typed (commandline -opc)
  for word in $typed[2..-1]
    switch "$at $word"
      case ${nodes.flatMap(({ path }) => (path === '' ? [] : [word(path)])).join(' ')}
        set at "$at $word"
    end
  end
  test "$at" = "$argv[1]"
end
complete -c tessera -f
${nodes.flatMap(linesOf).join('\n')}`

const linesOf = ({ path, subcommands, flags }: Node): readonly string[] => [
  ...subcommands.map((item) => `${begin(path)} -a ${word(item.word)} ${described(item)}`),
  ...flags.map(
    (flag) => `${begin(path)} -l ${word(flag.word.slice(2))}${shortOf(flag)}${valueOption(flag)} ${described(flag)}`,
  ),
]

const begin = (path: string): string => `complete -c tessera -n ${word(`__tessera_at ${word(path)}`)}`

const described = ({ description }: Item): string => `-d ${word(description)}`

const shortOf = ({ short }: Flag): string => (short === undefined ? '' : ` -s ${word(short.slice(1))}`)

function valueOption({ value }: Flag): string {
  if (value === undefined) return ''
  if (value.kind === 'choice') return ` -x -a ${word(value.choices.join(' '))}`
  return value.kind === 'file' ? ' -r -F' : ' -x'
}

/** Quotes a word for fish, where a backslash in quotes escapes itself and the quote. */
const word = (text: string): string => `'${text.replaceAll(/['\\]/g, '\\$&')}'`
