import { placesIn } from '../input/places.ts'
import { UserError } from '../platform/user-error.ts'

/** Parses the JSON of an export. @param name its name in messages @throws UserError with the line and the column of the mistake */
export function readJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    const { line, column } = placesIn(text)(endOfJson(text))
    throw new UserError(`${name}:${line}:${column}: is not JSON${text.trim() === '' ? ': the file is empty' : ''}`)
  }
}

const SPACE = /[ \t\r\n]*/y
/** A token of RFC 8259 §2. */
const TOKEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a string may not hold them (RFC 8259 §7)
  /[{}[\],:]|"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4})[^"\\\x00-\x1f]*)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y

/** The kinds of tokens that may follow: a value, the end of an empty array or object, a name, a colon, or a comma. */
type Next = 'value' | 'value or end' | 'name' | 'name or end' | 'colon' | 'comma'

/** Where a text ceases to be JSON. V8 says so only for some mistakes. */
function endOfJson(text: string): number {
  const open: string[] = []
  let next: Next | 'nothing' = 'value'
  for (let at = 0; ; ) {
    SPACE.lastIndex = at
    SPACE.exec(text)
    const start = SPACE.lastIndex
    TOKEN.lastIndex = start
    const token = TOKEN.exec(text)?.[0]
    const after: Next | 'nothing' | undefined = token === undefined ? undefined : follow(token, next, open)
    if (after === undefined) return start
    next = after
    at = start + (token?.length ?? 0)
  }
}

/** The kinds that may come after a token; undefined if the token may not stand there. @param open the open brackets, which it changes */
function follow(token: string, next: Next | 'nothing', open: string[]): Next | 'nothing' | undefined {
  const isValue = next === 'value' || next === 'value or end'
  const afterValue = () => (open.length === 0 ? 'nothing' : 'comma')
  if (token === ']' || token === '}') {
    const isEnd = next === 'comma' || next === (token === ']' ? 'value or end' : 'name or end')
    if (!isEnd || open.pop() !== (token === ']' ? '[' : '{')) return undefined
    return afterValue()
  }
  if (token === '[' || token === '{') {
    if (!isValue) return undefined
    open.push(token)
    return token === '[' ? 'value or end' : 'name or end'
  }
  if (token === ',') return next !== 'comma' ? undefined : open.at(-1) === '[' ? 'value' : 'name'
  if (token === ':') return next === 'colon' ? 'value' : undefined
  if (next === 'name' || next === 'name or end') return token.startsWith('"') ? 'colon' : undefined
  return isValue ? afterValue() : undefined
}
