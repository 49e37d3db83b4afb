import { type ASTNode, TypeError as CelTypeError, Environment, EvaluationError, ParseError } from '@marcbachmann/cel-js'
import { LRUCache } from 'lru-cache'
import { cut } from '../platform/text.ts'
import type { OutsideClaims, OutsideToken } from './claims.ts'
import { ConditionError } from './condition-error.ts'
import { explain, sourceOf } from './explanation.ts'
import { requireOffered } from './offered.ts'
import { conjunctsOf } from './tree.ts'
import { MOST_WORK, Work } from './work.ts'

/** Characters: a screen full. What is longer cannot be explained to anybody. */
const LONGEST_CONDITION = 2_048
/** Compiled ones, a few kilobytes each. */
const REMEMBERED = 1_000
/** Whether a condition holds. Where not: the part of it, as it is written, and what the claims have to do with that. */
type ConditionOutcome =
  | { readonly holds: true }
  | { readonly holds: false; readonly part: string; readonly because: string }

/** A condition over the claims of a token, in CEL (https://cel.dev). */
export interface Condition {
  /** Never throws. What cannot be evaluated does not hold. */
  evaluate(token: OutsideToken): ConditionOutcome
}

/** Evaluates a part of a condition over the claims that it was made for. */
type Evaluator = (part: ASTNode) => unknown

const environment = new Environment({
  limits: { maxAstNodes: 250, maxDepth: 32, maxListElements: 64, maxCallArguments: 4 },
})
  .registerVariable('claims', 'map<string, dyn>')
  // The library hands its evaluator to macros alone. This one passes it on; no condition may call it.
  .registerFunction('evaluator(ast): dyn', () => ({
    async: false,
    typeCheck: (checker: { getType(name: string): unknown }) => checker.getType('dyn'),
    evaluate:
      (runner: { run(node: ASTNode, context: unknown): unknown }, _macro: unknown, context: unknown): Evaluator =>
      (part) =>
        runner.run(part, context),
  }))

const evaluatorFor: (context: { readonly claims: unknown }) => Evaluator = environment.parse('evaluator(true)')

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
  const tree = parse(text)
  const parts = conjunctsOf(tree)
  const bound = new Work(tree)
  return {
    evaluate({ claims, cel: prepared }) {
      const work = prepared.work + bound.on(prepared)
      if (work > MOST_WORK) return { holds: false, part: cut(text), because: 'it would take too long on this token' }
      prepared.work = work
      const evaluate = evaluatorFor({ claims: prepared.values })
      return withoutStacks(() => evaluateAll(parts, evaluate, claims))
    },
  }
}

function evaluateAll(parts: readonly ASTNode[], evaluate: Evaluator, claims: OutsideClaims): ConditionOutcome {
  for (const part of parts) {
    const failed = (cause?: unknown) =>
      ({ holds: false, part: sourceOf(part), because: explain(part, cause, claims) }) as const
    try {
      if (evaluate(part) !== true) return failed()
    } catch (error) {
      return failed(error)
    }
  }
  return { holds: true }
}

/** A condition may ignore an error for each element of a claim. Their stacks are never read, and they cost most. */
function withoutStacks<Result>(work: () => Result): Result {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return work()
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

/** The tree of a condition, whose types are checked. @throws ConditionError */
function parse(text: string): ASTNode {
  try {
    const parsed = environment.parse(text)
    requireOffered(parsed.ast)
    const { type, error } = parsed.check()
    if (error !== undefined) throw error
    if (type === 'bool') return parsed.ast
    throw new ConditionError(`A condition is true or false, this one is ${type}: compare it, as in claims.x == true`, 0)
  } catch (error) {
    if (error instanceof ParseError || error instanceof CelTypeError || error instanceof EvaluationError) {
      throw new ConditionError(error.summary, error.range?.start ?? 0)
    }
    throw error
  }
}
