import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { loadOptions } from '../config/load.ts'
import type { Options } from '../config/schema.ts'
import { UserError } from '../platform/user-error.ts'
import { developmentStorage } from './dev/options.ts'

/** The usual place of the configuration, for commands that name no other. */
const USUAL_FILE = '/etc/tessera/tessera.yaml'

type Environment = Readonly<Record<string, string | undefined>>

/** The configuration file that `--config` names, else `TESSERA_CONFIG`. @throws UserError where the name is blank */
export function namedConfigFile(given: string | undefined, env: Environment): string | undefined {
  const named = given ?? env['TESSERA_CONFIG']
  if (named === '') {
    const origin = given === undefined ? 'TESSERA_CONFIG' : '--config'
    throw new UserError(`${origin}: must not be blank: name the file of the configuration, or leave it out`)
  }
  return named
}

/** The named configuration file, else the usual one where it exists. */
export const configFile = (given: string | undefined, env: Environment, usual = USUAL_FILE): string | undefined =>
  namedConfigFile(given, env) ?? (existsSync(usual) ? usual : undefined)

/** The options of a command, and its database. */
export interface Settings {
  readonly options: Options
  /** The address of the database, which need not exist. */
  readonly location: string
}

/**
 * Reads the configuration of a command, and finds its database: the one that the configuration names, else the one that
 * `tessera dev` has made here.
 * @throws UserError naming the ways to name a database
 */
export function readSettings(given: string | undefined, usual?: string): Settings {
  const file = configFile(given, process.env, usual)
  const options = loadOptions({ file, env: process.env })
  if (options.storage !== undefined) return { options, location: options.storage }
  const location = developmentStorage(options.data)
  if (existsSync(dirname(location.slice('sqlite:'.length)))) return { options, location }
  const where = file === undefined ? '' : ` (${file} names none)`
  throw new UserError(
    `no database is named${where}: give --config, or set TESSERA_CONFIG, to a file that says storage; or set TESSERA_STORAGE; or have the file at ${USUAL_FILE}; ` +
      `or run \`tessera dev\`, which makes one in ${resolve(options.data)}`,
  )
}
