import type { ASTNode } from '@marcbachmann/cel-js'
import { ConditionError } from './condition-error.ts'
import { childrenOf, QUANTIFIERS, rangeOf } from './tree.ts'

/** The deepest nesting of quantifiers. A comparison of two lists needs two. */
export const DEEPEST_QUANTIFIER = 2

/**
 * The functions that a condition may call. Others of the library are unsafe:
 * - `matches` takes JavaScript's regular expressions, which can backtrack for ever.
 * - `lowerAscii` converts some letters beyond ASCII to ASCII.
 * - `int("")` is 0.
 * - `map`, `split`, `join` and `cel.bind` make values larger than the token.
 */
const FUNCTIONS = new Set(['has', 'size'])
const METHODS = new Set(['size', 'startsWith', 'endsWith', 'contains'])
const OFFERED = 'has, size, startsWith, endsWith, contains, exists, all, exists_one and filter'

/** The names that a part may use. A name that ranges over a list in the condition has the elements of that list. */
type Names = ReadonlyMap<string, readonly ASTNode[] | undefined>

/** Requires that a condition uses only offered names and functions. @throws ConditionError */
export function requireOffered(node: ASTNode, names: Names = new Map([['claims', undefined]])): void {
  switch (node.op) {
    case 'id':
      if (names.has(node.args)) return
      throw new ConditionError(`There is no ${node.args}: a condition begins with claims, as in claims.sub`, node.pos)
    case 'map':
    case '.?':
    case '[?]':
      throw new ConditionError('Maps and optional fields are not offered', node.pos)
    case 'call':
      if (!FUNCTIONS.has(node.args[0])) throw notOffered(node.args[0], node)
      break
    case 'rcall': {
      const [name, receiver, args] = node.args
      if (QUANTIFIERS.has(name)) {
        requireQuantifier(name, receiver, args, names)
        return
      }
      if (!METHODS.has(name)) throw notOffered(name, node)
      if (name === 'contains') requireText(node, args, names)
    }
  }
  for (const child of childrenOf(node)) requireOffered(child, names)
}

function requireQuantifier(name: string, receiver: ASTNode, args: readonly ASTNode[], names: Names): void {
  const [variable, predicate] = args
  if (variable?.op !== 'id' || predicate === undefined || args.length !== 2) {
    const example = `claims.groups.${name}(g, g == "ci")`
    throw new ConditionError(`${name} takes a name and a condition, as in ${example}`, receiver.pos)
  }
  if (names.has(variable.args)) throw new ConditionError(`${variable.args} is taken: choose another name`, variable.pos)
  const range = rangeOf(receiver)
  if (range === undefined) {
    throw new ConditionError(`${name} must range over a claim or a list in brackets`, receiver.pos)
  }
  requireOffered(receiver, names)
  if (names.size > DEEPEST_QUANTIFIER) {
    throw new ConditionError('Quantifiers are nested too deeply: two are allowed', predicate.pos)
  }
  requireOffered(predicate, new Map([...names, [variable.args, range.op === 'list' ? range.args : undefined]]))
}

/**
 * Requires that `contains` looks for text in the condition. A search for text that a token chooses can take far too
 * long.
 */
function requireText({ pos }: ASTNode, [sought]: readonly ASTNode[], names: Names): void {
  const candidates = (sought?.op === 'id' ? names.get(sought.args) : undefined) ?? [sought]
  if (candidates.every((one) => one?.op === 'value' && typeof one.args === 'string')) return
  throw new ConditionError('contains() takes text in quotes, or a name that ranges over a list of such texts', pos)
}

const notOffered = (name: string, node: ASTNode): ConditionError => {
  const advice = name === 'matches' ? 'a regular expression could take for ever; ' : ''
  return new ConditionError(`${name}() is not offered: ${advice}the functions are ${OFFERED}`, node.pos)
}
