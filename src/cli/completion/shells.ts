import { bash } from './bash.ts'
import { fish } from './fish.ts'
import type { Node } from './tree.ts'
import { zsh } from './zsh.ts'

/** The function that makes the script of each shell. */
export const shells: Readonly<Record<string, (nodes: readonly Node[]) => string>> = { bash, zsh, fish }
