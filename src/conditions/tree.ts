import type { ASTNode } from '@marcbachmann/cel-js'

/** The parts of a condition that must all hold, from left to right. */
export const conjunctsOf = (node: ASTNode): readonly ASTNode[] =>
  node.op === '&&' ? node.args.flatMap(conjunctsOf) : [node]

const isNode = (value: unknown): value is ASTNode => typeof value === 'object' && value !== null && 'op' in value

/** The child nodes of a node. */
export function childrenOf({ args }: ASTNode): readonly ASTNode[] {
  const children: readonly unknown[] = Array.isArray(args) ? args.flat(2) : [args]
  return children.filter(isNode)
}

/** Whether a node is a literal, so that its size does not depend on the claims. */
export const isLiteral = (node: ASTNode): boolean =>
  node.op === 'value' || (node.op === 'list' && node.args.every(isLiteral))

export const QUANTIFIERS: ReadonlySet<string> = new Set(['exists', 'all', 'exists_one', 'filter'])

/** The range of a quantifier: a name or a list in the condition, perhaps filtered; undefined for anything else. */
export function rangeOf(node: ASTNode): ASTNode | undefined {
  if (node.op === 'rcall') return node.args[0] === 'filter' ? rangeOf(node.args[1]) : undefined
  if (node.op === 'list' || node.op === 'id') return node
  if (node.op !== '.' && node.op !== '[]') return undefined
  const root = rangeOf(node.args[0])
  return root?.op === 'id' ? root : undefined
}
