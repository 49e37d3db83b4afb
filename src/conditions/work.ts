import type { ASTNode } from '@marcbachmann/cel-js'
import type { ClaimsSize } from './claims.ts'
import { DEEPEST_QUANTIFIER } from './offered.ts'
import { childrenOf, isLiteral, QUANTIFIERS, rangeOf } from './tree.ts'

/** The steps that all conditions may take on one token: some 5 ms. */
export const MOST_WORK = 100_000
/** The steps of a part that fails. The library creates an error for it, which `||` and quantifiers may ignore. */
const FAILURE = 60
/** Values that are looked through in one step. */
const VALUES_A_STEP = 4
/** The size of text counts its code points, which takes longer than to compare it. */
const SIZE_SCANS = 16
/** At worst, looking for so many characters takes as long as comparing all. */
const CHARACTERS_A_SCAN = 4

/** Parts of a condition that always have a value: anything can be compared. */
const NEVER_FAILS: ReadonlySet<string> = new Set(['value', 'id', 'list', '==', '!='])
/** Parts that look through all of their operands. */
const SCANS: ReadonlySet<string> = new Set(['==', '!=', 'in', '+', '<', '<=', '>', '>=', 'call', 'rcall'])

/** What a name stands for: text of the condition, an element of a list in the claims, or as much as all the claims. */
type Meaning = 'literal' | 'element' | 'claims'

/** The work of the parts that as many quantifiers over claims surround. */
interface Effort {
  steps: number
  /** How often as much as all the claims, or as one element, may be looked through. */
  claims: number
  elements: number
}

interface Place {
  readonly names: ReadonlyMap<string, Meaning>
  /** The number of quantifiers around it that go over claims. */
  readonly depth: number
  /** The product of the turns of all other quantifiers: their lists are written out. */
  readonly turns: number
}

/**
 * Bounds the steps of a condition before it is evaluated. Each part counts as often as the quantifiers around it can turn, and what looks
 * through its operands counts their size.
 */
export class Work {
  readonly #efforts: readonly Effort[]
  /** Of the lists that are written out. */
  #longestList = 1
  readonly #longestText: number

  constructor(condition: ASTNode) {
    this.#efforts = Array.from({ length: DEEPEST_QUANTIFIER + 1 }, () => ({ steps: 0, claims: 0, elements: 0 }))
    this.#longestText = longestTextIn(condition)
    this.#visit(condition, { names: new Map([['claims', 'claims']]), depth: 0, turns: 1 })
  }

  /** The most steps that an evaluation can take. */
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

/** What the elements of a range are. An element of a list that is written out may be as large as all the claims. */
function meaningIn(range: ASTNode, names: ReadonlyMap<string, Meaning>): Meaning {
  if (range.op !== 'id') return isLiteral(range) ? 'literal' : 'claims'
  return range.args === 'claims' ? 'element' : (names.get(range.args) ?? 'claims')
}

/** How often a part looks through its operands. @param longestText the most characters that `contains` looks for */
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

/** The characters of the longest text that is written out in a part. */
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
