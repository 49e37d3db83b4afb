/** The thread of `checkpoints.ts`: does what it is told to, and says when it has tried. */

import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import type { Task } from './checkpoints.ts'
import { excessOf } from './free-pages.ts'

/** How long those who write may be kept waiting for those who read. Milliseconds. */
const BUSY_TIMEOUT_MS = 100
/** 1 MB: others wait to write for about a millisecond. */
const PAGES_IN_STEP = 256
/** Pages that are moved go to the log first, which must not grow long by that. */
const STEPS = 16
/** Between two steps others write: they try every 5 ms. */
const PAUSE_MS = 10

const database = new DatabaseSync(String(workerData), { timeout: BUSY_TIMEOUT_MS })
database.exec('pragma synchronous = NORMAL')

const numberOf = (pragma: string): number => Number(Object.values(database.prepare(`pragma ${pragma}`).get() ?? {})[0])
const excess = (): number => excessOf({ all: numberOf('page_count'), free: numberOf('freelist_count') })
const pause = new Int32Array(new SharedArrayBuffer(4))

/** Gives back some of the pages that are free (https://sqlite.org/pragma.html#pragma_incremental_vacuum). */
function release(): void {
  for (let step = 0; step < STEPS; step += 1) {
    const pages = Math.min(excess(), PAGES_IN_STEP)
    if (pages <= 0) return
    database.exec(`pragma incremental_vacuum(${pages})`)
    Atomics.wait(pause, 0, 0, PAUSE_MS)
  }
}

parentPort?.on('message', ({ mode, releases }: Task) => {
  try {
    if (releases) release()
    // Most of it is done while others write, so that they wait for little. The file becomes shorter here, too.
    database.exec('pragma wal_checkpoint(PASSIVE)')
    if (mode === 'RESTART') database.exec('pragma wal_checkpoint(RESTART)')
  } finally {
    parentPort?.postMessage('done')
  }
})
