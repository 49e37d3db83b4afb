import { setTimeout as sleep } from 'node:timers/promises'
import { openSink, STANDARD_OUTPUT } from '../audit/export/sinks.ts'
import { BEGINNING, type Positions, positionsSchema } from '../audit/export/store.ts'
import { AddressRules } from '../client-auth/remote-jwks/addresses.ts'
import { Outbound } from '../outbound/outbound.ts'
import { systemClock } from '../platform/clock.ts'
import { decodeText, isAbsent, LONGEST_FILE, readFile } from '../platform/files.ts'
import { replacePrivateFile } from '../platform/private-files.ts'
import { fileFault, isSystemError } from '../platform/system-error.ts'
import { UserError } from '../platform/user-error.ts'
import { version } from '../platform/version.ts'
import { withDatabase } from './database.ts'
import { parsePast } from './duration.ts'
import { isOutputGone, say } from './output.ts'

interface AuditExportOptions {
  readonly to: string
  readonly since?: string
  readonly until?: string
  readonly state?: string
  readonly config?: string
}

const BATCH = { events: 500, bytes: 4 * 1024 * 1024 } as const
/** The pause before events are looked for again that were about to be written. Milliseconds. */
const SETTLING_MS = 1_100

/** `tessera audit export`: appends the events of all tenants to a file, as JSON lines, the oldest first. */
export async function auditExport({ to, since, until, state, config }: AuditExportOptions): Promise<void> {
  const now = systemClock.now()
  const from = since === undefined ? Number.NEGATIVE_INFINITY : parsePast(since, '--since', now)
  const before = until === undefined ? Number.POSITIVE_INFINITY : parsePast(until, '--until', now)
  let positions = state === undefined ? BEGINNING : readState(state)
  // A file needs no connection, so none is allowed.
  const means = { transport: new Outbound({ addresses: new AddressRules() }), clock: systemClock, version }
  const sink = openSink({ name: 'command', kind: 'file', path: to }, means)
  let count = 0
  try {
    await withDatabase(config, async ({ store }) => {
      const { newer } = await store.audit.queryEvents({ limit: 1 })
      while (!isOutputGone()) {
        const batch = await store.exports.nextEvents(positions, BATCH)
        const events = batch.events.filter(({ event: { at } }) => at >= from && at < before)
        if (events.length > 0) await writing(to, () => sink.deliver(events, new AbortController().signal))
        count += events.length
        positions = batch.positions
        if (state !== undefined) writeState(state, positions)
        if (!batch.isLast) continue
        if (positions.seq >= newer.after) break
        await sleep(SETTLING_MS)
      }
    })
  } finally {
    await sink.close()
  }
  if (to !== STANDARD_OUTPUT) say(`${count} events written to ${to}`)
}

/** @throws UserError if the file can't be written */
async function writing(path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    throw isSystemError(error)
      ? new UserError(`${path} can't be written: ${fileFault(error)}`, { cause: error })
      : error
  }
}

/** Reads how far an earlier run has got. A file that is not there stands for the beginning. @throws UserError */
function readState(path: string): Positions {
  if (isAbsent(path)) return BEGINNING
  const { bytes, fault } = readFile(path, LONGEST_FILE)
  if (bytes === undefined) throw new UserError(`${path} can't be read: ${fault}`)
  const parsed = positionsSchema.safeParse(parse(decodeText(bytes) ?? ''))
  if (parsed.success) return parsed.data
  throw new UserError(`${path} is not a file that tessera audit export --state has written`)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function writeState(path: string, positions: Positions): void {
  try {
    replacePrivateFile(path, `${JSON.stringify(positions)}\n`)
  } catch (error) {
    throw isSystemError(error)
      ? new UserError(`${path} can't be written: ${fileFault(error)}`, { cause: error })
      : error
  }
}
