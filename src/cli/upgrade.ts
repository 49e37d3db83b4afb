import { resolveStorageAccess } from '../config/resolve.ts'
import { shownLocation } from '../input/database-location.ts'
import { systemClock } from '../platform/clock.ts'
import { version } from '../platform/version.ts'
import { checkUpgrade, type DueMigration, type Estimate, type Upgrade } from '../store/upgrade.ts'
import { inWordsOf } from './database.ts'
import { type OutputOptions, show } from './format.ts'
import { print, printable, say } from './output.ts'
import { DIFFERENT } from './plan-text.ts'
import { readSettings } from './settings.ts'
import { type Column, printTable } from './table.ts'

interface UpgradeOptions extends OutputOptions {
  readonly check: true
  readonly config?: string
}

/** `tessera upgrade --check`: says what a start of this version would do to the database. It writes nothing. */
export async function upgrade({ config, ...output }: UpgradeOptions): Promise<void> {
  const { options, location } = readSettings(config)
  const access = resolveStorageAccess(options)
  const found = await inWordsOf(location, () => checkUpgrade(location, access, systemClock))
  const { exists, due, room, servers } = found
  const problems = [...found.problems, ...roomProblem(location, found)]
  const changes = !exists || due.length > 0
  show(output, {
    data: {
      version,
      exists,
      due: due.map(({ name, does, rows, seconds, olderServers }) => ({
        migration: name,
        does,
        rows: Object.fromEntries(rows),
        seconds,
        ...besideOf(olderServers),
      })),
      seconds: totalOf(due),
      side_by_side: sideBySide(due),
      older_servers_can_start: found.canOlderStart,
      backup_advised: exists && changes,
      room_bytes: room.needed,
      free_bytes: room.free ?? null,
      servers:
        servers?.map(({ host, version: theirs, lastSeenAt }) => ({
          host,
          version: theirs,
          last_seen: new Date(lastSeenAt).toISOString(),
        })) ?? null,
      problems,
    },
    forPeople: () => {
      if (exists || problems.length === 0) printUpgrade(location, found)
      for (const problem of problems) say(`problem: ${printable(problem)}`)
    },
  })
  if (problems.length > 0) process.exitCode = 1
  else if (changes) process.exitCode = DIFFERENT
}

const totalOf = (due: readonly DueMigration[]): Estimate => ({
  from: due.reduce((sum, { seconds }) => sum + seconds.from, 0),
  to: due.reduce((sum, { seconds }) => sum + seconds.to, 0),
})

/** How a migration leaves servers that do not know it. */
function besideOf(olderServers: DueMigration['olderServers']) {
  if (olderServers === 'work') return { side_by_side: 'yes' as const }
  return 'miss' in olderServers
    ? { side_by_side: 'limited' as const, because: olderServers.miss }
    : { side_by_side: 'no' as const, because: olderServers.fail }
}

function sideBySide(due: readonly DueMigration[]): 'yes' | 'limited' | 'no' {
  const all = due.map(({ olderServers }) => besideOf(olderServers).side_by_side)
  return (['no', 'limited'] as const).find((one) => all.includes(one)) ?? 'yes'
}

function roomProblem(location: string, { room: { needed, free } }: Upgrade): readonly string[] {
  if (free === undefined || needed <= free) return []
  return [
    `storage: the migrations may need ${megabytes(needed)} beside ${shownLocation(location)}, and ${megabytes(free)} are free`,
  ]
}

function printUpgrade(location: string, { exists, due, canOlderStart, room, servers, problems }: Upgrade): void {
  const which = printable(shownLocation(location))
  if (!exists) print(`There is no database ${which} yet: a start of version ${version} creates it.`)
  else if (due.length > 0) printDue(which, due, canOlderStart, room.needed)
  else if (problems.length === 0) print(`${which} is up to date for version ${version}: no migration is due.`)
  if (servers === undefined) {
    if (exists && problems.length === 0) print('Servers:       the database keeps no list of them yet')
    return
  }
  const named = servers.map((server) => `${server.host} (${server.version})`).join(', ')
  print(printable(`Servers:       ${named === '' ? 'none seen within the last half minute' : named}`))
}

const columns: readonly Column<DueMigration>[] = [
  { heading: 'MIGRATION', of: ({ name }) => name, isWhole: true },
  { heading: 'TIME', of: ({ seconds }) => duration(seconds), isWhole: true },
  { heading: 'DOES', of: ({ does }) => does },
]

function printDue(which: string, due: readonly DueMigration[], canOlderStart: boolean, needed: number): void {
  print(`A start of version ${version} runs ${due.length} of its migrations on ${which}:`)
  printTable(due, columns)
  const rows = new Map(due.flatMap((one) => [...one.rows]))
  const basis = [...rows].map(([table, count]) => `${count} rows of ${table}`).join(', ')
  print(`Time:          ${duration(totalOf(due))}${basis === '' ? '' : `, estimated from ${basis}`}`)
  print(`Side by side:  ${BESIDE[sideBySide(due)]}`)
  for (const { name, olderServers } of due) {
    const { because } = { because: undefined, ...besideOf(olderServers) }
    if (because !== undefined) print(`               after ${name}, ${because}`)
  }
  print(`Way back:      ${canOlderStart ? 'servers of the version before can start again' : 'a backup only'}`)
  print('Backup:        advised, before you start this version')
  if (needed > 0) print(`Room:          up to ${megabytes(needed)}`)
}

const BESIDE = {
  yes: 'servers of the version before go on working until you replace them',
  limited: 'servers of the version before go on working, but miss something',
  no: 'stop all servers of the version before first',
} as const

/** A time that is too short to notice is no estimate. */
function duration({ from, to }: Estimate): string {
  if (to < 1) return 'under a second'
  const rounded = (seconds: number) => (seconds < 10 ? Math.round(seconds * 10) / 10 : Math.round(seconds))
  return `${rounded(from)} to ${rounded(to)} s`
}

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`
