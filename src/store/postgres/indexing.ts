import type { Kysely } from 'kysely'
import { Poller } from '../../platform/poller.ts'
import type { Schema } from '../sql/schema.ts'
import { EventIndex } from '../tables/event-index.ts'
import type { SettledEvents } from './settled-events.ts'

const LOOK_EVERY_MS = 2_000
/** Looks between two removals of empty segments. */
const LOOKS_PER_REMOVAL = 30

/** Indexes events in the background. The work is the database's. @returns a function that ends it */
export function startIndexing(db: Kysely<Schema>, settled: SettledEvents): () => Promise<void> {
  const index = new EventIndex({ scans: db, logs: db }, async () => settled.last)
  settled.lookRegularly()
  let looks = 0
  const work = async (): Promise<void> => {
    await settled.look()
    while (!isStopped && (await index.indexNext()));
    if (looks % LOOKS_PER_REMOVAL === 0) await index.removeEmpty()
    looks += 1
  }
  let isStopped = false
  // Every other user of the database meets its failures, too. The next look tries again.
  const poller = new Poller(LOOK_EVERY_MS, work, () => {})
  poller.start()
  return async () => {
    isStopped = true
    await poller.stop()
  }
}
