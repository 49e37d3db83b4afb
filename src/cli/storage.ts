import { loadOptions } from '../config/load.ts'
import { resolveStorageAccess } from '../config/resolve.ts'
import { parseDatabaseLocation, shownLocation } from '../input/database-location.ts'
import { systemClock } from '../platform/clock.ts'
import { UserError } from '../platform/user-error.ts'
import { copyDatabase, type OnProgress } from '../store/copy.ts'
import { migrateDatabase, openDatabase, openExistingDatabase } from '../store/open.ts'
import { inWordsOf } from './database.ts'
import { print, say } from './output.ts'
import { configFile, readSettings } from './settings.ts'

interface StorageOptions {
  readonly json?: true
  readonly config?: string
}

/** Of large tables, progress is said once in so many rows. */
const SAID_EVERY = 100_000

/** `tessera storage migrate`: brings the database to what this program expects, and does nothing else. */
export async function storageMigrate({ json, config }: StorageOptions): Promise<void> {
  const { options, location } = readSettings(config)
  const ran = await inWordsOf(location, () => migrateDatabase(location, systemClock, resolveStorageAccess(options)))
  if (json) print(JSON.stringify({ ran }))
  else print(ran.length === 0 ? 'the database is up to date' : ran.map((name) => `ran ${name}`).join('\n'))
}

/** `tessera storage copy`: everything of one database into another, verified. */
export async function storageCopy({
  from,
  to,
  json,
  config,
}: StorageOptions & { readonly from: string; readonly to: string }): Promise<void> {
  checkLocation('--from', from)
  checkLocation('--to', to)
  if (from === to) throw new UserError('--from and --to are the same database')
  const access = resolveStorageAccess(loadOptions({ file: configFile(config, process.env), env: process.env }))
  const source = await inWordsOf(from, () => openExistingDatabase(from, access))
  try {
    const target = await inWordsOf(to, () => openDatabase(to, systemClock, access))
    try {
      const copied = await copyDatabase(source, target, progress())
      if (json) return print(JSON.stringify(Object.fromEntries(copied)))
      for (const [table, { rows, digest }] of copied) print(`${table}\t${rows}\t${digest}`)
      say(`${shownLocation(to)} has every row of ${shownLocation(from)}: counted and compared, each of them`)
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

/** @throws UserError where it is not the address of a database */
function checkLocation(option: string, location: string): void {
  try {
    parseDatabaseLocation(location)
  } catch (error) {
    throw error instanceof UserError
      ? new UserError(`${option} is ${shownLocation(location)}: ${error.message}`)
      : error
  }
}

function progress(): OnProgress {
  let said = 0
  return ({ table, step, rows, isDone }) => {
    if (!isDone && rows - said < SAID_EVERY) return
    said = isDone ? 0 : rows
    say(`${table}: ${rows} rows ${step}${isDone ? '' : ' so far'}`)
  }
}
