import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { loadOptions } from '../config/load.ts'
import type { Options } from '../config/schema.ts'
import { SQLITE, storageIn } from '../input/database-location.ts'
import { isAbsent } from '../platform/files.ts'
import { UsageError } from '../platform/user-error.ts'

/** The configuration file of a command that names no other. */
const USUAL_FILE = '/etc/tessera/tessera.yaml'

type Environment = Readonly<Record<string, string | undefined>>

/** The configuration file that `--config` names, or else `TESSERA_CONFIG`. @throws UserError if the name is blank */
export function namedConfigFile(given: string | undefined, env: Environment): string | undefined {
  const named = given ?? env['TESSERA_CONFIG']
  if (named === '') {
    const origin = given === undefined ? 'TESSERA_CONFIG' : '--config'
    throw new UsageError(`${origin}: must not be blank: name the file of the configuration, or leave it out`)
  }
  return named
}

/**
 * The named configuration file, or else the usual one if it exists. One that this user may not look for is an error of its reader,
 * unless the environment names the database.
 */
export function configFile(given: string | undefined, env: Environment, usual = USUAL_FILE): string | undefined {
  const isThere = env['TESSERA_STORAGE'] === undefined ? !isAbsent(usual) : existsSync(usual)
  return namedConfigFile(given, env) ?? (isThere ? usual : undefined)
}

/** The options of a command, and its database. */
export interface Settings {
  readonly options: Options
  /** The address of the database. The database need not exist. */
  readonly location: string
}

/** The further ways to name a target, for a command that works on a server as well. */
export const OR_A_SERVER = '; or name a server with --server or TESSERA_SERVER; or run `tessera login`'

/**
 * Reads the configuration of a command, and finds its database: the configured one, or else the one that `tessera dev` made here.
 * @param otherWays to name a target @throws UserError that lists the ways to name a database, and the other ways
 */
export function readSettings(given: string | undefined, otherWays = '', usual?: string): Settings {
  const file = configFile(given, process.env, usual)
  const options = loadOptions({ file, env: process.env })
  if (options.storage !== undefined) return { options, location: options.storage }
  const location = storageIn(options.data)
  if (!isAbsent(dirname(location.slice(SQLITE.length)))) return { options, location }
  const where = file === undefined ? '' : ` (${file} names none)`
  throw new UsageError(
    `no database is named${where}: name a file that sets storage, with --config or TESSERA_CONFIG; or create ${USUAL_FILE}; or set TESSERA_STORAGE; ` +
      `or run \`tessera dev\`, which makes one in ${resolve(options.data)}${otherWays}`,
  )
}
