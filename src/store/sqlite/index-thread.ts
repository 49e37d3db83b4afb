/** The thread of `indexing.ts`: indexes events when it is told to, and reports when there are no more. */

import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { Kysely } from 'kysely'
import type { Schema } from '../sql/schema.ts'
import { EventIndex } from '../tables/event-index.ts'
import { lastEvent } from '../tables/last-event.ts'
import { NodeSqliteDialect } from './dialect.ts'

/** The pause between two segments, so that an existing log does not take a core for long. Milliseconds. */
const PAUSE_MS = 20

const db = new Kysely<Schema>({ dialect: new NodeSqliteDialect(String(workerData), 'NORMAL') })
// SQLite numbers events in the order of commits, so no event is added before the last one.
const index = new EventIndex({ scans: db, logs: db }, () => lastEvent(db))

async function work(): Promise<void> {
  while (await index.indexNext()) await sleep(PAUSE_MS)
  await index.removeEmpty()
}

parentPort?.on('message', () => {
  work()
    // Every other user of the database meets its failures, too. The next message tries again.
    .catch(() => {})
    .finally(() => parentPort?.postMessage('done'))
})
