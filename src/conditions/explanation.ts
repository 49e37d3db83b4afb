import { type ASTNode, EvaluationError } from '@marcbachmann/cel-js'
import { shortJson } from '../platform/json.ts'
import { cut, LONGEST_SHOWN } from '../platform/text.ts'
import { claimOf, type OutsideClaims } from './claims.ts'
import { childrenOf } from './tree.ts'

/** The most characters of a value in an explanation. */
const LONGEST_VALUE = 80

/** Explains why a part of a condition is not true. @param cause the error, if evaluation failed */
export function explain(part: ASTNode, cause: unknown, claims: OutsideClaims): string {
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

/** The claims that a part of a condition names, with their values, up to the limit of characters. */
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

/** The path of a claim in a condition; undefined for any other node. */
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

/** The claims that a part of a condition names, each by its longest path. */
function pathsIn(node: ASTNode): readonly ClaimPath[] {
  const path = pathOf(node)
  if (path !== undefined) return path.keys.length === 0 ? [] : [path]
  return childrenOf(node).flatMap(pathsIn)
}

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

/** The source of a part. The library leaves out brackets at either end, so they are added again. */
export function sourceOf({ input, start, end }: ASTNode): string {
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
