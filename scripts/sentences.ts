/** Finds the sentences that people read: in Markdown, in the comments of TypeScript, in its strings, and in the text of its elements (JSX). */

import { parseSync } from 'oxc-parser'

export interface Sentence {
  readonly line: number
  readonly text: string
}

/** One paragraph, list item, table cell or comment. `line` is where it begins. */
interface Block {
  readonly line: number
  readonly text: string
}

const FIRST_WORDS = /^[^\p{L}\p{N}`]*(?:what|who|whoever|whose|of)\b/iu
const QUESTION = /\?[^\p{L}\p{N}]*$/u

/** Whether a sentence begins with a word that `docs/internals/writing.md` rules out. A question may begin with any word. */
export const beginsBadly = (sentence: string): boolean => FIRST_WORDS.test(sentence) && !QUESTION.test(sentence)

const lineOf = (text: string, offset: number): number => text.slice(0, offset).split('\n').length

function sentencesOf({ line, text }: Block): readonly Sentence[] {
  // Code may hold any words and stops, so that one word stands for it.
  const prose = text.replaceAll(/`[^`]*`/g, (code) => `\`${'\n'.repeat(code.split('\n').length - 1)}\``)
  const starts = [
    0,
    ...[...prose.matchAll(/[.!?][)"”’*_]*\s+(?=[^\p{Ll}\s])/gu)].map((end) => end.index + end[0].length),
  ]
  return starts.map((start, index) => ({
    line: line + lineOf(prose, start) - 1,
    text: prose
      .slice(start, starts[index + 1])
      .replaceAll(/\s+/g, ' ')
      .trim(),
  }))
}

/** The sentences of a page. Headings, code and the heads of tables are none, and neither is a cell without a full stop. */
export function sentencesOfMarkdown(page: string): readonly Sentence[] {
  const blank = (hidden: string): string => '\n'.repeat(hidden.split('\n').length - 1)
  const lines = page
    .replaceAll(/^( *)(```|~~~)[\s\S]*?^\1\2 *$/gm, blank)
    .replaceAll(/<!--[\s\S]*?-->|<[a-z/][^>]*>/g, blank)
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .split('\n')
  const blocks: Block[] = []
  let open: { line: number; text: string } | undefined
  lines.forEach((content, index) => {
    const line = index + 1
    const [, marker, rest = ''] = /^\s*(?:>\s*)*([-*+] |\d+\. )?(.*)$/.exec(content) ?? []
    if (/^\s*\|/.test(content)) {
      open = undefined
      const isHead = /^\s*\|[\s:|-]+$/.test(lines[index + 1] ?? '')
      if (!isHead) blocks.push(...cellsOf(content).map((text) => ({ line, text })))
    } else if (rest.trim() === '' || /^\s*#+ /.test(content)) {
      open = undefined
    } else if (open === undefined || marker !== undefined) {
      open = { line, text: rest }
      blocks.push(open)
    } else {
      open.text += `\n${rest}`
    }
  })
  return blocks.flatMap(sentencesOf)
}

const cellsOf = (row: string): readonly string[] =>
  row.split(/(?<!\\)\|/).filter((cell) => /[.!?](?:[)*_]*\s*$|\s)/.test(cell))

/** The sentences of the comments of a file, one tag of JSDoc (`@returns`) being a paragraph of its own. */
function blocksOfComments(path: string, source: string): readonly Block[] {
  const blocks: Block[] = []
  let last: { line: number; text: string; end: number } | undefined
  for (const { type, value, start, end } of parseSync(path, source).comments) {
    const line = lineOf(source, start)
    if (type === 'Block') {
      blocks.push(...paragraphsOf(value, line))
      continue
    }
    // Lines of comments that follow each other are one text.
    if (last !== undefined && /^\n[ \t]*$/.test(source.slice(last.end, start))) {
      last.text += `\n${value}`
      last.end = end
    } else {
      last = { line, text: value, end }
      blocks.push(last)
    }
  }
  return blocks
}

function paragraphsOf(comment: string, first: number): readonly Block[] {
  const blocks: Block[] = []
  let open: { line: number; text: string } | undefined
  comment.split('\n').forEach((content, index) => {
    const text = content.replace(/^\s*\*+ ?/, '')
    const [, begins, rest = ''] = /^\s*(@param \S+|@\w+|[-*] |\d+\. )?(.*)$/.exec(text) ?? []
    if (rest.trim() === '') open = undefined
    else if (open === undefined || begins !== undefined) {
      open = { line: first + index, text: rest }
      blocks.push(open)
    } else open.text += `\n${rest}`
  })
  return blocks.flatMap(({ line, text }) =>
    text.split(/(?=@(?:param|returns|throws) )/).map((part, index) => ({
      line,
      text: index === 0 ? part : part.replace(/^@param \S+|^@\w+/, ''),
    })),
  )
}

/** Names of properties and functions whose text is shown to people, also where it begins in lower case. */
const SHOWN = /^(?:description|describe|meaning|help|summary|title|option|argument|info|warn|error)$/

interface Node {
  readonly type: string
  readonly start: number
}
const isNode = (value: unknown): value is Node & Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'

const nameOf = (node: unknown): string => (isNode(node) && typeof node['name'] === 'string' ? node['name'] : '')

/** The name of the property, or of the method called, whose value or arguments a node holds. */
function placeOf(node: Node & Readonly<Record<string, unknown>>): string {
  if (node.type === 'Property') return nameOf(node['key'])
  const callee = node['callee']
  return isNode(callee) ? nameOf(callee['property']) : ''
}

function textOf(node: Node & Readonly<Record<string, unknown>>): string | undefined {
  if (node.type === 'Literal' || node.type === 'JSXText')
    return typeof node['value'] === 'string' ? node['value'] : undefined
  if (node.type !== 'TemplateLiteral' || !Array.isArray(node['quasis'])) return undefined
  const parts: readonly unknown[] = node['quasis']
  return parts.map((part) => (isNode(part) ? cookedOf(part['value']) : '')).join('x')
}

/** The text of a part of a template, as the program sees it. */
const cookedOf = (value: unknown): string =>
  typeof value === 'object' && value !== null && 'cooked' in value && typeof value.cooked === 'string'
    ? value.cooked
    : ''

/** Strings that begin like a sentence; and, where people are shown the text by its position, any. */
function blocksOfStrings(path: string, source: string): readonly Block[] {
  const blocks: Block[] = []
  const visit = (value: unknown, isShown: boolean): void => {
    if (Array.isArray(value)) {
      for (const item of value) visit(item, isShown)
      return
    }
    if (!isNode(value) || value.type === 'ImportDeclaration') return
    const text = textOf(value)?.trim()
    if (text?.includes(' ') && (isShown || /^\P{Ll}/u.test(text))) {
      // The text of an element often begins on a line of its own.
      const start = value.start + source.slice(value.start).search(/\S/)
      blocks.push(...text.split(/\n\s*\n/).map((part) => ({ line: lineOf(source, start), text: part })))
    }
    const shows = SHOWN.test(placeOf(value)) || (isShown && !value.type.includes('Function'))
    for (const [key, child] of Object.entries(value)) if (key !== 'key') visit(child, shows)
  }
  visit(parseSync(path, source).program, false)
  return blocks
}

export const sentencesOfSource = (path: string, source: string): readonly Sentence[] =>
  [...blocksOfComments(path, source), ...blocksOfStrings(path, source)].flatMap(sentencesOf)
