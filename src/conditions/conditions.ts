import { type ASTNode, TypeError as CelTypeError, Environment, EvaluationError, ParseError } from '@marcbachmann/cel-js'
import { LRUCache } from 'lru-cache'
import { shortJson } from '../platform/json.ts'
import { claimOf, cut, LONGEST_SHOWN, type OutsideClaims, type OutsideToken } from './claims.ts'
import { ConditionCost, ConditionError, LONGEST_LIST, MOST_WORK } from './condition-cost.ts'

/** Characters: a screen full. What is longer cannot be explained to anybody. */
const LONGEST_CONDITION = 2_048
/** Compiled ones, a few kilobytes each. */
const REMEMBERED = 1_000
/** The macro through which conditions are evaluated: nobody can write it, since it is not among what is offered. */
const FIRST_NOT_TRUE = 'first_not_true'
/** Of a value in an explanation, in characters. */
const LONGEST_VALUE = 80

/** Whether a condition holds. Where not: the part of it, as it is written, and what the claims have to do with that. */
type ConditionOutcome =
  | { readonly holds: true }
  | { readonly holds: false; readonly part: string; readonly because: string }

/** A condition over the claims of a token, in CEL (https://cel.dev). */
export interface Condition {
  /** Never throws. What cannot be evaluated does not hold. */
  evaluate(token: OutsideToken): ConditionOutcome
}

/** The first part of a condition that did not come out true. */
class NotTrue {
  readonly part: ASTNode
  readonly cause: unknown

  constructor(part: ASTNode, cause?: unknown) {
    this.part = part
    this.cause = cause
  }
}

interface Checker {
  check(node: ASTNode, context: unknown): unknown
}

interface Runner {
  run(node: ASTNode, context: unknown): unknown
}

const environment = new Environment({
  limits: { maxAstNodes: 250, maxDepth: 32, maxListElements: LONGEST_LIST, maxCallArguments: 4 },
})
  .registerVariable('claims', 'map<string, dyn>')
  .registerFunction(`${FIRST_NOT_TRUE}(ast): dyn`, ({ args }: { readonly args: readonly ASTNode[] }) => {
    const parts = args.flatMap(conjunctsOf)
    return {
      async: false,
      typeCheck: (checker: Checker, _macro: unknown, context: unknown) =>
        args.map((one) => checker.check(one, context))[0],
      evaluate: (runner: Runner, _macro: unknown, context: unknown) => firstNotTrue(parts, runner, context),
    }
  })

function firstNotTrue(parts: readonly ASTNode[], runner: Runner, context: unknown): NotTrue | undefined {
  for (const part of parts) {
    try {
      if (runner.run(part, context) !== true) return new NotTrue(part)
    } catch (error) {
      return new NotTrue(part, error)
    }
  }
  return undefined
}

const conjunctsOf = (node: ASTNode): readonly ASTNode[] => (node.op === '&&' ? node.args.flatMap(conjunctsOf) : [node])

/** Compiled conditions: those that were used last. */
export class Conditions {
  readonly #compiled = new LRUCache<string, Condition>({ max: REMEMBERED })

  get size(): number {
    return this.#compiled.size
  }

  /** As `parseCondition`. */
  parse(text: string): Condition {
    const known = this.#compiled.get(text)
    if (known !== undefined) return known
    const condition = parseCondition(text)
    this.#compiled.set(text, condition)
    return condition
  }
}

/**
 * Compiles a condition, such as `claims.environment == "production" && claims.ref.startsWith("refs/tags/")`. Time and memory
 * of an evaluation are bounded; a condition that would take more on some token does not hold for it.
 * @throws ConditionError where it is no condition, or calls what is not offered
 */
export function parseCondition(text: string): Condition {
  if (text.length > LONGEST_CONDITION) {
    throw new ConditionError(`The condition is over ${LONGEST_CONDITION} characters`, LONGEST_CONDITION)
  }
  const { cost } = checked(text)
  // That the text is a whole expression was seen above: it cannot close the bracket. A comment ends with its line.
  const evaluate = environment.parse(`${FIRST_NOT_TRUE}(${text}\n)`)
  return {
    evaluate({ claims, cel: prepared }) {
      const work = prepared.work + cost.on(prepared)
      if (work > MOST_WORK) return { holds: false, part: cut(text), because: 'it would take too long on this token' }
      prepared.work = work
      const outcome = withoutStacks(() => evaluate({ claims: prepared.values }))
      if (outcome === undefined) return { holds: true }
      return {
        holds: false,
        part: outcome instanceof NotTrue ? sourceOf(outcome.part) : cut(text),
        because: explain(outcome, claims),
      }
    },
  }
}

