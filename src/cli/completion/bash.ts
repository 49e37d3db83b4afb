import { quote } from '../../platform/shell.ts'
import type { Node } from './tree.ts'

/** A script for bash 3.2 and later. */
export const bash = (
  nodes: readonly Node[],
): string => `# bash completion of tessera. Load it with: source <(tessera completion bash)
_tessera() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} at='' i words='' IFS=$' \\t\\n'
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at \${COMP_WORDS[i]}" in
      ${pathsOf(nodes)}) at="$at \${COMP_WORDS[i]}" ;;
    esac
  done
  # bash takes the sign in --output=json as a word.
  if [[ $prev == '=' ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  if [[ $cur == '=' ]]; then cur=''; fi
  COMPREPLY=()
  case "$at|$prev" in
${nodes.flatMap(valueCases).join('\n')}
  esac
  case "$at" in
${nodes.map(wordCase).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _tessera tessera`

/** The paths of all commands, as the pattern of a `case`. */
export const pathsOf = (nodes: readonly Node[]): string =>
  nodes.flatMap(({ path }) => (path === '' ? [] : [quote(path)])).join(' | ')

function valueCases({ path, flags }: Node): readonly string[] {
  return flags.flatMap(({ word, short, value }) => {
    if (value === undefined) return []
    const names = [word, ...(short === undefined ? [] : [short])].map((name) => quote(`${path}|${name}`)).join(' | ')
    if (value.kind === 'choice')
      return [`    ${names}) COMPREPLY=($(compgen -W ${quote(value.choices.join(' '))} -- "$cur")); return ;;`]
    if (value.kind === 'text') return [`    ${names}) return ;;`]
    return [
      `    ${names}) IFS=$'\\n'; compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur")); return ;;`,
    ]
  })
}

function wordCase({ path, subcommands, flags }: Node): string {
  const words = [...subcommands, ...flags].map(({ word }) => word)
  return `    ${quote(path)}) words=${quote(words.join(' '))} ;;`
}
