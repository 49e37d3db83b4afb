import type { Check } from '../management/explanations/advice/advice.ts'

const STEP = '  '

/** Formats a check of a token as one line, with the expected value if it failed. */
export function checkLine({ check, passed, expected, received, note }: Check): string {
  if (passed) return `✓ ${check}: ${received}`
  return `✗ ${check}: expected ${expected}, received ${received}${note === undefined ? '' : ` (${note})`}`
}

/** Formats facts in two columns. A nested value follows its name on lines of its own. */
export function alignedFacts(facts: Readonly<Record<string, unknown>>): readonly string[] {
  const lines = Object.entries(facts).map(([name, value]) => ({ name, lines: factLines(name, value) }))
  const single = lines.filter((fact) => fact.lines.length === 1)
  const width = Math.max(0, ...single.map(({ name }) => name.length))
  return lines.flatMap(({ name, lines: [first, ...others] }) => {
    if (first === undefined || others.length > 0) return first === undefined ? [] : [first, ...others]
    return [`${STEP}${name.padEnd(width)}${STEP}${first.slice(STEP.length + name.length + 2)}`]
  })
}

/** Formats one fact per line. Each part of a nested value gets its own, indented line. An absent value gets none. */
export function factLines(name: string, value: unknown, indent = STEP): readonly string[] {
  if (value === undefined || value === null || value === '') return []
  if (!isComposite(value)) return [`${indent}${name}: ${value}`]
  const parts = Array.isArray(value) ? value : [value]
  if (parts.every((part) => !isComposite(part)))
    return parts.length === 0 ? [] : [`${indent}${name}: ${parts.join(', ')}`]
  return [`${indent}${name}:`, ...parts.flatMap((part) => partLines(part, Array.isArray(value), indent + STEP))]
}

/** @param isItem whether the part is an entry of a list: its first line gets a hyphen, and its other lines are indented to match */
function partLines(part: unknown, isItem: boolean, indent: string): readonly string[] {
  const lines = linesOf(part)
  if (!isItem || isCheck(part)) return lines.map((line) => indent + line)
  return lines.map((line, at) => `${indent}${at === 0 ? '- ' : STEP}${line}`)
}

function linesOf(part: unknown): readonly string[] {
  if (isCheck(part)) return [checkLine(part)]
  if (!isComposite(part)) return [String(part)]
  return Object.entries(part).flatMap(([name, inner]) => factLines(name, inner, ''))
}

const isComposite = (value: unknown): value is object => typeof value === 'object' && value !== null

const isCheck = (value: unknown): value is Check =>
  isComposite(value) && ['check', 'passed', 'expected', 'received'].every((name) => name in value)
