import { chmodSync, closeSync, openSync, statSync } from 'node:fs'

/** The bits of a file's mode for the group and for others. */
const OF_OTHERS = 0o077

/** Makes an empty file that only its owner can read, if there is none. */
export function createPrivateFile(path: string): void {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) closeSync(openSync(path, 'a', 0o600))
}

/** Takes a file's permissions from the group and from others. @returns whether they have none now; true where there is no file */
export function makePrivate(path: string): boolean {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode
  if (mode === undefined || (mode & OF_OTHERS) === 0) return true
  try {
    chmodSync(path, mode & ~OF_OTHERS & 0o777)
  } catch {
    // Somebody else owns it.
    return false
  }
  // Some file systems have no modes.
  return (statSync(path).mode & OF_OTHERS) === 0
}
