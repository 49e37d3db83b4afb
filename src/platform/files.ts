import { closeSync, constants, existsSync, fstatSync, mkdirSync, openSync, readSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { codeOf, fileFault } from './system-error.ts'
import { decodeUtf8 } from './text.ts'

const CHUNK = 64 * 1024

/** Bytes of a file that people write: a bundle of every public authority is a fifth of it. */
export const LONGEST_FILE = 1024 * 1024

/** The content of a file, or why it could not be read, in words that follow "can't be read:". */
export type ReadFile =
  | { readonly bytes: Buffer; readonly fault?: never }
  | { readonly bytes?: never; readonly fault: string }

/** The patience of a reader that may be a running server: a command that prints a secret takes seconds. Milliseconds. */
export const SERVER_PATIENCE_MS = 10_000
/** A pipe that nobody writes to after this time has ended. Its writer may have waited for a reader until now. Milliseconds. */
const UNWRITTEN_MS = 1_000
/** Between two looks at a silent pipe. Milliseconds. */
const LOOK_MS = 20

/**
 * Reads a file, or a pipe to its end. Devices and folders are refused.
 * @param most bytes; a longer file is not read to its end
 * @param patience how long it waits for each part of a pipe, while nothing else runs in this process, in milliseconds. 0 refuses pipes
 */
export function readFile(path: string, most: number, patience = Number.POSITIVE_INFINITY): ReadFile {
  const mayWait = patience === Number.POSITIVE_INFINITY
  try {
    const file = openSync(path, mayWait ? constants.O_RDONLY : constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const status = fstatSync(file)
      if (status.isDirectory()) return { fault: 'it is a folder, not a file' }
      // Terminals and devices such as /dev/zero never end. /dev/null is as good as an empty file.
      if (status.isCharacterDevice() && path !== '/dev/null') return { fault: 'it is a device, not a file' }
      if (status.isBlockDevice()) return { fault: 'it is a device, not a file' }
      if (!mayWait && status.isFIFO()) return readPipe(file, most, patience)
      return readToEnd(most, (chunk) => readSync(file, chunk))
    } finally {
      closeSync(file)
    }
  } catch (error) {
    return { fault: fileFault(error) }
  }
}

/** Thrown when a pipe was silent for too long. */
class Silent extends Error {}

function readPipe(file: number, most: number, patience: number): ReadFile {
  if (patience === 0) return { fault: 'it is a pipe, which can be read only once' }
  let isWritten = false
  const readPart = (chunk: Buffer): number => {
    for (let waited = 0; ; waited += LOOK_MS) {
      const read = readNow(file, chunk)
      isWritten ||= read !== 0
      if (read !== undefined && (read > 0 || isWritten || waited >= UNWRITTEN_MS)) return read
      if (waited >= patience) throw new Silent()
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_MS)
    }
  }
  try {
    return readToEnd(most, readPart)
  } catch (error) {
    if (error instanceof Silent) return { fault: `it is a pipe that gave nothing for ${patience / 1000} s` }
    throw error
  }
}

/** @returns the bytes that were read; 0 if nobody can write any more; undefined if there are none yet */
function readNow(file: number, chunk: Buffer): number | undefined {
  try {
    return readSync(file, chunk)
  } catch (error) {
    if (codeOf(error) === 'EAGAIN') return undefined
    throw error
  }
}

function readToEnd(most: number, readPart: (chunk: Buffer) => number): ReadFile {
  const chunks: Buffer[] = []
  for (let length = 0; ; ) {
    const chunk = Buffer.allocUnsafe(CHUNK)
    const read = readPart(chunk)
    if (read === 0) return { bytes: Buffer.concat(chunks) }
    length += read
    if (length > most) return { fault: tooLong(most) }
    chunks.push(chunk.subarray(0, read))
  }
}

/** The fault of an input with more than `most` bytes. */
export const tooLong = (most: number): string =>
  most >= 1024 * 1024 ? `it is longer than ${most / 1024 / 1024} MiB` : `it is longer than ${most / 1024} KiB`

/** Decodes the bytes of a file and drops a byte order mark. Undefined if they are not UTF-8. */
export const decodeText = (bytes: Buffer): string | undefined => decodeUtf8(bytes)?.replace(/^\ufeff/, '')

/** Decodes PEM. The text around its blocks may have any encoding (RFC 7468 §2). Undefined if the bytes are neither UTF-8 nor PEM. */
export const decodePem = (bytes: Buffer): string | undefined =>
  decodeText(bytes) ?? (bytes.includes('-----BEGIN ') ? bytes.toString('latin1') : undefined)

/**
 * Makes a folder and the missing ones above it. Node's recursive mkdir never returns below `/proc`, where making any folder fails
 * with ENOENT.
 */
export function makeFolder(path: string, mode = 0o700): void {
  const missing: string[] = []
  for (let at = resolve(path); !existsSync(at); at = dirname(at)) missing.unshift(at)
  for (const folder of missing) {
    try {
      mkdirSync(folder, { mode })
    } catch (error) {
      // Another process has just made it.
      if (codeOf(error) !== 'EEXIST') throw error
    }
  }
}

/**
 * Whether there is no such file or folder. One that this user may not even look for counts as there, so that its reader says why
 * it can't be read, instead of that it does not exist.
 */
export function isAbsent(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined
  } catch {
    return false
  }
}

/** The nearest existing folder of a path. */
export function nearestFolder(path: string): string {
  let at = resolve(path)
  while (!existsSync(at)) at = dirname(at)
  return at
}
