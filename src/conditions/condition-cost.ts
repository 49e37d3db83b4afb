import type { ASTNode } from '@marcbachmann/cel-js'
import { UserError } from '../platform/user-error.ts'
import type { ClaimsSize } from './claims.ts'

/** A condition that cannot be used: what is wrong, and where. */
export class ConditionError extends UserError {
  override readonly name = 'ConditionError'
  /** Of the first character that is wrong, from 0, in UTF-16 units. */
  readonly position: number

  constructor(message: string, position: number) {
    super(`${message} (at character ${position + 1} of the condition)`)
    this.position = position
  }
}

/** Elements of a list that is written out; a longer one belongs into several conditions. */
export const LONGEST_LIST = 64
/** Quantifiers within quantifiers: to compare two lists needs two. */
const DEEPEST_QUANTIFIER = 2
/** Steps of about 40 ns that all conditions may take on one token: under 5 ms. */
export const MOST_WORK = 100_000
/** The cost of a failing part, in steps. The library creates an error for it, which `||` and quantifiers may ignore. */
const FAILURE = 60
/** Values that are looked through in the time of a step. */
const VALUES_A_STEP = 4

/**
 * What a condition may call. The library has more: `matches` takes JavaScript's regular expressions, which backtrack for
 * ever; `lowerAscii` makes ASCII of letters that are none; `int("")` is 0; `map`, `split`, `join` and `cel.bind` make values
 * larger than the token.
 */
const FUNCTIONS = new Set(['has', 'size'])
const METHODS = new Set(['size', 'startsWith', 'endsWith', 'contains'])
/** How much longer it takes to look through text for its size, which counts code points, than to compare it. */
const SIZE_SCANS = 16
/** At worst, looking for so many characters takes as long as comparing all. */
const CHARACTERS_A_SCAN = 4
const QUANTIFIERS = new Set(['exists', 'all', 'exists_one', 'filter'])
const OFFERED = 'has, size, startsWith, endsWith, contains, exists, all, exists_one and filter'

/** The work at one depth: the number of quantifiers around it that iterate over claims. Literal lists have a known length. */
interface Effort {
  /** What takes the same time whatever the claims are. */
  steps: number
  /** How often as much as all the claims may be looked through. */
  scans: number
  /** How often elements may be looked through: over one turn of their quantifier, that is all the claims at most. */
  sweeps: number
}

/** The place of a part within a condition, which determines how often it is evaluated. */
interface Place {
  readonly variables: readonly Variable[]
  /** The number of quantifiers around it that iterate over claims. */
  readonly depth: number
  /** The product of the iterations of all other quantifiers. */
  readonly turns: number
}

/** How many values, each of the size of all the claims or of one element, the result of an expression may hold. */
interface Parts {
  readonly whole: number
  readonly elements: number
}

interface Variable {
  readonly name: string
  /** The list that it goes over, where that is written out. */
  readonly list?: readonly ASTNode[] | undefined
  readonly isElement: boolean
}

/** Parts of a condition that always have a value: anything can be compared. */
const NEVER_FAILS: ReadonlySet<string> = new Set(['value', 'id', 'list', '==', '!='])
const canFail = ({ op }: ASTNode): boolean => !NEVER_FAILS.has(op)

const NONE: Parts = { whole: 0, elements: 0 }

