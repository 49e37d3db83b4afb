import { writeSync } from 'node:fs'
import { isatty } from 'node:tty'
import { codeOf } from './system-error.ts'
import { visibleText } from './visible.ts'

/** The pause, in milliseconds, before a write to a full pipe is repeated. Another process may have made the pipe non-blocking. */
const FULL_PIPE_MS = 5

/** The styles of text in a terminal, as the parameters that begin and end each (ECMA-48 §8.3.117). */
const STYLES = { bold: [1, 22], green: [32, 39], yellow: [33, 39], red: [31, 39] } as const

/** A text with a style, or without one. */
export interface Styled {
  readonly text: string
  readonly style?: keyof typeof STYLES | undefined
}

/** The columns of a terminal that does not tell its size. */
const USUAL_COLUMNS = 80

/**
 * Standard output or standard error. Everything that this program prints goes through one of the two, and nothing on them can
 * take over a terminal. Writes are synchronous: a failure is known where it happens, and nothing is lost when the process ends.
 */
class StandardStream {
  readonly #descriptor: number

  constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  /** Whether a person reads the stream as it is written. */
  get isTerminal(): boolean {
    return isatty(this.#descriptor)
  }

  /** The columns of the terminal; undefined if the stream goes elsewhere. */
  get columns(): number | undefined {
    if (!this.isTerminal) return undefined
    const { columns } = this.#descriptor === 1 ? process.stdout : process.stderr
    return columns || USUAL_COLUMNS
  }

  /** @throws an error with a `code`: `EPIPE` if the reader has gone, `ENOSPC` if the disk is full */
  write(text: string): void {
    this.#write(visibleText(text))
  }

  /** Writes a line of texts. Their styles are the only sequences that a terminal gets to obey. @throws as `write` */
  writeLine(texts: readonly Styled[]): void {
    const styled = texts.map(({ text, style }) => {
      const [begin, end] = style === undefined ? [] : STYLES[style]
      return begin === undefined ? visibleText(text) : `\u001b[${begin}m${visibleText(text)}\u001b[${end}m`
    })
    this.#write(`${styled.join('')}\n`)
  }

  /** Puts a text in the place of the present line of a terminal (ECMA-48 §8.3.41). @throws as `write` */
  overwrite(text: string): void {
    this.#write(`\r\u001b[K${visibleText(text)}`)
  }

  #write(text: string): void {
    let rest: Uint8Array = Buffer.from(text)
    while (rest.length > 0) rest = rest.subarray(this.put(rest))
  }

  /** Passes bytes to the system. @returns how many it took */
  put(bytes: Uint8Array): number {
    try {
      return writeSync(this.#descriptor, bytes)
    } catch (error) {
      if (codeOf(error) !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_PIPE_MS)
      return 0
    }
  }
}

export const standardOutput = new StandardStream(1)
export const standardError = new StandardStream(2)
