import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs'
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

/**
 * Reads a file, or a pipe to its end. Devices and folders are refused.
 * @param most bytes; a longer file is not read to its end
 */
export function readFile(path: string, most: number): ReadFile {
  try {
    const file = openSync(path, 'r')
    try {
      const status = fstatSync(file)
      if (status.isDirectory()) return { fault: 'it is a folder, not a file' }
      // Terminals and devices such as /dev/zero never end. /dev/null is as good as an empty file.
      if (status.isCharacterDevice() && path !== '/dev/null') return { fault: 'it is a device, not a file' }
      if (status.isBlockDevice()) return { fault: 'it is a device, not a file' }
      return readToEnd(file, most)
    } finally {
      closeSync(file)
    }
  } catch (error) {
    return { fault: fileFault(error) }
  }
}

function readToEnd(file: number, most: number): ReadFile {
  const chunks: Buffer[] = []
  for (let length = 0; ; ) {
    const chunk = Buffer.allocUnsafe(CHUNK)
    const read = readSync(file, chunk)
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

/** The nearest existing folder of a path. */
export function nearestFolder(path: string): string {
  let at = resolve(path)
  while (!existsSync(at)) at = dirname(at)
  return at
}
