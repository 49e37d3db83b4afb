import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { Exporter } from '../../../src/audit/export/exporter.ts'
import type { Sink } from '../../../src/audit/export/sink.ts'
import type { Positions } from '../../../src/audit/export/store.ts'
import { AddressRules } from '../../../src/client-auth/remote-jwks/addresses.ts'
import { Outbound } from '../../../src/outbound/outbound.ts'
import { DAY_MS, systemClock } from '../../../src/platform/clock.ts'
import { systemRandom } from '../../../src/platform/random.ts'
import { openDatabase } from '../../../src/store/open.ts'
import type { Database } from '../../../src/store/sql/dialect.ts'
import { fromAuditEvent } from '../../../src/store/tables/event-rows.ts'
import { createStore, type Store } from '../../../src/store/tables/sql-store.ts'
import { emptyDatabase } from '../../harness/empty-database.ts'
import { event } from '../../store/contract.ts'

/** Connections to this machine are allowed. */
export const outbound = new Outbound({ addresses: new AddressRules(['127.0.0.0/8', '::1']) })

/** A log whose writers have chains of their own. */
export interface Log {
  readonly db: Database
  readonly store: Store
  /** The request ids of all events, by chain. */
  readonly written: Map<number, string[]>
  /** Adds events to a chain. */
  write(chain: number, count: number): Promise<void>
  close(): Promise<void>
}

export async function openLog(location?: string): Promise<Log> {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-export-'))
  const db = await openDatabase(location ?? emptyDatabase(join(folder, 'tessera.db')), systemClock)
  const written = new Map<number, string[]>()
  return {
    db,
    store: createStore(db, systemClock),
    written,
    write: async (chain, count) => {
      const before = written.get(chain) ?? []
      const rows = Array.from({ length: count }, (_, index) => rowOf(chain, before.length + index + 1))
      await db.logs.insertInto('audit_event').values(rows).execute()
      written.set(chain, [...before, ...rows.map(({ request_id: id }) => id)])
    },
    close: async () => {
      await db.close()
      rmSync(folder, { recursive: true })
    },
  }
}

export const rowOf = (chain: number, place: number) => ({
  ...fromAuditEvent({ ...event(`c${chain}-${place}`, Date.now()), detail: { text: 'é"\n', place } }),
  chain,
  place,
  hash: `hash ${place}`,
})

interface ExporterSetting {
  readonly failures: unknown[]
  readonly losses: string[]
  readonly exporter: Exporter
}

/** An exporter that waits for a short time only. */
export function startExporter(log: Log, sink: Sink, retention = 90 * DAY_MS): ExporterSetting {
  const failures: unknown[] = []
  const losses: string[] = []
  const exporter = new Exporter({
    name: 'sink',
    sink,
    store: log.store.exports,
    clock: systemClock,
    random: systemRandom,
    retention,
    onFailure: (error) => failures.push(error),
    onLoss: (message) => losses.push(message),
    times: { deadAfter: 1_500, delivery: 700, shortestPause: 20 },
  })
  exporter.start()
  return { failures, losses, exporter }
}

/** Every event of the log has arrived, and those of each chain first arrived in their order. */
export function expectAll(log: Log, arrived: readonly string[]): void {
  const first = [...new Set(arrived)]
  for (const [chain, ids] of log.written)
    expect(
      first.filter((id) => id.startsWith(`c${chain}-`)),
      `chain ${chain}`,
    ).toEqual(ids)
}

/** Whether every event of the log has arrived. */
export const haveArrived = (log: Log, arrived: readonly string[]): boolean => {
  const there = new Set(arrived)
  return [...log.written.values()].flat().every((id) => there.has(id))
}

/** Exports as one process does until nothing is left. @returns the request ids */
export async function exportAll(
  store: Store,
  from: Positions,
): Promise<{ ids: readonly string[]; positions: Positions }> {
  const ids: string[] = []
  let positions = from
  for (;;) {
    const batch = await store.exports.nextEvents(positions, { events: 3, bytes: 1_000_000 })
    ids.push(...batch.events.map(({ event: { requestId } }) => requestId))
    positions = batch.positions
    if (batch.isLast) return { ids, positions }
  }
}
