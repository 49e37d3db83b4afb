import { accessSync, constants, existsSync, lstatSync, readlinkSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { nearestFolder } from '../../platform/files.ts'
import { fileFault } from '../../platform/system-error.ts'

/** https://sqlite.org/rescode.html; extended codes have it in their low byte. */
export const SQLITE_BUSY = 5

/** SQLite's primary result codes (https://sqlite.org/rescode.html), in words that follow "can't be used:". */
const words: Readonly<Record<number, string>> = {
  3: 'this user has no right to it',
  5: 'another process has locked it',
  6: 'another process has locked it',
  8: 'it can be read but not written',
  10: 'the disk fails',
  11: 'it is damaged',
  13: 'the disk is full',
  14: 'the file can not be opened',
  22: 'its file system lacks a function that a database needs',
  23: 'this user has no right to it',
  26: 'the file is not a database',
}

/** SQLite's primary result code; undefined for other errors. */
export const resultCode = (error: unknown): number | undefined =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : undefined

/** READONLY, IOERR and CANTOPEN don't say why. The state of the file may tell. */
const OF_FILE = [8, 10, 14]

/** Says in our words why the database at a path can't be used; undefined if the error is not one of SQLite's. */
export function sqliteFault(error: unknown, path: string | undefined): string | undefined {
  const code = resultCode(error)
  if (code === undefined) return undefined
  const cause = OF_FILE.includes(code) && path !== undefined ? fileProblem(path) : undefined
  return cause ?? words[code] ?? 'SQLite fails on it'
}

/** Checks, without opening it, whether a database can be opened or created at a path. @returns the problem, or undefined */
export function fileProblem(path: string): string | undefined {
  const folder = dirname(resolve(path))
  try {
    const status = statSync(path, { throwIfNoEntry: false })
    if (status === undefined) return missingProblem(path)
    if (!status.isFile()) return 'it is not a file'
    accessSync(path, constants.R_OK | constants.W_OK)
  } catch (error) {
    return fileFault(error)
  }
  // SQLite creates more files in the folder (https://sqlite.org/wal.html).
  return folderProblem(folder)
}

/** Checks whether a database can be created. SQLite follows a link, but the folder of its target must exist. */
function missingProblem(path: string): string | undefined {
  const folder = dirname(resolve(path))
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return folderProblem(nearestFolder(folder))
  const target = resolve(folder, readlinkSync(path))
  return existsSync(dirname(target)) ? fileProblem(target) : `it is a link to ${target}, whose folder does not exist`
}

function folderProblem(folder: string): string | undefined {
  try {
    if (!statSync(folder).isDirectory()) return `${folder} is a file, not a folder`
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
    // No files can be created in these folders, even if their mode allows it.
    if (/^\/(?:proc|sys)(?:\/|$)/.test(folder)) return `no file can be created in ${folder}`
    return undefined
  } catch (error) {
    return `no file can be created in ${folder}: ${fileFault(error)}`
  }
}
