import { loadOptions } from '../config/load.ts'
import { resolveStorageAccess } from '../config/resolve.ts'
import { parseDatabaseLocation, SQLITE, shownLocation } from '../input/database-location.ts'
import { systemClock } from '../platform/clock.ts'
import { UsageError, UserError } from '../platform/user-error.ts'
import { migrateDatabase, openDatabase, openExistingDatabase, requireFile } from '../store/open.ts'
import { compactSqlite } from '../store/sqlite/compact.ts'
import { copyDatabase } from '../store/tables/copy.ts'
import { inWordsOf } from './database.ts'
import { type OutputOptions, show } from './format.ts'
import { print, printable, say, withProgress } from './output.ts'
import { configFile, readSettings } from './settings.ts'
import { type Column, printTable } from './table.ts'

interface StorageOptions extends OutputOptions {
  readonly config?: string
}

/** `tessera storage migrate`: runs the missing migrations, and does nothing else. */
export async function storageMigrate({ config, ...output }: StorageOptions): Promise<void> {
  const { options, location } = readSettings(config)
  const ran = await inWordsOf(location, () => migrateDatabase(location, systemClock, resolveStorageAccess(options)))
  if (ran.length > 0 && !location.startsWith(SQLITE))
    say('A role that only serves needs rights on new tables: docs/operating/storage.md, "Roles".')
  const text = ran.length === 0 ? 'the database is up to date' : ran.map((name) => `ran ${name}`).join('\n')
  show(output, { data: { ran }, forPeople: () => print(text) })
}

/** `tessera storage copy`: copies one database into another, and compares each row. */
export async function storageCopy({
  from,
  to,
  config,
  ...output
}: StorageOptions & { readonly from: string; readonly to: string }): Promise<void> {
  checkLocation('--from', from)
  checkLocation('--to', to)
  if (from === to) throw new UsageError('--from and --to are the same database')
  const access = resolveStorageAccess(loadOptions({ file: configFile(config, process.env), env: process.env }))
  const source = await inWordsOf(from, () => openExistingDatabase(from, access))
  try {
    const target = await inWordsOf(to, () => openDatabase(to, systemClock, access))
    try {
      const copied = await withProgress((state) =>
        copyDatabase(source, target, ({ table, step, rows }) => state(`${table}: ${rows} rows ${step}`)),
      )
      show(output, {
        data: Object.fromEntries(copied),
        forPeople: () => {
          printTable([...copied], copiedColumns)
          say(`${shownLocation(to)} has every row of ${shownLocation(from)}: all rows were counted and compared`)
        },
      })
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

const copiedColumns: readonly Column<readonly [string, { readonly rows: number; readonly digest: string }]>[] = [
  { heading: 'TABLE', of: ([table]) => table },
  { heading: 'ROWS', of: ([, { rows }]) => rows },
  { heading: 'DIGEST', of: ([, { digest }]) => digest },
]

/** `tessera storage compact`: rewrites an SQLite database without its unused space. */
export async function storageCompact({ config, ...output }: StorageOptions): Promise<void> {
  const { location } = readSettings(config)
  if (!location.startsWith(SQLITE))
    throw new UserError('storage is PostgreSQL, which reclaims its unused space by itself (autovacuum)')
  requireFile(location)
  const path = location.slice(SQLITE.length)
  const { before, after } = compactSqlite(path)
  show(output, {
    data: { bytes_before: before, bytes: after },
    forPeople: () => print(`${printable(path)}: ${after} bytes, ${before} before`),
  })
}

/** @throws UserError if the location is not the address of a database */
function checkLocation(option: string, location: string): void {
  try {
    parseDatabaseLocation(location)
  } catch (error) {
    throw error instanceof UserError
      ? new UsageError(`${option} is ${shownLocation(location)}: ${error.message}`)
      : error
  }
}
