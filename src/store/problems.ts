import { parseDatabaseLocation, shownLocation } from '../input/database-location.ts'
import { StorageUnavailable } from '../platform/storage-unavailable.ts'
import { fileFault, isSystemError } from '../platform/system-error.ts'
import { UserError } from '../platform/user-error.ts'
import { postgresFault } from './postgres/errors.ts'
import { sqliteFault } from './sqlite/problems.ts'

/**
 * Explains to a person why a database can't be used, in our words.
 * @param location of the database; undefined if it is not known which one
 * @returns any other error as it is
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

/** Explains a system error, which is about the database's own file. */
const systemFault = (error: unknown, path: string | undefined): string | undefined =>
  path !== undefined && isSystemError(error) ? fileFault(error) : undefined
