import { SQLITE, shownLocation } from '../input/database-location.ts'
import { acceptRestored } from '../management/database/accept-restored.ts'
import { systemClock } from '../platform/clock.ts'
import { UserError } from '../platform/user-error.ts'
import { openStore, requireFile } from '../store/open.ts'
import { backUpSqlite } from '../store/sqlite/backup.ts'
import { restoreSqlite } from '../store/sqlite/restore.ts'
import { managementContext, masterKeyOf } from './database.ts'
import { type OutputOptions, show } from './format.ts'
import { print, printable, say, withProgress } from './output.ts'
import { readSettings } from './settings.ts'

interface BackupOptions extends OutputOptions {
  readonly to: string
  readonly config?: string
}

interface RestoreOptions extends OutputOptions {
  readonly from: string
  readonly replace?: boolean
  readonly reason?: string
  readonly config?: string
}

/** `tessera backup`: copies the database as it is at one moment. Servers may run. */
export async function backup({ to, config, ...output }: BackupOptions): Promise<void> {
  const { location } = readSettings(config)
  const path = pathOf(location, (url) => `pg_dump --format=custom --file=${to} '${url}'`)
  requireFile(location)
  const { bytes, clients, masterKeyIds, migrations } = await withProgress((state) => {
    state(`copying ${path}, and checking the copy`)
    return backUpSqlite(path, to)
  })
  const schema = migrations.at(-1)
  const ids = masterKeyIds.length === 0 ? '' : ` (${masterKeyIds.map(printable).join(', ')})`
  show(output, {
    data: { file: to, bytes, clients, schema, master_key_ids: masterKeyIds },
    forPeople: () => {
      print(`${to}: ${bytes} bytes, ${clients} clients, schema ${schema}; checked and intact`)
      say(
        `The backup does not hold the master key${ids}. Keep that elsewhere: without it, the keys in the backup can't be read.`,
      )
    },
  })
}

/** `tessera restore`: replaces the configured database with a backup, if servers could start on it. */
export async function restore({ from, replace = false, reason, config, ...output }: RestoreOptions): Promise<void> {
  const { options, location } = readSettings(config)
  const to = pathOf(location, (url) => `pg_restore --clean --if-exists --single-transaction --dbname='${url}' ${from}`)
  const masterKey = masterKeyOf(options)
  let unusable = 0
  const inspect = async (path: string): Promise<void> => {
    const store = await openStore(SQLITE + path, systemClock)
    try {
      unusable = await acceptRestored({ ...managementContext({ options, store }, { reason }), masterKey }, from)
    } finally {
      await store.close()
    }
  }
  const { clients, before } = await withProgress((state) => {
    state(`checking ${from}, and copying it`)
    return restoreSqlite({ from, to, replace, clock: systemClock, inspect })
  })
  show(output, {
    data: { database: to, clients, before: before ?? null },
    forPeople: () => {
      print(`${to}: ${clients} clients, restored from ${from}; its keys open under the master key ${masterKey.id}`)
      if (before !== undefined) say(`The previous database is kept as ${before}. Delete it once you don't need it.`)
      if (unusable > 0) say(`${unusable} of its keys and secrets can't be used: see tessera keys repair.`)
      say('Every revocation, rotation and change since the backup is undone. Revoke again as necessary.')
    },
  })
}

/** The path of an SQLite database. @param instead makes the command for PostgreSQL @throws UserError with it for PostgreSQL */
function pathOf(location: string, instead: (url: string) => string): string {
  if (location.startsWith(SQLITE)) return location.slice(SQLITE.length)
  throw new UserError(
    `storage is PostgreSQL, which has its own tools for this: ${instead(shownLocation(location).replace(':***@', '@'))} (the password goes in PGPASSWORD)`,
  )
}
