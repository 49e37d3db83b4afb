/** The thread of `checkpoints.ts`: makes a checkpoint when told to, and says when it has tried. */

import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import type { CheckpointMode } from './checkpoints.ts'

/** How long those who write may be kept waiting for those who read. Milliseconds. */
const BUSY_TIMEOUT_MS = 100

const database = new DatabaseSync(String(workerData), { timeout: BUSY_TIMEOUT_MS })
database.exec('pragma synchronous = NORMAL')

parentPort?.on('message', (mode: CheckpointMode) => {
  try {
    // The most of it while others write, so that they wait for little.
    database.exec('pragma wal_checkpoint(PASSIVE)')
    if (mode === 'RESTART') database.exec('pragma wal_checkpoint(RESTART)')
  } finally {
    parentPort?.postMessage('done')
  }
})
