import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Linux keeps the files of this folder in memory. */
const IN_MEMORY = '/dev/shm'
/** Bytes. The files of a run take a tenth of this at most. */
const ROOM = 2 * 1024 ** 3

/**
 * Makes the folder of a run's temporary files, in memory, so that no test waits for a disk. It goes with this process.
 * @returns its path; undefined if memory has no room for it, or runs no programs
 */
export function makeTemporaryFolder(): string | undefined {
  try {
    const { bavail, bsize } = statfsSync(IN_MEMORY)
    if (bavail * bsize < ROOM) return undefined
    const folder = mkdtempSync(join(IN_MEMORY, 'tessera-tests-'))
    process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
    // PostgreSQL runs as another user, and must pass through.
    chmodSync(folder, 0o711)
    const program = join(folder, 'program')
    writeFileSync(program, '#!/bin/sh\n', { mode: 0o700 })
    return spawnSync(program).status === 0 ? folder : undefined
  } catch {
    return undefined
  }
}
