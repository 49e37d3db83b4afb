import {
  appendFileSync,
  chmodSync,
  closeSync,
  fchownSync,
  fsyncSync,
  lstatSync,
  openSync,
  realpathSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'

/** The bits of a file's mode for the group and for others. */
export const OF_OTHERS = 0o077

/** Makes an empty file that only its owner can read, if there is none. */
export function createPrivateFile(path: string): void {
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) return
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) createNewPrivateFile(path)
  // A link whose target does not exist yet.
  else closeSync(openSync(path, 'a', 0o600))
}

/**
 * Makes an empty file that only its owner can read. A file that root makes in the folder of another user belongs to that user:
 * otherwise a server could not open the database that an administrator has made or restored for it.
 * @throws an error of the system if the path is taken
 */
export function createNewPrivateFile(path: string): void {
  const file = openSync(path, 'wx', 0o600)
  try {
    if (process.getuid?.() !== 0) return
    const { uid, gid } = statSync(dirname(path))
    if (uid !== 0) fchownSync(file, uid, gid)
  } finally {
    closeSync(file)
  }
}

/** The paths of devices, and of streams that are open already. */
const SYSTEM = /^\/(?:dev|proc)\//

/**
 * Where a file may be replaced: behind the links that lead to it, which stay. Undefined for a pipe or a device, to which a text is
 * appended instead: root could replace even `/dev/null`.
 */
export function replaceablePath(path: string): string | undefined {
  const there = statSync(path, { throwIfNoEntry: false })
  if (there === undefined) return path
  return there.isFile() && !SYSTEM.test(path) ? realpathSync(path) : undefined
}

/**
 * Replaces a file by one that only its owner can read: a crash leaves the old content or the new. A pipe or a device stays, and gets
 * the text.
 */
export function replacePrivateFile(path: string, text: string): void {
  const place = replaceablePath(path)
  if (place === undefined) {
    appendFileSync(path, text)
    return
  }
  const unfinished = `${place}.new`
  const file = openSync(unfinished, 'w', 0o600)
  try {
    writeFileSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(unfinished, place)
}

/** Removes all permissions of the group and of others. @returns whether they have none now; true if there is no file */
export function makePrivate(path: string): boolean {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode
  if (mode === undefined || (mode & OF_OTHERS) === 0) return true
  try {
    chmodSync(path, mode & ~OF_OTHERS & 0o777)
  } catch {
    // Only the owner of a file may change its mode.
    return false
  }
  // Some file systems have no modes.
  return (statSync(path).mode & OF_OTHERS) === 0
}