/** Bounds the work of a condition before it is evaluated, from its text alone. */
export class ConditionCost {
  /** Keyed by the depth of the place. */
  readonly #efforts: Effort[] = Array.from({ length: DEEPEST_QUANTIFIER + 1 }, () => ({
    steps: 0,
    scans: 0,
    sweeps: 0,
  }))
  /** Of the lists that are written out. */
  #longestList = 1

  /** @throws ConditionError where the condition uses what is not offered */
  constructor(condition: ASTNode) {
    this.#visit(condition, { variables: [{ name: 'claims', isElement: false }], depth: 0, turns: 1 })
  }

  /** The most steps that an evaluation can take. */
  on({ weight, longest }: ClaimsSize): number {
    const turns = Math.max(longest, this.#longestList)
    const work = this.#efforts.map(({ steps, scans, sweeps }, depth) => {
      const looked = (scans * turns ** depth + sweeps * turns ** (depth - 1)) * weight
      return steps * turns ** depth + looked / VALUES_A_STEP
    })
    return work.reduce((sum, one) => sum + one, 0)
  }

  #visit(node: ASTNode, place: Place): Parts {
    const { variables, turns } = place
    const effort = this.#efforts[place.depth]
    if (effort === undefined || variables.length > 1 + DEEPEST_QUANTIFIER) {
      throw new ConditionError('Quantifiers are nested too deeply: two are allowed', node.pos)
    }
    // Outside quantifiers a part fails only once, which costs almost nothing.
    effort.steps += turns * (canFail(node) && variables.length > 1 ? FAILURE : 1)
    const visitAll = (nodes: readonly ASTNode[]) =>
      nodes
        .map((one) => this.#visit(one, place))
        .reduce(
          (sum, { whole, elements }) => ({
            whole: sum.whole + whole,
            elements: sum.elements + elements,
          }),
          NONE,
        )
    const scanAll = (nodes: readonly ASTNode[], times = 1) => {
      const parts = visitAll(nodes)
      effort.scans += parts.whole * times * turns
      effort.sweeps += parts.elements * times * turns
      return parts
    }
    switch (node.op) {
      case 'value':
        return NONE
      case 'id':
        return partOf(node.args, variables, node)
      case '.':
        return this.#visit(node.args[0], place)
      case 'list':
        this.#longestList = Math.max(this.#longestList, node.args.length)
        return visitAll(node.args)
      case '!_':
      case '-_':
        return this.#visit(node.args, place)
      case '==':
      case '!=':
        return node.args.some(isLiteral) ? visitAll(node.args) : scanAll(node.args)
      case 'in': {
        const [element, list] = node.args
        return isLiteral(list) ? visitAll([element, list]) : scanAll([element, list])
      }
      case '&&':
      case '||':
      case '?:':
      case '[]':
      case '-':
      case '*':
      case '/':
      case '%':
        return visitAll(node.args)
      case '+':
      case '<':
      case '<=':
      case '>':
      case '>=':
        return scanAll(node.args)
      case 'call':
        if (!FUNCTIONS.has(node.args[0])) throw notOffered(node.args[0], node)
        return scanAll(node.args[1], SIZE_SCANS)
      case 'rcall': {
        const [name, receiver, args] = node.args
        if (name === 'size') return scanAll([receiver], SIZE_SCANS)
        if (name === 'contains')
          return scanAll([receiver, ...args], 1 + lengthSought(node, args, variables) / CHARACTERS_A_SCAN)
        if (METHODS.has(name)) return scanAll([receiver, ...args])
        if (!QUANTIFIERS.has(name)) throw notOffered(name, node)
        return this.#visitQuantifier(name, receiver, args, place)
      }
      default:
        throw new ConditionError('Maps and optional fields are not offered', node.pos)
    }
  }

  #visitQuantifier(name: string, range: ASTNode, args: readonly ASTNode[], place: Place): Parts {
    const { variables, depth, turns } = place
    const [variable, predicate] = args
    if (variable?.op !== 'id' || predicate === undefined || args.length !== 2) {
      throw new ConditionError(
        `${name} takes a name and a condition, as in claims.groups.${name}(g, g == "ci")`,
        range.pos,
      )
    }
    if (variables.some((other) => other.name === variable.args)) {
      throw new ConditionError(`${variable.args} has a meaning already`, variable.pos)
    }
    const list = rangeOf(range)
    if (list === undefined) throw new ConditionError(`${name} goes over a claim, or over a list in brackets`, range.pos)
    const parts = this.#visit(range, place)
    const written = list.op === 'list' ? list.args : undefined
    this.#visit(predicate, {
      // Each element of a literal list may be as large as all the claims.
      variables: [...variables, { name: variable.args, isElement: written === undefined, list: written }],
      depth: written === undefined ? depth + 1 : depth,
      turns: written === undefined ? turns : turns * written.length,
    })
    return parts
  }
}

function partOf(name: string, variables: readonly Variable[], { pos }: ASTNode): Parts {
  const variable = variables.find((one) => one.name === name)
  if (variable !== undefined) return variable.isElement ? { whole: 0, elements: 1 } : { whole: 1, elements: 0 }
  throw new ConditionError(`There is no ${name}: a condition begins with claims, as in claims.sub`, pos)
}

/** The most characters that `contains` looks for: it takes far too long with what a token can make up. */
function lengthSought({ pos }: ASTNode, [sought]: readonly ASTNode[], variables: readonly Variable[]): number {
  const variable = sought?.op === 'id' ? variables.find(({ name }) => name === sought.args) : undefined
  const candidates = variable?.list ?? (sought === undefined ? [] : [sought])
  const lengths = candidates.map(({ op, args }) =>
    op === 'value' && typeof args === 'string' ? args.length : undefined,
  )
  return lengths.reduce<number>((longest, length) => {
    if (length !== undefined) return Math.max(longest, length)
    throw new ConditionError('contains() takes text in quotes, or a name that goes over a list of such', pos)
  }, 0)
}

const notOffered = (name: string, node: ASTNode): ConditionError => {
  const advice = name === 'matches' ? 'a regular expression could take for ever; ' : ''
  return new ConditionError(`${name}() is not offered: ${advice}there are ${OFFERED}`, node.pos)
}

/** What is as long as it is written, whatever the claims are. */
function isLiteral(node: ASTNode): boolean {
  return node.op === 'value' || (node.op === 'list' && node.args.every(isLiteral))
}

/** What a quantifier goes over: a claim, or a list that is written out, filtered or not; undefined where it is neither. */
function rangeOf(node: ASTNode): ASTNode | undefined {
  if (node.op === 'rcall') return node.args[0] === 'filter' ? rangeOf(node.args[1]) : undefined
  if (node.op === 'list' || node.op === 'id') return node
  if (node.op !== '.' && node.op !== '[]') return undefined
  const root = rangeOf(node.args[0])
  return root?.op === 'id' ? root : undefined
}
