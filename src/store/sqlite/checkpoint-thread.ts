/** The thread of `checkpoints.ts`: runs each requested checkpoint, and reports when it has tried. */

import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import type { Task } from './checkpoints.ts'
import { excessOf } from './free-pages.ts'

/** The time for which a checkpoint may make writers wait for readers. Milliseconds. */
const BUSY_TIMEOUT_MS = 100
/** The pages in one step, 1 MB. Other writers wait for about a millisecond. */
const PAGES_IN_STEP = 256
/** The most steps in a row. Moved pages go to the log first, which must not become long. */
const STEPS = 16
/** The pause between two steps. Other writers retry every 5 ms, so they get a turn. */
const PAUSE_MS = 10

const database = new DatabaseSync(String(workerData), { timeout: BUSY_TIMEOUT_MS })
database.exec('pragma synchronous = NORMAL')

const numberOf = (pragma: string): number => Number(Object.values(database.prepare(`pragma ${pragma}`).get() ?? {})[0])
const excess = (): number => excessOf({ all: numberOf('page_count'), free: numberOf('freelist_count') })
const pause = new Int32Array(new SharedArrayBuffer(4))

/** Gives some free pages back to the disk (https://sqlite.org/pragma.html#pragma_incremental_vacuum). */
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
    // Most of the checkpoint runs while others write, so that they wait only briefly. The file also becomes shorter here.
    database.exec('pragma wal_checkpoint(PASSIVE)')
    if (mode === 'RESTART') database.exec('pragma wal_checkpoint(RESTART)')
  } finally {
    parentPort?.postMessage('done')
  }
})
