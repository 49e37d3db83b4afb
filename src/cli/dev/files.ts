import { chmodSync, renameSync, rmSync, writeFileSync } from 'node:fs'

/** Writes a file that only its owner can read. A failed write leaves the old file as it was. */
export const writePrivateFile = (path: string, content: string): void => write(path, content, 0o600)

/** Like `writePrivateFile`, for a file that anybody on the machine may read. */
export const writePublicFile = (path: string, content: string): void => write(path, content, 0o644)

function write(path: string, content: string, mode: number): void {
  const unfinished = `${path}.${process.pid}.new`
  // A crashed process with the same id may have left a file here, which would keep its mode.
  rmSync(unfinished, { force: true })
  writeFileSync(unfinished, content, { mode, flag: 'wx' })
  // The umask of the process may have removed rights that `mode` grants.
  chmodSync(unfinished, mode)
  renameSync(unfinished, path)
}
