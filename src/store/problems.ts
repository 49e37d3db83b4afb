import { join, resolve, sep } from 'node:path'
import { parseDatabaseLocation, shownLocation } from '../input/database-location.ts'
import { StorageUnavailable } from '../platform/storage-unavailable.ts'
import { fileFault, isSystemError } from '../platform/system-error.ts'
import { UserError } from '../platform/user-error.ts'
import { postgresFault } from './postgres/errors.ts'
import { filesOf } from './sqlite/files.ts'
import { sqliteFault } from './sqlite/problems.ts'

/**
 * Turns an error of a database into a UserError that says why the database can't be used.
 * @param location the address of the database; undefined if it is not known
 * @returns the UserError, or any other error unchanged
 */
export function explainDatabase(error: unknown, location: string | undefined): unknown {
  if (error instanceof UserError) return error
  const isAway = error instanceof StorageUnavailable
  const cause = isAway ? error.cause : error
  const read = location === undefined ? undefined : parseDatabaseLocation(location)
  const path = read?.kind === 'sqlite' ? read.path : undefined
  const fault = sqliteFault(cause, path) ?? systemFault(cause, path) ?? postgresFault(cause, isAway)
  if (fault === undefined && !isAway) return error
  const which = location === undefined ? 'the database' : `storage: ${shownLocation(location)}`
  return new UserError(`${which} can't be used: ${fault ?? 'it does not answer as it should'}`, { cause })
}

/** Explains a system error that concerns the database file, a file beside it, or a folder above it. */
function systemFault(error: unknown, path: string | undefined): string | undefined {
  if (path === undefined || !isSystemError(error) || error.path === undefined) return undefined
  const [ofError, ofDatabase] = [resolve(error.path), resolve(path)]
  const isConcerned = filesOf(ofDatabase).includes(ofError) || ofDatabase.startsWith(join(ofError, sep))
  return isConcerned ? fileFault(error) : undefined
}
