import { decodeUtf8 } from '../../platform/text.ts'
import { UserError } from '../../platform/user-error.ts'
import { oidOfType } from './attribute-types.ts'
import { DerError, readElement } from './der.ts'
import { attributeValue, type DistinguishedName, type NameAttribute, problemOfValue } from './distinguished-name.ts'

const LONGEST_NAME = 4096
const TYPE = /[A-Za-z][A-Za-z0-9-]*|\d{1,39}(?:\.\d{1,39})+/y
/** Characters that need no escape: all but `"`, `+`, `,`, `;`, `<`, `>`, `\` and NUL (RFC 4514 §3). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: NUL must be escaped
const PLAIN = /[^"+,;<>\\\x00]+/y
const PAIR = /\\(?:([0-9A-Fa-f]{2})|([ "#+,;<=>\\]))/y
const HEX = /#((?:[0-9A-Fa-f]{2})+)/y

/**
 * Parses a name in the text form of RFC 4514. Spaces around separators are allowed (RFC 2253 §4).
 * @throws UserError that says what is wrong and where
 */
export function parseName(text: string): DistinguishedName {
  if (text.length > LONGEST_NAME) throw new UserError(`a distinguished name has at most ${LONGEST_NAME} characters`)
  if (!text.isWellFormed()) throw new UserError('the distinguished name is not Unicode')
  if (text.startsWith('/')) throw new UserError(`write the distinguished name as "CN=...,O=...", not with "/"`)
  const scanner = new Scanner(text)
  const name: (readonly NameAttribute[])[] = []
  let part: NameAttribute[] = []
  for (;;) {
    part.push(readAttribute(scanner))
    const separator = scanner.next()
    if (separator === '+') continue
    name.push(part)
    part = []
    if (separator === '') return name
    if (separator !== ',') throw scanner.error(`${JSON.stringify(separator)} must be escaped with a backslash`)
  }
}

class Scanner {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  /** Matches a sticky expression at the current position and moves past the match. */
  take(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#at
    const found = expression.exec(this.#text) ?? undefined
    if (found !== undefined) this.#at += found[0].length
    return found
  }

  /** Returns the next character and moves past it; empty at the end. */
  next(): string {
    const character = String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 0)
    if (this.#at >= this.#text.length) return ''
    this.#at += character.length
    return character
  }

  error(problem: string): UserError {
    return new UserError(`the distinguished name is wrong at character ${this.#at + 1}: ${problem} (RFC 4514)`)
  }
}

const skipSpaces = (scanner: Scanner): void => void scanner.take(/ +/y)

function readAttribute(scanner: Scanner): NameAttribute {
  skipSpaces(scanner)
  const [type] = scanner.take(TYPE) ?? []
  if (type === undefined) throw scanner.error('expected an attribute such as CN')
  const oid = /^\d/.test(type) ? canonicalOid(type) : oidOfType(type)
  if (oid === undefined) throw scanner.error(`${type} is not an attribute known here: write its OID`)
  skipSpaces(scanner)
  if (scanner.take(/=/y) === undefined) throw scanner.error(`expected "=" after ${type}`)
  skipSpaces(scanner)
  const [, hex] = scanner.take(HEX) ?? []
  const value = hex === undefined ? readText(scanner) : readHex(scanner, hex)
  const problem = problemOfValue(value)
  if (problem !== undefined) throw scanner.error(`the value ${problem}`)
  skipSpaces(scanner)
  return { type: oid, value }
}

/** Normalises an OID: three roots, at most 40 arcs under the first two (X.660 §A.2), and no leading zeros. */
function canonicalOid(text: string): string | undefined {
  const [root, second] = text.split('.')
  if (/(?:^|\.)0\d/.test(text) || Number(root) > 2) return undefined
  return Number(root) < 2 && Number(second) > 39 ? undefined : text
}

function readHex(scanner: Scanner, hex: string): string | Buffer {
  try {
    return attributeValue(readElement(Buffer.from(hex, 'hex')))
  } catch (error) {
    if (error instanceof DerError) throw scanner.error('the bytes after "#" are not DER')
    throw error
  }
}

function readText(scanner: Scanner): string {
  const bytes: Buffer[] = []
  /** The number of unescaped spaces at the end, which don't belong to the value. */
  let spaces = 0
  for (;;) {
    const [plain] = scanner.take(PLAIN) ?? []
    if (plain !== undefined) {
      if (bytes.length === 0 && plain.startsWith('#')) throw scanner.error('"#" at the start must be escaped')
      bytes.push(Buffer.from(plain))
      spaces = countTrailingSpaces(plain)
      continue
    }
    const pair = scanner.take(PAIR)
    if (pair === undefined) break
    const [, hex, character = ''] = pair
    bytes.push(hex === undefined ? Buffer.from(character) : Buffer.from(hex, 'hex'))
    spaces = 0
  }
  const all = Buffer.concat(bytes)
  const text = decodeUtf8(all.subarray(0, all.length - spaces))
  if (text === undefined) throw scanner.error('the escaped octets are not UTF-8')
  return text
}

function countTrailingSpaces(text: string): number {
  let count = 0
  while (text.at(-1 - count) === ' ') count += 1
  return count
}
