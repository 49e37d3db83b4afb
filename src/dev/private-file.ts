import { renameSync, rmSync, writeFileSync } from 'node:fs'

/** Writes a file that only its owner can read: whole, or not at all. */
export function writePrivateFile(path: string, content: string): void {
  const unfinished = `${path}.${process.pid}.new`
  // A leftover of a process with the same id would keep its own mode.
  rmSync(unfinished, { force: true })
  writeFileSync(unfinished, content, { mode: 0o600, flag: 'wx' })
  renameSync(unfinished, path)
}
