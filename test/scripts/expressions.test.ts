import { globSync, readFileSync } from 'node:fs'
import { parseSync, Visitor } from 'oxc-parser'
import { analyse } from 'scslre'
import { expect, test } from 'vitest'

/** Expressions that are made while the program runs, with the reason why each takes no more than time in proportion to its text. */
const REASONED: Readonly<Record<string, string>> = {
  'src/management/explanations/reference.ts': 'each white space follows a name, so no place is tried twice',
}

interface Found {
  readonly literals: readonly RegExp[]
  /** Whether an expression is made of text. */
  readonly isMade: boolean
}

function expressionsIn(file: string, source: string): Found {
  const literals: RegExp[] = []
  let isMade = false
  const note = (callee: { readonly type: string; readonly name?: unknown }) => {
    if (callee.type === 'Identifier' && callee.name === 'RegExp') isMade = true
  }
  const visitor = new Visitor({
    Literal: (node) => {
      if ('regex' in node) literals.push(new RegExp(node.regex.pattern, node.regex.flags))
    },
    NewExpression: ({ callee }) => note(callee),
    CallExpression: ({ callee }) => note(callee),
  })
  visitor.visit(parseSync(file, source).program)
  return { literals, isMade }
}

/** Whether some text takes a time that grows faster than the text does. */
const isSlow = (expression: RegExp): boolean => analyse(expression).reports.length > 0

const files = globSync('src/**/*.ts').toSorted()
const found = files.map((file) => ({ file, ...expressionsIn(file, readFileSync(file, 'utf8')) }))

test('no regular expression takes more than time in proportion to its text', () => {
  const slow = found.flatMap(({ file, literals }) => literals.filter(isSlow).map((one) => `${file}: ${one}`))
  expect(found.flatMap(({ literals }) => literals).length).toBeGreaterThan(100)
  expect(slow).toEqual([])
})

test('the expressions that are made of text have a reason', () => {
  expect(found.filter(({ isMade }) => isMade).map(({ file }) => file)).toEqual(Object.keys(REASONED).toSorted())
})

test('the scan finds slow expressions and no others', () => {
  const { literals, isMade } = expressionsIn(
    'a.ts',
    String.raw`[/[\r\n]+$/, /^(a+)+$/, /\s+$/u, /a*a*b/, /^[a-z]+$/, /x.*/s, new RegExp(b)]`,
  )
  expect(literals.map(isSlow)).toEqual([true, true, true, true, false, false])
  expect(isMade).toBe(true)
})
