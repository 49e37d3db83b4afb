import { existsSync } from 'node:fs'
import { loadOptions } from '../config/load.ts'
import { withoutPassword } from '../config/problem.ts'
import { resolveStorageAccess } from '../config/resolve.ts'
import { developmentStorage } from '../dev/options.ts'
import { systemClock } from '../platform/clock.ts'
import { UserError } from '../platform/user-error.ts'
import { copyDatabase, type OnProgress } from '../store/copy.ts'
import { migrateDatabase, openDatabase } from '../store/open.ts'
import { compactSqlite } from '../store/sqlite/compact.ts'
import { print, say } from './output.ts'

interface StorageOptions {
  readonly json?: true
  readonly config?: string
}

const SQLITE = 'sqlite:'
/** Of large tables, progress is said once in so many rows. */
const SAID_EVERY = 100_000

/** `tessera storage migrate`: brings the database to what this program expects, and does nothing else. */
export async function storageMigrate({ json, config }: StorageOptions): Promise<void> {
  const options = loadOptions({ file: config, env: process.env })
  const location = options.storage ?? developmentStorage(options.data)
  const ran = await migrateDatabase(location, systemClock, resolveStorageAccess(options))
  if (ran.length > 0 && !location.startsWith('sqlite:'))
    say('A role that only serves needs rights on new tables: docs/storage.md, "Roles".')
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
  if (from === to) throw new UserError('--from and --to are the same database')
  if (from.startsWith(SQLITE) && !existsSync(from.slice(SQLITE.length)))
    throw new UserError(`--from: there is no database ${from}`)
  const access = resolveStorageAccess(loadOptions({ file: config, env: process.env }))
  const source = await openDatabase(from, systemClock, access)
  try {
    const target = await openDatabase(to, systemClock, access)
    try {
      const copied = await copyDatabase(source, target, progress())
      if (json) return print(JSON.stringify(Object.fromEntries(copied)))
      for (const [table, { rows, digest }] of copied) print(`${table}\t${rows}\t${digest}`)
      say(`${withoutPassword(to)} has every row of ${withoutPassword(from)}: counted and compared, each of them`)
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

/** `tessera storage compact`: an SQLite database without the room that it does not use. */
export async function storageCompact({ json, config }: StorageOptions): Promise<void> {
  const options = loadOptions({ file: config, env: process.env })
  const location = options.storage ?? developmentStorage(options.data)
  if (!location.startsWith(SQLITE))
    throw new UserError('storage is PostgreSQL, which uses its room again by itself (autovacuum)')
  const { before, after } = compactSqlite(location.slice(SQLITE.length))
  if (json) print(JSON.stringify({ bytes_before: before, bytes: after }))
  else print(`${location.slice(SQLITE.length)}: ${after} bytes, ${before} before`)
}

function progress(): OnProgress {
  let said = 0
  return ({ table, step, rows, isDone }) => {
    if (!isDone && rows - said < SAID_EVERY) return
    said = isDone ? 0 : rows
    say(`${table}: ${rows} rows ${step}${isDone ? '' : ' so far'}`)
  }
}
