import { createPrivateFile, makePrivate } from '../../platform/private-files.ts'

/** Files that SQLite keeps beside a database (https://sqlite.org/tempfiles.html), made with the mode of the database. */
const COMPANIONS = ['-wal', '-shm', '-journal']

/** The files of a database, including those that may be beside it. */
export const filesOf = (path: string): readonly string[] => ['', ...COMPANIONS].map((end) => path + end)

/** Makes an empty file for a database, if there is none. SQLite would make it with the mode that the umask allows. */
export function createDatabaseFile(path: string): void {
  try {
    createPrivateFile(path)
  } catch {
    // SQLite meets the same obstacle when it opens the file, and names it.
  }
}

/** Takes the permissions on a database's files from the group and from others. @returns the files that they can still use */
export const makeDatabasePrivate = (path: string): readonly string[] =>
  filesOf(path).filter((file) => !makePrivate(file))
