import { createPrivateFile, makePrivate } from '../../platform/private-files.ts'

/** Files that SQLite keeps beside a database, with the mode of the database (https://sqlite.org/tempfiles.html). */
const COMPANIONS = ['-wal', '-shm', '-journal']

/** The files of a database, including those that SQLite may keep beside it. */
export const filesOf = (path: string): readonly string[] => ['', ...COMPANIONS].map((end) => path + end)

/** Creates an empty, private file for a database, if there is none. SQLite would give it the mode that the umask allows. */
export function createDatabaseFile(path: string): void {
  try {
    createPrivateFile(path)
  } catch {
    // SQLite fails for the same reason when it opens the file, and reports it.
  }
}

/** Removes the permissions of the group and of others on a database's files. @returns the files that they can still use */
export const makeDatabasePrivate = (path: string): readonly string[] =>
  filesOf(path).filter((file) => !makePrivate(file))
