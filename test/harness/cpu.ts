import { hash } from 'node:crypto'
import { expect } from 'vitest'

/** The limit for reading anything that a stranger can send, in milliseconds of CPU. */
const MOST_CPU = 10

/** A busy machine slows some attempts down, so that one fast attempt is enough. */
const ATTEMPTS = 8

const cell = new Int32Array(new SharedArrayBuffer(4))

/** Milliseconds of CPU that this thread has used. Linux updates the count only when a thread goes to sleep. */
function threadCpu(): number {
  Atomics.wait(cell, 0, 0, 1)
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

const text = JSON.stringify(Array.from({ length: 500 }, (_, index) => ({ kid: `k${index}`, n: 'a'.repeat(100) })))
const bytes = Buffer.alloc(256 * 1024)

/**
 * The slowness of this machine at present, as a factor of at least 1. A fixed piece of work takes 1 ms on an idle
 * server; a shared processor takes longer.
 */
function slowness(): number {
  const before = threadCpu()
  for (let count = 0; count < 4; count += 1) JSON.stringify(JSON.parse(text))
  hash('sha256', bytes)
  return Math.max(1, threadCpu() - before)
}

/**
 * Least CPU time that some work takes this thread, in milliseconds of an idle server. @param enough stops the attempts
 * once one takes no longer than this
 */
export async function cpuOf(work: () => unknown, { enough = 0, attempts = ATTEMPTS } = {}): Promise<number> {
  let best = Number.POSITIVE_INFINITY
  for (let attempt = 0; attempt < attempts && best >= enough; attempt += 1) {
    const slow = slowness()
    const before = threadCpu()
    await work()
    const taken = threadCpu() - before
    best = Math.min(best, taken / Math.max(slow, slowness()))
  }
  return best
}

/** Requires that some work takes this thread less than 10 ms of CPU beyond `anyway`. */
export async function expectCheap(work: () => unknown, anyway = 0): Promise<void> {
  const taken = (await cpuOf(work, { enough: anyway + MOST_CPU / 2 })) - anyway
  expect(taken, 'milliseconds of CPU').toBeLessThan(MOST_CPU)
}
