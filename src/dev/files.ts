import { chmodSync, renameSync, writeFileSync } from 'node:fs'

/** Writes a file that only its owner can read: whole, or not at all. */
export const writePrivateFile = (path: string, content: string): void => write(path, content, 0o600)

/** The same for what anybody on the machine may read. */
export const writePublicFile = (path: string, content: string): void => write(path, content, 0o644)

function write(path: string, content: string, mode: number): void {
  const unfinished = `${path}.${process.pid}.new`
  writeFileSync(unfinished, content, { mode })
  // The process may be told to make files that nobody else can read.
  chmodSync(unfinished, mode)
  renameSync(unfinished, path)
}
