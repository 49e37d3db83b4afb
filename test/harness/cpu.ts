import { hash } from 'node:crypto'
import { expect } from 'vitest'

/** Milliseconds of CPU within which everything that a stranger can send is read. */
const MOST_CPU = 10

/** On a busy machine some attempts take longer than the work does: one that does not is enough. */
const ATTEMPTS = 8

const cell = new Int32Array(new SharedArrayBuffer(4))

/** Milliseconds of CPU that this thread has had. Linux brings the count up to date when a thread goes to sleep. */
function threadCpu(): number {
  Atomics.wait(cell, 0, 0, 1)
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

const text = JSON.stringify(Array.from({ length: 500 }, (_, index) => ({ kid: `k${index}`, n: 'a'.repeat(100) })))
const bytes = Buffer.alloc(256 * 1024)

/**
 * How many times as long everything takes at the moment as on a small idle server, where this takes a millisecond; at least 1.
 * A processor that many share does less in each millisecond.
 */
function slowness(): number {
  const before = threadCpu()
  for (let count = 0; count < 4; count += 1) JSON.stringify(JSON.parse(text))
  hash('sha256', bytes)
  return Math.max(1, threadCpu() - before)
}

/**
 * Milliseconds of CPU that some work takes this thread at the least, on a small idle server.
 * @param enough below which there is no need for another attempt
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

/** Requires that some work takes this thread under 10 ms of CPU, beside what it takes anyway. */
export async function expectCheap(work: () => unknown, anyway = 0): Promise<void> {
  const taken = (await cpuOf(work, { enough: anyway + MOST_CPU / 2 })) - anyway
  expect(taken, 'milliseconds of CPU').toBeLessThan(MOST_CPU)
}
