import type { Command } from 'commander'
import { shells } from './completion/shells.ts'
import { nodesOf } from './completion/tree.ts'
import { print } from './output.ts'

/** `tessera completion`: prints the script with which a shell completes the command lines of `program`. */
export function completion(program: Command, shell: string): void {
  const script = shells[shell]
  if (script !== undefined) print(script(nodesOf(program)))
}
