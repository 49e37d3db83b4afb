import { writeSync } from 'node:fs'
import { codeOf } from './system-error.ts'
import { visibleText } from './visible.ts'

/** The pause, in milliseconds, before a write to a full pipe is repeated. Another process may have made the pipe non-blocking. */
const FULL_PIPE_MS = 5

/**
 * Standard output or standard error. Everything that this program prints goes through one of the two, and nothing on them can
 * take over a terminal. Writes are synchronous: a failure is known where it happens, and nothing is lost when the process ends.
 */
class StandardStream {
  readonly #descriptor: number

  constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  /** @throws an error with a `code`: `EPIPE` if the reader has gone, `ENOSPC` if the disk is full */
  write(text: string): void {
    let rest: Uint8Array = Buffer.from(visibleText(text))
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
