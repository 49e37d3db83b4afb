import { quote } from '../../platform/shell.ts'
import { pathsOf } from './bash.ts'
import type { Item, Node } from './tree.ts'

/** A script for zsh. */
export const zsh = (nodes: readonly Node[]): string => `#compdef tessera
# zsh completion of tessera. Load it with: source <(tessera completion zsh)
_tessera() {
  local at='' i prev=\${words[CURRENT-1]} cur=\${words[CURRENT]}
  local -a items
  for ((i = 2; i < CURRENT; i++)); do
    case "$at \${words[i]}" in
      ${pathsOf(nodes)}) at="$at \${words[i]}" ;;
    esac
  done
  if [[ $cur == --*=* ]]; then
    prev=\${cur%%=*}
    compset -P '*='
  fi
  case "$at|$prev" in
${nodes.flatMap(valueCases).join('\n')}
  esac
  case "$at" in
${nodes.map(itemCase).join('\n')}
  esac
  _describe tessera items
}
if (( $+functions[compdef] )); then compdef _tessera tessera; fi`

function valueCases({ path, flags }: Node): readonly string[] {
  return flags.flatMap(({ word, short, value }) => {
    if (value === undefined) return []
    const names = [word, ...(short === undefined ? [] : [short])].map((name) => quote(`${path}|${name}`)).join(' | ')
    if (value.kind === 'choice') return [`    ${names}) compadd -- ${value.choices.map(quote).join(' ')}; return ;;`]
    return [`    ${names}) ${value.kind === 'file' ? '_files; ' : ''}return ;;`]
  })
}

const itemCase = ({ path, subcommands, flags }: Node): string =>
  `    ${quote(path)}) items=(${[...subcommands, ...flags].map(described).join(' ')}) ;;`

/** A colon ends the word. */
const described = ({ word, description }: Item): string => quote(`${word}:${description}`)
