import { type ASTNode, TypeError as CelTypeError, Environment, EvaluationError, ParseError } from '@marcbachmann/cel-js'
import { LRUCache } from 'lru-cache'
import { cut } from '../platform/text.ts'
import type { OutsideClaims, OutsideToken } from './claims.ts'
import { ConditionError } from './condition-error.ts'
import { explain, sourceOf } from './explanation.ts'
import { requireOffered } from './offered.ts'
import { conjunctsOf } from './tree.ts'
import { MOST_WORK, Work } from './work.ts'

/** The most characters of a condition: one screen. Nobody could understand the explanation of a longer one. */
const LONGEST_CONDITION = 2_048
/** The most compiled conditions that are kept. Each takes a few kilobytes. */
const REMEMBERED = 1_000
/** Whether a condition holds. If it does not: the source of the part that fails, and the reason. */
type ConditionOutcome =
  | { readonly holds: true }
  | { readonly holds: false; readonly part: string; readonly because: string }

/** A condition over the claims of a token, in CEL (https://cel.dev). */
export interface Condition {
  /** Never throws. A condition that can't be evaluated does not hold. */
  evaluate(token: OutsideToken): ConditionOutcome
}

/** Evaluates a part of a condition over the claims that it was made for. */
type Evaluator = (part: ASTNode) => unknown

const environment = new Environment({
  limits: { maxAstNodes: 250, maxDepth: 32, maxListElements: 64, maxCallArguments: 4 },
})
  .registerVariable('claims', 'map<string, dyn>')
  // The library gives its evaluator only to macros. This macro returns it. Conditions may not call the macro.
  .registerFunction('evaluator(ast): dyn', () => ({
    async: false,
    typeCheck: (checker: { getType(name: string): unknown }) => checker.getType('dyn'),
    evaluate:
      (runner: { run(node: ASTNode, context: unknown): unknown }, _macro: unknown, context: unknown): Evaluator =>
      (part) =>
        runner.run(part, context),
  }))

const evaluatorFor: (context: { readonly claims: unknown }) => Evaluator = environment.parse('evaluator(true)')

/** The most recently used conditions, compiled. */
export class Conditions {
  readonly #compiled = new LRUCache<string, Condition>({ max: REMEMBERED })

  get size(): number {
    return this.#compiled.size
  }

  /** Like `parseCondition`, but compiles a remembered text only once. */
  parse(text: string): Condition {
    const known = this.#compiled.get(text)
    if (known !== undefined) return known
    const condition = parseCondition(text)
    this.#compiled.set(text, condition)
    return condition
  }
}

/**
 * Compiles a condition, such as `claims.environment == "production" && claims.ref.startsWith("refs/tags/")`. Time and
 * memory of an evaluation are bounded. If a token would need more, the condition does not hold for it.
 * @throws ConditionError if the text is not a condition, or calls a function that is not offered
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

/**
 * Runs `work` without recording stacks. A condition may ignore an error for each element of a claim. Nobody reads the
 * stacks, and they are the largest part of the cost.
 */
function withoutStacks<Result>(work: () => Result): Result {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return work()
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

/** Parses a condition and checks its types. @throws ConditionError */
function parse(text: string): ASTNode {
  try {
    const parsed = environment.parse(text)
    requireOffered(parsed.ast)
    const { type, error } = parsed.check()
    if (error !== undefined) throw error
    if (type === 'bool') return parsed.ast
    throw new ConditionError(
      `A condition must be true or false, but this one is ${type}: compare it, as in claims.x == true`,
      0,
    )
  } catch (error) {
    if (error instanceof ParseError || error instanceof CelTypeError || error instanceof EvaluationError) {
      throw new ConditionError(error.summary, error.range?.start ?? 0)
    }
    throw error
  }
}
