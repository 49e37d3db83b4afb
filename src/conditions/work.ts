import type { ASTNode } from '@marcbachmann/cel-js'
import type { ClaimsSize } from './claims.ts'
import { DEEPEST_QUANTIFIER } from './offered.ts'
import { childrenOf, isLiteral, QUANTIFIERS, rangeOf } from './tree.ts'

/** The most steps that all conditions together may take on one token: about 5 ms. */
export const MOST_WORK = 100_000
/** The steps of an operation that fails. The library creates an error for it, which `||` and quantifiers may ignore. */
const FAILURE = 60
/** The number of values that are read in one step. */
const VALUES_A_STEP = 4
/** `size` counts the code points of text, which takes this many times as long as a comparison. */
const SIZE_SCANS = 16
/** In the worst case, a search for this many characters takes as long as a comparison of the whole text. */
const CHARACTERS_A_SCAN = 4

/** Operations that never fail: any values can be compared. */
const NEVER_FAILS: ReadonlySet<string> = new Set(['value', 'id', 'list', '==', '!='])
/** Operations that read their operands in full. */
const SCANS: ReadonlySet<string> = new Set(['==', '!=', 'in', '+', '<', '<=', '>', '>=', 'call', 'rcall'])

/** The value of a name: text in the condition, an element of a list in the claims, or anything up to all the claims. */
type Meaning = 'literal' | 'element' | 'claims'

/** The work of the operations at one depth: within the same number of quantifiers over claims. */
interface Effort {
  steps: number
  /** How often all the claims, or one element, may be read. */
  claims: number
  elements: number
}

interface Place {
  readonly names: ReadonlyMap<string, Meaning>
  /** The number of enclosing quantifiers over claims. */
  readonly depth: number
  /** The product of the turns of all other enclosing quantifiers, which range over lists in the condition. */
  readonly turns: number
}

/**
 * Limits the steps of a condition before it is evaluated. Each operation counts once for each turn of the quantifiers
 * around it. An operation that reads its operands also counts their size.
 */
export class Work {
  readonly #efforts: readonly Effort[]
  /** The length of the longest list in the condition. */
  #longestList = 1
  readonly #longestText: number

  constructor(condition: ASTNode) {
    this.#efforts = Array.from({ length: DEEPEST_QUANTIFIER + 1 }, () => ({ steps: 0, claims: 0, elements: 0 }))
    this.#longestText = longestTextIn(condition)
    this.#visit(condition, { names: new Map([['claims', 'claims']]), depth: 0, turns: 1 })
  }

  /** The most steps of an evaluation over claims of this size. */
  on({ weight, heaviest, longest }: ClaimsSize): number {
    const turns = Math.max(longest, this.#longestList)
    return this.#efforts.reduce((sum, { steps, claims, elements }, depth) => {
      const lookedThrough = claims * weight + elements * heaviest
      return sum + (steps + lookedThrough / VALUES_A_STEP) * turns ** depth
    }, 0)
  }

  #visit(node: ASTNode, place: Place): void {
    const { names, depth, turns } = place
    const effort = this.#efforts[depth]
    if (effort === undefined) return
    // Outside quantifiers a part fails only once, which costs almost nothing.
    effort.steps += turns * (names.size > 1 && !NEVER_FAILS.has(node.op) ? FAILURE : 1)
    if (node.op === 'list') this.#longestList = Math.max(this.#longestList, node.args.length)
    if (node.op === 'rcall' && QUANTIFIERS.has(node.args[0])) {
      this.#visitQuantifier(node.args, place)
      return
    }
    const scans = turns * scansOf(node, this.#longestText)
    for (const child of childrenOf(node)) {
      effort.claims += scans * count('claims', child, names)
      effort.elements += scans * count('element', child, names)
      this.#visit(child, place)
    }
  }

  #visitQuantifier([, receiver, args]: readonly [string, ASTNode, readonly ASTNode[]], place: Place): void {
    const { names, depth, turns } = place
    const [variable, predicate] = args
    const range = rangeOf(receiver)
    this.#visit(receiver, place)
    if (variable?.op !== 'id' || predicate === undefined || range === undefined) return
    const isWritten = range.op === 'list'
    this.#visit(predicate, {
      names: new Map([...names, [variable.args, meaningIn(range, names)]]),
      depth: isWritten ? depth : depth + 1,
      turns: isWritten ? turns * range.args.length : turns,
    })
  }
}

/** The value of the elements of a range. An element of a list in the condition may be as large as all the claims. */
function meaningIn(range: ASTNode, names: ReadonlyMap<string, Meaning>): Meaning {
  if (range.op !== 'id') return isLiteral(range) ? 'literal' : 'claims'
  return range.args === 'claims' ? 'element' : (names.get(range.args) ?? 'claims')
}

/** How often an operation reads its operands. @param longestText the most characters that `contains` looks for */
function scansOf(node: ASTNode, longestText: number): number {
  if (!SCANS.has(node.op)) return 0
  // A comparison ends with the shorter of the two.
  if (node.op === '==' || node.op === '!=') return node.args.some(isLiteral) ? 0 : 1
  if (node.op === 'in') return isLiteral(node.args[1]) ? 0 : 1
  if (node.op === 'call') return SIZE_SCANS
  if (node.op !== 'rcall') return 1
  const [name] = node.args
  if (name === 'size') return SIZE_SCANS
  return name === 'contains' ? 1 + longestText / CHARACTERS_A_SCAN : 1
}

/** The length of the longest text in the source of a part. */
function longestTextIn(node: ASTNode): number {
  const own = node.op === 'value' && typeof node.args === 'string' ? node.args.length : 0
  return childrenOf(node).reduce((longest, child) => Math.max(longest, longestTextIn(child)), own)
}

/** How many values of a kind the result of a part may hold. */
function count(kind: Meaning, node: ASTNode, names: ReadonlyMap<string, Meaning>): number {
  if (node.op === 'id') return names.get(node.args) === kind ? 1 : 0
  const children = node.op === 'rcall' && QUANTIFIERS.has(node.args[0]) ? [node.args[1]] : childrenOf(node)
  return children.reduce((sum, child) => sum + count(kind, child, names), 0)
}