/** A condition may ignore an error for each element of a claim. Their stacks are never read, and they cost most. */
function withoutStacks(work: () => unknown): unknown {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return work()
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

function checked(text: string): { readonly cost: ConditionCost } {
  try {
    const parsed = environment.parse(text)
    const cost = new ConditionCost(parsed.ast)
    const { type, error } = parsed.check()
    if (error !== undefined) throw error
    if (type !== 'bool') {
      throw new ConditionError(
        `A condition is true or false, this one is ${type}: compare it, as in claims.x == true`,
        0,
      )
    }
    return { cost }
  } catch (error) {
    if (error instanceof ParseError || error instanceof CelTypeError || error instanceof EvaluationError) {
      throw new ConditionError(error.summary, error.range?.start ?? 0)
    }
    throw error
  }
}

function explain(outcome: unknown, claims: OutsideClaims): string {
  if (!(outcome instanceof NotTrue)) return 'it could not be evaluated'
  const { part, cause } = outcome
  if (cause instanceof EvaluationError && cause.code === 'no_such_key') {
    const missing = cause.node
    const name = missing?.op === '.' ? missing.args[1] : 'an entry'
    return cut(`${(missing && pathOf(missing)?.text) ?? name} is not there`)
  }
  if (cause instanceof EvaluationError && cause.code === 'unsupported_type') {
    return 'a claim is nested too deeply, or is a number beyond 2^53, which JSON does not carry exactly'
  }
  const values = describeClaims(part, claims)
  if (cause === undefined) return cut(values || 'it is never true')
  const problem =
    cause instanceof EvaluationError ? cause.summary.replaceAll(/dyn<(\w+)>/g, '$1') : 'it could not be evaluated'
  return cut(values === '' ? problem : `${problem}; ${values}`)
}

/** The claims that a part of a condition names, with their values, as far as there is room. */
function describeClaims(part: ASTNode, claims: OutsideClaims): string {
  const told = new Map<string, string>()
  let length = 0
  for (const { text, keys } of pathsIn(part)) {
    if (told.has(text)) continue
    const value = describe(text, valueAt(claims, keys))
    told.set(text, value)
    length += value.length
    if (length > LONGEST_SHOWN) break
  }
  return [...told.values()].join(', ')
}

interface ClaimPath {
  readonly text: string
  readonly keys: readonly (string | number)[]
}

/** A claim as a condition names it; undefined where the node is anything else. */
function pathOf(node: ASTNode): ClaimPath | undefined {
  if (node.op === 'id') return node.args === 'claims' ? { text: 'claims', keys: [] } : undefined
  if (node.op !== '.' && node.op !== '[]') return undefined
  const within = pathOf(node.args[0])
  if (within === undefined) return undefined
  if (node.op === '.') return { text: `${within.text}.${node.args[1]}`, keys: [...within.keys, node.args[1]] }
  const key = node.args[1].op === 'value' ? node.args[1].args : undefined
  if (typeof key === 'string') return { text: `${within.text}[${JSON.stringify(key)}]`, keys: [...within.keys, key] }
  return typeof key === 'bigint' ? { text: `${within.text}[${key}]`, keys: [...within.keys, Number(key)] } : undefined
}

/** Every claim that a part of a condition names, the longest path of each. */
function pathsIn(node: ASTNode): readonly ClaimPath[] {
  const path = pathOf(node)
  if (path !== undefined) return path.keys.length === 0 ? [] : [path]
  const children: unknown[] = Array.isArray(node.args) ? node.args.flat(2) : [node.args]
  return children.flatMap((child) => (isNode(child) ? pathsIn(child) : []))
}

const isNode = (value: unknown): value is ASTNode => typeof value === 'object' && value !== null && 'op' in value

function valueAt(claims: OutsideClaims, keys: readonly (string | number)[]): unknown {
  let value: unknown = claims
  for (const key of keys) {
    if (typeof value !== 'object' || value === null) return undefined
    value = claimOf(value, String(key))
  }
  return value
}

function describe(path: string, value: unknown): string {
  if (value === undefined) return `${path} is not there`
  return `${path} is ${shortJson(value, LONGEST_VALUE)}`
}

/** A part as it is written. The library leaves out brackets at either end, which are put back. */
function sourceOf({ input, start, end }: ASTNode): string {
  const source = input.slice(start, end)
  let open = 0
  let missing = 0
  for (const [token] of source.matchAll(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[()]/gs)) {
    if (token === '(') open += 1
    else if (token === ')' && open > 0) open -= 1
    else if (token === ')') missing += 1
  }
  return cut('('.repeat(missing) + source + ')'.repeat(open))
}
