import { createPrivateFile, makePrivate } from '../../platform/private-files.ts'

/** What SQLite keeps beside a database (https://sqlite.org/tempfiles.html). It makes them with the mode of the database. */
const COMPANIONS = ['-wal', '-shm', '-journal']

/** A database file and what may be beside it. */
export const filesOf = (path: string): readonly string[] => ['', ...COMPANIONS].map((end) => path + end)

/** Makes an empty file for a database, before SQLite would with whatever mode the umask allows. It takes a file that is empty. */
export function createDatabaseFile(path: string): void {
  try {
    createPrivateFile(path)
  } catch {
    // SQLite meets the same, and says what.
  }
}

/** Has only their owner use the files of a database, which have hashes, keys and who called. @returns those that others may use still */
export const makeDatabasePrivate = (path: string): readonly string[] =>
  filesOf(path).filter((file) => !makePrivate(file))
