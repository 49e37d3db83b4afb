import { chmodSync, closeSync, openSync, statSync } from 'node:fs'

/** What the group and others may do, of a file's mode. */
const OF_OTHERS = 0o077

/** Makes an empty file that only its owner can read, where there is none. What has it made by then can make it no wider. */
export function createPrivateFile(path: string): void {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) closeSync(openSync(path, 'a', 0o600))
}

/** Has only its owner use a file that is ours. @returns whether that could be done; also where there is no such file */
export function makePrivate(path: string): boolean {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode
  if (mode === undefined || (mode & OF_OTHERS) === 0) return true
  try {
    chmodSync(path, mode & ~OF_OTHERS & 0o777)
  } catch {
    // It is somebody else's.
    return false
  }
  // Not every file system has modes.
  return (statSync(path).mode & OF_OTHERS) === 0
}
