import { chmodSync, renameSync, rmSync, writeFileSync } from 'node:fs'

/** Writes a file that only its owner can read: whole, or not at all. */
export const writePrivateFile = (path: string, content: string): void => write(path, content, 0o600)

/** The same for a file that anybody on the machine may read. */
export const writePublicFile = (path: string, content: string): void => write(path, content, 0o644)

function write(path: string, content: string, mode: number): void {
  const unfinished = `${path}.${process.pid}.new`
  // A leftover of a process with the same id would keep its own mode.
  rmSync(unfinished, { force: true })
  writeFileSync(unfinished, content, { mode, flag: 'wx' })
  // The process may be told to make files that nobody else can read.
  chmodSync(unfinished, mode)
  renameSync(unfinished, path)
}
