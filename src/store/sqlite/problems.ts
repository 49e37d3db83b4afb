import { accessSync, constants, existsSync, lstatSync, readlinkSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { nearestFolder } from '../../platform/files.ts'
import { fileFault } from '../../platform/system-error.ts'

/** https://sqlite.org/rescode.html; extended codes have it in their low byte. */
export const SQLITE_BUSY = 5

/** SQLite's primary result codes (https://sqlite.org/rescode.html), in words that follow "can't be used:". */
const words: Readonly<Record<number, string>> = {
  3: 'this user has no right to it',
  5: 'another process keeps it for itself',
  6: 'another process keeps it for itself',
  8: 'it can be read but not written',
  10: 'the disk fails',
  11: 'it is damaged',
  13: 'the disk is full',
  14: 'the file can not be opened',
  22: 'its file system lacks what a database needs',
  23: 'this user has no right to it',
  26: 'the file is not a database',
}

/** SQLite's primary result code; undefined where the error isn't SQLite's. */
export const resultCode = (error: unknown): number | undefined =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : undefined

/** READONLY, IOERR and CANTOPEN don't say why; the file may show it. */
const OF_FILE = [8, 10, 14]

/** Why the database at a path can't be used, in our words; undefined if the error is not one of SQLite's. */
export function sqliteFault(error: unknown, path: string | undefined): string | undefined {
  const code = resultCode(error)
  if (code === undefined) return undefined
  const cause = OF_FILE.includes(code) && path !== undefined ? fileProblem(path) : undefined
  return cause ?? words[code] ?? 'SQLite fails on it'
}

/** Checks, without opening it, whether a database can be opened or made at a path. @returns why not, or undefined */
export function fileProblem(path: string): string | undefined {
  const folder = dirname(resolve(path))
  try {
    const status = statSync(path, { throwIfNoEntry: false })
    if (status === undefined) return missingProblem(path)
    if (!status.isFile()) return 'it is no file'
    accessSync(path, constants.R_OK | constants.W_OK)
  } catch (error) {
    return fileFault(error)
  }
  // SQLite has files of its own beside it (https://sqlite.org/wal.html).
  return folderProblem(folder)
}

/** Checks whether a database can be made. SQLite follows a link, but the folder of its target must exist. */
function missingProblem(path: string): string | undefined {
  const folder = dirname(resolve(path))
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return folderProblem(nearestFolder(folder))
  const target = resolve(folder, readlinkSync(path))
  return existsSync(dirname(target)) ? fileProblem(target) : `it is a link to ${target}, where there is no folder`
}

function folderProblem(folder: string): string | undefined {
  try {
    if (!statSync(folder).isDirectory()) return `${folder} is a file, not a folder`
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
    // The mode of these folders allows more than the system does.
    if (/^\/(?:proc|sys)(?:\/|$)/.test(folder)) return `nothing can be made in ${folder}`
    return undefined
  } catch (error) {
    return `nothing can be made in ${folder}: ${fileFault(error)}`
  }
}
