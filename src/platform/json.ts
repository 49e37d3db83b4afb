import { cutTo } from './text.ts'

/** Levels of arrays and objects. Tokens and key sets in use have four. */
const DEEPEST_JSON = 32
/** The most commas and opening brackets, which are slightly more than the values. A set of 50 keys has about 500. */
const MOST_JSON_VALUES = 4_096

/** Whether a value is a JSON object: not an array, not null. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Thrown for text that is not JSON or exceeds a limit. The message says which, in words that follow the name of the text. */
export class JsonError extends Error {
  override readonly name = 'JsonError'
}

/**
 * Parses JSON that a stranger wrote. A parser may limit depth and size (RFC 8259 §9). Both are counted before anything is built.
 * Deep values overflow the stack of recursive functions, such as `JSON.stringify` in Node 22. Each object of a new shape costs V8
 * a microsecond.
 * @throws JsonError
 */
export function parseJson(text: string): unknown {
  refuseLarge(text)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new JsonError('is not JSON', { cause })
  }
}

const QUOTE = '"'.charCodeAt(0)
const BACKSLASH = '\\'.charCodeAt(0)
const COMMA = ','.charCodeAt(0)
const BRACKET = '['.charCodeAt(0)
const BRACKET_END = ']'.charCodeAt(0)
const BRACE = '{'.charCodeAt(0)
const BRACE_END = '}'.charCodeAt(0)

/** @throws JsonError */
function refuseLarge(text: string): void {
  let depth = 0
  let values = 0
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charCodeAt(at)
    if (character === QUOTE) {
      at = endOfString(text, at)
    } else if (character === BRACKET || character === BRACE) {
      depth += 1
      values += 1
      if (depth > DEEPEST_JSON) throw new JsonError(`has over ${DEEPEST_JSON} levels of arrays and objects`)
    } else if (character === BRACKET_END || character === BRACE_END) {
      depth -= 1
    } else if (character === COMMA) {
      values += 1
    }
    if (values > MOST_JSON_VALUES) throw new JsonError(`has over ${MOST_JSON_VALUES} values`)
  }
}

/** The index of the quote that ends the string beginning at `start`; the end of the text if there is none. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const character = text.charCodeAt(at)
    if (character === QUOTE) return at
    if (character === BACKSLASH) at += 1
  }
  return text.length
}

/**
 * A value as JSON for people, in at most `longest` characters; the last is `…` if it was cut. Parts of a long or deep value that
 * are not shown are not visited.
 */
export function shortJson(value: unknown, longest: number): string {
  const writer = new ShortWriter(longest)
  writer.write(value)
  return cutTo(longest, writer.text)
}

/** Writes JSON, and stops soon after `longest` characters. */
class ShortWriter {
  readonly #longest: number
  text = ''

  constructor(longest: number) {
    this.#longest = longest
  }

  write(value: unknown): void {
    if (typeof value === 'string') this.text += this.#quote(value)
    else if (Array.isArray(value)) this.#writeAll('[]', value.entries(), '')
    else if (typeof value === 'object' && value !== null) this.#writeAll('{}', Object.entries(value))
    else this.text += String(JSON.stringify(value))
  }

  /** @param prefix stands before each value; without it, the name of the value does */
  #writeAll([open = '', close = '']: string, entries: Iterable<readonly [unknown, unknown]>, prefix?: string): void {
    let separator = open
    for (const [name, value] of entries) {
      if (this.text.length > this.#longest) return
      this.text += separator + (prefix ?? `${this.#quote(String(name))}:`)
      this.write(value)
      separator = ','
    }
    this.text += separator === open ? open + close : close
  }

  /** Text that is cut here would not fit into the result anyway. */
  #quote(text: string): string {
    return JSON.stringify(text.slice(0, this.#longest))
  }
}
